// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.Signature;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file as ai-memory 0.7 writes it, made from plain SQL, the JDK's SHA-256 and the JDK's Ed25519:
 * nothing of what reads it.
 */
final class AiMemory {
  private final Path file;

  /** The leaves of a Merkle tree over the rows. */
  private final List<byte[]> leaves = new ArrayList<>();

  private byte[] last = new byte[32];

  private AiMemory(Path file) {
    this.file = file;
  }

  /** An empty table, in the write-ahead mode that the original sets. */
  static AiMemory create(Path file) throws Exception {
    AiMemory made = new AiMemory(file);
    made.sql("PRAGMA journal_mode = WAL");
    made.sql("CREATE TABLE memories (id TEXT PRIMARY KEY, content TEXT NOT NULL)");
    made.sql(
        "CREATE TABLE signed_events (id TEXT PRIMARY KEY, agent_id TEXT NOT NULL, event_type TEXT"
            + " NOT NULL, payload_hash BLOB NOT NULL, signature BLOB, attest_level TEXT NOT NULL"
            + " DEFAULT 'unsigned', timestamp TEXT NOT NULL, prev_hash BLOB, sequence INTEGER)");
    made.sql("CREATE INDEX idx_signed_events_agent ON signed_events(agent_id)");
    made.sql("CREATE UNIQUE INDEX idx_signed_events_sequence ON signed_events(sequence)");
    made.sql(
        "CREATE TABLE signed_events_dlq (dlq_id INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT"
            + " NULL, failure_reason TEXT NOT NULL)");
    return made;
  }

  /** A file of so many rows that nobody signed, as 0.7.0 wrote most of them. */
  static AiMemory create(Path file, int rows) throws Exception {
    AiMemory made = create(file);
    for (int i = 1; i <= rows; i++) {
      made.append("agent:" + i % 3, i % 2 == 0 ? "governance.check" : "governance.refusal");
    }
    return made;
  }

  Path file() {
    return file;
  }

  AiMemory append(String agent, String type) throws Exception {
    return append(agent, type, null, "unsigned");
  }

  /** A row that the daemon signed: Ed25519 over the hash of the payload. */
  AiMemory appendSigned(KeyPair key) throws Exception {
    return append("ai:daemon", "governance.check", key, "daemon_signed");
  }

  AiMemory append(String agent, String type, @Nullable KeyPair key, String level) throws Exception {
    int sequence = leaves.size() + 1;
    byte[] payloadHash = sha256(utf8("payload " + sequence));
    byte @Nullable [] signature = key == null ? null : sign(key, payloadHash);
    return append(agent, type, payloadHash, signature, level);
  }

  AiMemory append(
      String agent, String type, byte[] payloadHash, byte @Nullable [] signature, String level)
      throws Exception {
    long sequence = leaves.size() + 1;
    String id = new UUID(0x4000L | sequence << 16, 0x8000000000000000L | sequence).toString();
    String timestamp = "2026-05-16T07:14:%02d.123456789+00:00".formatted(sequence % 60);
    try (Connection connection = connect();
        PreparedStatement insert =
            connection.prepareStatement(
                "INSERT INTO signed_events (id, agent_id, event_type, payload_hash, signature,"
                    + " attest_level, timestamp, prev_hash, sequence) VALUES (?,?,?,?,?,?,?,?,?)")) {
      insert.setString(1, id);
      insert.setString(2, agent);
      insert.setString(3, type);
      insert.setBytes(4, payloadHash);
      insert.setBytes(5, signature);
      insert.setString(6, level);
      insert.setString(7, timestamp);
      insert.setBytes(8, last);
      insert.setLong(9, sequence);
      insert.executeUpdate();
    }
    ByteArrayOutputStream canonical = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(canonical);
    for (byte[] field :
        List.of(
            utf8(id),
            utf8(agent),
            utf8(type),
            payloadHash,
            signature == null ? new byte[0] : signature,
            utf8(level),
            utf8(timestamp))) {
      out.write(field);
      out.write(0x1f);
    }
    out.writeLong(sequence);
    last = sha256(canonical.toByteArray());
    leaves.add(sha256(new byte[] {0}, canonical.toByteArray()));
    return this;
  }

  /** The hash of the last row, in hex. */
  String finalHash() {
    return HexFormat.of().formatHex(last);
  }

  /** The root over the rows, by the recursive words of RFC 6962 section 2.1, in hex. */
  String root() throws Exception {
    return HexFormat.of().formatHex(root(leaves));
  }

  private static byte[] root(List<byte[]> of) throws Exception {
    if (of.size() == 1) {
      return of.get(0);
    }
    int k = Integer.highestOneBit(of.size() - 1);
    return sha256(new byte[] {1}, root(of.subList(0, k)), root(of.subList(k, of.size())));
  }

  /** Changes the file behind the chain's back. */
  void sql(String sql) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Rewrites a row's link so that it fits the row before it again, whatever that is now. */
  void relink(long sequence) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT CAST(id AS BLOB) || x'1f' || CAST(agent_id AS BLOB) || x'1f' ||"
                    + " CAST(event_type AS BLOB) || x'1f', payload_hash, signature,"
                    + " CAST(attest_level AS BLOB), CAST(timestamp AS BLOB) FROM signed_events"
                    + " WHERE sequence = "
                    + (sequence - 1))) {
      row.next();
      ByteArrayOutputStream canonical = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(canonical);
      out.write(row.getBytes(1));
      for (int i = 2; i <= 5; i++) {
        byte[] field = row.getBytes(i);
        out.write(field == null ? new byte[0] : field);
        out.write(0x1f);
      }
      out.writeLong(sequence - 1);
      String hash = HexFormat.of().formatHex(sha256(canonical.toByteArray()));
      statement.execute(
          "UPDATE signed_events SET prev_hash = x'" + hash + "' WHERE sequence = " + sequence);
    }
  }

  Connection connect() throws Exception {
    return DriverManager.getConnection("jdbc:sqlite:" + file);
  }

  /** A public key as the original keeps it: its 32 bytes. */
  static byte[] rawPublicKey(KeyPair key) {
    byte[] x509 = key.getPublic().getEncoded();
    return Arrays.copyOfRange(x509, x509.length - 32, x509.length);
  }

  static byte[] sign(KeyPair key, byte[] message) throws Exception {
    Signature signer = Signature.getInstance("Ed25519");
    signer.initSign(key.getPrivate());
    signer.update(message);
    return signer.sign();
  }

  static byte[] sha256(byte[]... parts) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (byte[] part : parts) {
      digest.update(part);
    }
    return digest.digest();
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
