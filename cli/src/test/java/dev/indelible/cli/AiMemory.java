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
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A file in the format of ai-memory 0.7, made with plain SQL, and the SHA-256 and Ed25519 of the
 * JDK. It shares no code with the reader.
 */
final class AiMemory {
  private final Path file;

  /** The leaves of a Merkle tree over the rows. */
  private final List<byte[]> leaves = new ArrayList<>();

  /** The fields of the last row, in the order in which they are hashed; empty before the first. */
  private List<byte[]> last = List.of();

  /** The version in whose format further rows are linked and signed. */
  private Version version = Version.V0_7;

  /** Versions of ai-memory that hash rows in different ways. */
  enum Version {
    V0_7,
    /** Adds the column {@code cause_hash}, which is hashed after the other fields. */
    V0_9,
    /** Hashes each field after its length, and signs the whole row. */
    V1_0
  }

  private AiMemory(Path file) {
    this.file = file;
  }

  /** Creates a file without rows, in the WAL mode that ai-memory sets. */
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

  /** Creates a file with a number of unsigned rows; most rows of 0.7.0 are unsigned. */
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

  /** Writes further rows as a later version does, without adding that version's column. */
  AiMemory upgraded(Version next) {
    version = next;
    return this;
  }

  AiMemory withCauseColumn() throws Exception {
    sql("ALTER TABLE signed_events ADD COLUMN cause_hash BLOB");
    return this;
  }

  AiMemory append(String agent, String type) throws Exception {
    return append(agent, type, null, "unsigned");
  }

  /** Appends a row that the daemon signed: Ed25519 over the hash of the payload. */
  AiMemory appendSigned(KeyPair key) throws Exception {
    return append("ai:daemon", "governance.check", key, "daemon_signed");
  }

  AiMemory append(String agent, String type, @Nullable KeyPair key, String level) throws Exception {
    int sequence = leaves.size() + 1;
    byte[] payloadHash = sha256(utf8("payload " + sequence));
    byte @Nullable [] signature =
        key == null
            ? null
            : sign(
                key,
                version == Version.V1_0
                    ? signedRow(sequence, agent, type, level, payloadHash)
                    : payloadHash);
    return append(agent, type, payloadHash, signature, level);
  }

  AiMemory append(
      String agent, String type, byte[] payloadHash, byte @Nullable [] signature, String level)
      throws Exception {
    long sequence = leaves.size() + 1;
    String id = id(sequence);
    String timestamp = timestamp(sequence);
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
      insert.setBytes(8, link());
      insert.setLong(9, sequence);
      insert.executeUpdate();
    }
    last =
        List.of(
            utf8(id),
            utf8(agent),
            utf8(type),
            payloadHash,
            signature == null ? new byte[0] : signature,
            utf8(level),
            utf8(timestamp),
            new byte[0]);
    leaves.add(sha256(new byte[] {0}, separated(last, sequence)));
    return this;
  }

  private static String id(long sequence) {
    return new UUID(0x4000L | sequence << 16, 0x8000000000000000L | sequence).toString();
  }

  private static String timestamp(long sequence) {
    return "2026-05-16T07:14:%02d.123456789+00:00".formatted(sequence % 60);
  }

  /** Gives the last row a cause, which the link of the next row covers. */
  AiMemory causedBy(String cause) throws Exception {
    byte[] hash = sha256(utf8(cause));
    last = Stream.concat(last.subList(0, 7).stream(), Stream.of(hash)).toList();
    sql(
        "UPDATE signed_events SET cause_hash = x'%s' WHERE sequence = %d"
            .formatted(HexFormat.of().formatHex(hash), leaves.size()));
    return this;
  }

  /** Returns the link of the next row. */
  private byte[] link() throws Exception {
    if (last.isEmpty()) {
      return new byte[32];
    }
    return sha256(
        version == Version.V1_0 ? prefixed(last, leaves.size()) : separated(last, leaves.size()));
  }

  /** Returns the bytes that 0.9 and earlier hash: each field and a separator, then the cause. */
  private static byte[] separated(List<byte[]> row, long sequence) throws Exception {
    ByteArrayOutputStream canonical = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(canonical);
    for (byte[] field : row.subList(0, 7)) {
      out.write(field);
      out.write(0x1f);
    }
    out.writeLong(sequence);
    if (row.get(7).length > 0) {
      out.write(0x1f);
      out.write(row.get(7));
    }
    return canonical.toByteArray();
  }

  /** Returns the bytes that 1.0 hashes: each field after its length, and a flag for the cause. */
  private static byte[] prefixed(List<byte[]> row, long sequence) throws Exception {
    ByteArrayOutputStream canonical = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(canonical);
    for (byte[] field : row.subList(0, 7)) {
      out.writeLong(field.length);
      out.write(field);
    }
    out.writeLong(sequence);
    out.write(row.get(7).length == 0 ? 0 : 1);
    if (row.get(7).length > 0) {
      out.writeLong(row.get(7).length);
      out.write(row.get(7));
    }
    return canonical.toByteArray();
  }

  /** Returns the message that the daemon of 1.0 signs for a row. */
  private static byte[] signedRow(
      long sequence, String agent, String type, String level, byte[] payloadHash) throws Exception {
    ByteArrayOutputStream canonical = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(canonical);
    out.write(utf8("ai-memory/signed-events/row-v1\0"));
    for (String text : List.of(id(sequence), agent, type, level, timestamp(sequence))) {
      out.writeLong(utf8(text).length);
      out.write(utf8(text));
    }
    out.writeLong(sequence);
    out.writeLong(payloadHash.length);
    out.write(payloadHash);
    out.write(0);
    return sha256(canonical.toByteArray());
  }

  /** Returns the hash of the last row, in hex. */
  String finalHash() throws Exception {
    return HexFormat.of().formatHex(link());
  }

  /** Returns the root over the rows by the recursive definition in RFC 6962 section 2.1, in hex. */
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

  /** Changes the file as an attacker does. */
  void sql(String sql) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Sets a row's link to the hash of the row before it, after that row was changed. */
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

  /** Returns the 32 bytes of a public key, which is the form that ai-memory stores. */
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
