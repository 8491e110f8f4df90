// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.bouncycastle.crypto.params.Ed25519PublicKeyParameters;
import org.bouncycastle.crypto.signers.Ed25519Signer;

/**
 * Checks a chain from its SQL columns as docs/verification.md describes, with a separate canonical
 * writer, hash and signature check. Uses none of the code under test.
 */
final class PlainChain {
  /** One row, column by column. */
  record Row(
      long sequence,
      String id,
      String agentId,
      String eventType,
      byte[] payloadHash,
      byte[] signature,
      String attestLevel,
      String timestamp,
      byte[] prevHash,
      String keyId,
      byte[] payload) {

    /** Returns the bytes that the signature covers. */
    byte[] signedMessage() {
      return ("indelible/row/v1\n" + json(members())).getBytes(StandardCharsets.UTF_8);
    }

    byte[] recordHash() {
      Map<String, Object> members = members();
      members.put("prev_hash", hex(prevHash));
      if (signature != null) {
        members.put("signature", Base64.getEncoder().encodeToString(signature));
      }
      ByteArrayOutputStream leaf = new ByteArrayOutputStream();
      leaf.write(0);
      leaf.writeBytes(json(members).getBytes(StandardCharsets.UTF_8));
      return sha256(leaf.toByteArray());
    }

    boolean isSignedBy(byte[] publicKey) {
      Ed25519Signer verifier = new Ed25519Signer();
      verifier.init(false, new Ed25519PublicKeyParameters(publicKey));
      byte[] message = signedMessage();
      verifier.update(message, 0, message.length);
      return signature != null && signature.length == 64 && verifier.verifySignature(signature);
    }

    private Map<String, Object> members() {
      Map<String, Object> members = new TreeMap<>();
      members.put("agent_id", agentId);
      members.put("attest_level", attestLevel);
      members.put("event_type", eventType);
      members.put("id", id);
      if (keyId != null) {
        members.put("key_id", keyId);
      }
      members.put("payload_hash", hex(payloadHash));
      members.put("sequence", sequence);
      members.put("timestamp", timestamp);
      members.put("v", 1);
      return members;
    }
  }

  private PlainChain() {}

  static List<Row> read(Path file) throws SQLException {
    List<Row> rows = new ArrayList<>();
    try (Connection connection = Sql.connect(file);
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT sequence, id, agent_id, event_type, payload_hash, signature, attest_level,"
                    + " timestamp, prev_hash, key_id, CAST(payload AS BLOB)"
                    + " FROM signed_events ORDER BY sequence")) {
      while (row.next()) {
        rows.add(
            new Row(
                row.getLong(1),
                row.getString(2),
                row.getString(3),
                row.getString(4),
                row.getBytes(5),
                row.getBytes(6),
                row.getString(7),
                row.getString(8),
                row.getBytes(9),
                row.getString(10),
                row.getBytes(11)));
      }
    }
    return rows;
  }

  /** Returns every column of every row, with type and bytes, in the order of the chain. */
  static List<String> fingerprint(Path file) throws SQLException {
    StringBuilder all = new StringBuilder("CAST(sequence AS TEXT)");
    for (String column : COLUMNS) {
      all.append(" || '|' || typeof(").append(column).append(") || ':' || hex(CAST(");
      all.append(column).append(" AS BLOB))");
    }
    return Sql.texts(file, "SELECT " + all + " FROM signed_events NOT INDEXED ORDER BY sequence");
  }

  /** The columns other than the sequence. */
  static final List<String> COLUMNS =
      List.of(
          "id",
          "agent_id",
          "event_type",
          "payload_hash",
          "signature",
          "attest_level",
          "timestamp",
          "prev_hash",
          "key_id",
          "payload");

  /**
   * Checks that every row has the right sequence number and links, is signed, and matches its
   * payload.
   */
  static List<Row> requireValid(Path file, byte[] publicKey) throws SQLException {
    List<Row> rows = read(file);
    byte[] before = new byte[32];
    String keyId = hex(sha256(publicKey)).substring(0, 16);
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      assertThat(row.sequence()).as("sequence of row %d", i + 1).isEqualTo(i + 1);
      assertThat(row.prevHash()).as("prev_hash of row %d", i + 1).isEqualTo(before);
      assertThat(row.payloadHash())
          .as("payload_hash of row %d", i + 1)
          .isEqualTo(sha256(row.payload()));
      assertThat(row.attestLevel()).as("attest_level of row %d", i + 1).isEqualTo("self_signed");
      assertThat(row.keyId()).as("key_id of row %d", i + 1).isEqualTo(keyId);
      assertThat(row.isSignedBy(publicKey)).as("signature of row %d", i + 1).isTrue();
      before = row.recordHash();
    }
    return rows;
  }

  static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  /** Writes a flat object of strings and small integers in the form of RFC 8785. */
  private static String json(Map<String, Object> members) {
    StringBuilder out = new StringBuilder("{");
    members.forEach(
        (name, value) -> {
          out.append(out.length() == 1 ? "" : ",").append('"').append(name).append("\":");
          if (value instanceof String text) {
            quote(text, out);
          } else {
            out.append(value);
          }
        });
    return out.append('}').toString();
  }

  private static void quote(String text, StringBuilder out) {
    out.append('"');
    for (char c : text.toCharArray()) {
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\f' -> out.append("\\f");
        case '\r' -> out.append("\\r");
        default -> out.append(c < 0x20 ? "\\u%04x".formatted((int) c) : String.valueOf(c));
      }
    }
    out.append('"');
  }
}
