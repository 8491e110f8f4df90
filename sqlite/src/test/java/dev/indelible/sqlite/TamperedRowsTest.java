// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.testkit.Sample;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A chain of 20 rows of every kind is changed with plain SQL, and the verifier names each changed
 * row.
 */
@Tag("any-jdk")
class TamperedRowsTest {
  private static final int ROWS = 20;

  /** Row 4 of the chain, whose agent name contains U+FFFD, as garbled text does. */
  private static final int GARBLED = 4;

  private static final Set<String> BLOBS = Set.of("payload_hash", "signature", "prev_hash");

  @TempDir static Path original;
  @TempDir Path directory;
  private TestLog log;

  @BeforeAll
  static void record() throws Exception {
    TestLog.in(original).append(TestLog.mixed(ROWS));
  }

  @BeforeEach
  void open() throws Exception {
    log = freshCopy("indelible.db");
  }

  static List<String> columns() {
    return PlainChain.COLUMNS;
  }

  @Test
  void unchangedChainIsIntact() throws Exception {
    assertThat(log.requireIntact()).hasSize(ROWS);
  }

  @Test
  void emptyChainIsIntact() throws Exception {
    TestLog empty = new TestLog(directory.resolve("empty.db")).create();
    assertThat(empty.requireIntact()).isEmpty();
    assertThat(empty.verify().head().sequence()).isZero();
  }

  /** A flipped bit in each column of each row, on a fresh copy, is reported at that row. */
  @ParameterizedTest
  @MethodSource("columns")
  void flippedBitInAnyRowIsNamed(String column) throws Exception {
    Random random = new Random(column.hashCode());
    for (int row = 1; row <= ROWS; row++) {
      for (int draw = 0; draw < 2; draw++) {
        TestLog copy = freshCopy(row + "-" + draw + ".db");
        try (Connection connection = Sql.connect(copy.file)) {
          byte[] value = bytes(connection, column, row);
          int bit = random.nextInt(value.length * 8);
          write(connection, column, row, flip(value, bit));
          requireNamed(copy.verify(), row, column + " of row " + row + ", bit " + bit);
        }
      }
    }
  }

  /** Flips the bits of every column of one row: a sample, or all with {@code -Pfull}. */
  @ParameterizedTest
  @MethodSource("columns")
  void everyFlippedBitOfARowIsNamed(String column) throws Exception {
    log.cutTailWithItsTree(GARBLED + 1);
    try (Connection connection = Sql.connect(log.file)) {
      Sql.run(connection, "PRAGMA synchronous = OFF");
      byte[] value = bytes(connection, column, GARBLED);
      for (int bit = 0; bit < value.length * 8; bit += Sample.step(7)) {
        write(connection, column, GARBLED, flip(value, bit));
        requireNamed(log.verify(), GARBLED, column + ", bit " + bit);
      }
      write(connection, column, GARBLED, value);
    }
    assertThat(log.requireIntact()).hasSize(GARBLED + 1);
  }

  /** Bytes stored as another type look equal when read, but no query finds them. */
  @ParameterizedTest
  @MethodSource("columns")
  void bytesOfAnotherTypeAreNamed(String column) throws Exception {
    String other = BLOBS.contains(column) ? "TEXT" : "BLOB";
    Sql.run(
        log.file,
        "ALTER TABLE signed_events RENAME TO strict",
        "CREATE TABLE signed_events AS SELECT * FROM strict",
        "UPDATE signed_events SET %s = CAST(%s AS %s) WHERE sequence = 7"
            .formatted(column, column, other),
        "DROP TABLE strict");

    requireNamed(log.verify(), 7, column);
  }

  /** Flips bits whose flip gives an unused sequence number. Together the rows cover every bit. */
  @Test
  void flippedBitInASequenceIsNamed() throws Exception {
    for (int row = 1; row <= ROWS; row++) {
      for (int bit = 0; bit < Long.SIZE; bit++) {
        long moved = row ^ 1L << bit;
        boolean free = moved < 1 || moved > ROWS;
        if (!free || bit % 5 != row % 5) {
          continue;
        }
        try (Connection connection = Sql.connect(log.file)) {
          Sql.run(connection, "PRAGMA synchronous = OFF");
          move(connection, row, moved);
          VerificationReport report = log.verify();
          assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
          if (row < ROWS || moved > ROWS + 1) {
            assertThat(broken(report)).as("row %d moved to %d", row, moved).contains(moved);
          }
          move(connection, moved, row);
        }
      }
    }
    log.requireIntact();
  }

  /** Columns that may be NULL are set to NULL. */
  @ParameterizedTest
  @ValueSource(strings = {"payload", "signature", "key_id"})
  void valueSetToNullIsNamed(String column) throws Exception {
    for (int row = 1; row <= ROWS; row++) {
      TestLog copy = freshCopy("null-" + row + ".db");
      Sql.run(copy.file, "UPDATE signed_events SET " + column + " = NULL WHERE sequence = " + row);
      requireNamed(copy.verify(), row, column + " NULL in row " + row);
    }
  }

  /**
   * Values of another length are detected: with a NUL, an invalid UTF-8 byte or a space appended,
   * truncated, or empty.
   */
  @ParameterizedTest
  @MethodSource("columns")
  void valueOfAnotherLengthIsNamed(String column) throws Exception {
    for (byte[] tail : List.of(new byte[] {0, 'x'}, new byte[] {(byte) 0xff}, new byte[] {' '})) {
      TestLog copy = freshCopy("tail-" + tail[0] + ".db");
      try (Connection connection = Sql.connect(copy.file)) {
        byte[] value = bytes(connection, column, 7);
        byte[] longer = Arrays.copyOf(value, value.length + tail.length);
        System.arraycopy(tail, 0, longer, value.length, tail.length);
        write(connection, column, 7, longer);
        requireNamed(copy.verify(), 7, column + " with a tail of " + tail[0]);
        write(connection, column, 7, new byte[0]);
        requireNamed(copy.verify(), 7, column + " empty");
        write(connection, column, 7, Arrays.copyOf(value, value.length - 1));
        requireNamed(copy.verify(), 7, column + " cut");
      }
    }
  }

  /** A payload with equal meaning that is not in canonical form is rejected. */
  @Test
  void payloadNotInCanonicalFormIsNamed() throws Exception {
    Sql.run(
        log.file,
        "UPDATE signed_events SET payload = replace(payload, '\":\"', '\": \"')"
            + " WHERE sequence = 9");
    requireNamed(log.verify(), 9, "payload with blanks");
  }

  /** Each row except the last is deleted in turn, and the row after it is named. */
  @Test
  void deletedRowIsNamed() throws Exception {
    for (int row = 1; row < ROWS; row++) {
      TestLog copy = freshCopy("deleted-" + row + ".db");
      Sql.run(copy.file, "DELETE FROM signed_events WHERE sequence = " + row);
      VerificationReport report = copy.verify();
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      Finding finding = onlyBroken(report);
      assertThat(finding.check()).isEqualTo("sequence");
      assertThat(finding.sequence()).hasValue(row + 1);
      assertThat(finding.message()).isEqualTo("row " + row + " before it is missing");
    }
  }

  /** Each pair of adjacent rows is swapped. Their signatures show that they were moved. */
  @Test
  void swappedRowsAreNamed() throws Exception {
    for (int row = 1; row < ROWS; row++) {
      TestLog copy = freshCopy("swapped-" + row + ".db");
      try (Connection connection = Sql.connect(copy.file)) {
        move(connection, row, -1);
        move(connection, row + 1, row);
        move(connection, -1, row + 1);
      }
      VerificationReport report = copy.verify();
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      assertThat(broken(report, "order")).containsExactly((long) row, row + 1L);
      assertThat(broken(report, "sequence")).isEmpty();
    }
  }

  /** A row is inserted at each sequence number, and the rows after it are moved up. */
  @Test
  void insertedRowIsNamed() throws Exception {
    for (int row = 1; row <= ROWS; row++) {
      TestLog copy = freshCopy("inserted-" + row + ".db");
      try (Connection connection = Sql.connect(copy.file)) {
        Sql.run(connection, "BEGIN");
        for (int place = ROWS; place >= row; place--) {
          move(connection, place, place + 1);
        }
        int twin = row == 1 ? 2 : 1;
        Sql.run(
            connection,
            "INSERT INTO signed_events SELECT "
                + row
                + ", 'inserted', 'agent:mallory', event_type, payload_hash, signature,"
                + " attest_level, timestamp, prev_hash, key_id, payload FROM signed_events"
                + " WHERE sequence = "
                + twin,
            "COMMIT");
      }
      VerificationReport report = copy.verify();
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      assertThat(broken(report, "signature")).as("the planted row").containsExactly((long) row);
      List<Long> moved = new ArrayList<>();
      for (long place = row + 1; place <= ROWS + 1; place++) {
        moved.add(place);
      }
      assertThat(broken(report, "order")).as("the moved rows").isEqualTo(moved);
    }
  }

  /** The tail is cut below the size of a checkpoint. */
  @Test
  void tailCutPastACheckpointIsNamed() throws Exception {
    for (int rows : new int[] {19, 7, 0}) {
      Sql.run(log.file, "DELETE FROM signed_events WHERE sequence > " + rows);
      VerificationReport report = log.verify();
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      assertThat(report.firstBroken()).hasValue(rows + 1);
      assertThat(report.findings())
          .filteredOn(finding -> finding.check().equals("checkpoints"))
          .singleElement()
          .extracting(Finding::message)
          .isEqualTo(
              "rows are missing from the end: there are %d, but a checkpoint is over 20"
                  .formatted(rows));
    }
  }

  /**
   * The tail is cut together with every checkpoint over it and its part of the tree. The file alone
   * does not show this, as the verifier's Javadoc states. This test documents the limit.
   */
  @Test
  void cutTailIsNotDetectableWithoutACheckpoint() throws Exception {
    for (int rows : new int[] {19, 7}) {
      log.cutTailWithItsTree(rows);
      VerificationReport report = log.verify();
      assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
      assertThat(report.findings())
          .filteredOn(finding -> finding.check().equals("checkpoints"))
          .singleElement()
          .returns(Status.UNKNOWN, Finding::status);
      assertThat(report.rows()).as("number of rows in the report").isEqualTo(rows);
      assertThat(report.head().sequence()).isEqualTo(rows);
    }
  }

  /** A chain that is signed entirely by an unknown key is not intact; its verdict is unknown. */
  @Test
  void chainUnderAnotherKeyIsNotIntact() throws Exception {
    KeyRing foreign = KeyRing.of(List.of(TestLog.FOREIGN_KEY.verificationKey()));
    VerificationReport report = log.verify(foreign);
    assertThat(report.verdict())
        .as("a verdict that is unknown is not broken")
        .isEqualTo(Verdict.UNKNOWN);
    assertThat(report.faults()).as("each row, and the checkpoint").isEqualTo(ROWS + 1);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("signature"))
        .allMatch(finding -> finding.message().contains(TestLog.KEY.verificationKey().keyId()));
  }

  /** Without any key, the chain is not intact either (promise D11). */
  @Test
  void chainIsNotIntactWithoutAnyKey() throws Exception {
    assertThat(log.verify(KeyRing.of(List.of())).verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  /** A proven break is reported even among many rows of an unknown key. */
  @Test
  void breakAmongUnknownSignaturesIsReported() throws Exception {
    TestLog large = new TestLog(directory.resolve("large.db"));
    large.append(TestLog.refusals("agent:a", Finding.MAX_NAMED + 100));
    int last = Finding.MAX_NAMED + 90;
    Sql.run(large.file, "DELETE FROM signed_events WHERE sequence = " + last);
    VerificationReport report = large.verify(KeyRing.of(List.of()));
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.firstBroken()).hasValue(last + 1);
    assertThat(report.faults())
        .as("faults: each row, the tree, and the checkpoint")
        .isEqualTo(Finding.MAX_NAMED + 100 + 2);
  }

  /** An unsigned row in a log that signs every row is broken. */
  @Test
  void unsignedRowIsAFinding() throws Exception {
    Sql.run(
        log.file,
        "UPDATE signed_events SET attest_level = 'unsigned', signature = NULL, key_id = NULL"
            + " WHERE sequence = 11");
    requireNamed(log.verify(), 11, "unsigned");
  }

  /** A check since row N starts at N and reports the hash of the trusted row. */
  @Test
  void sinceReportsTheTrustedRow() throws Exception {
    String trusted = PlainChain.hex(PlainChain.read(log.file).get(9).recordHash());
    VerificationReport report = since(11);
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.rows()).isEqualTo(10);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("trusted"))
        .singleElement()
        .matches(finding -> finding.sequence().equals(OptionalLong.of(10)))
        .matches(finding -> finding.message().contains(trusted))
        .matches(finding -> finding.message().contains("rows 1 to 10 were not checked"));

    change(5);
    assertThat(since(11).verdict()).as("changed before").isEqualTo(Verdict.INTACT);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    change(15);
    requireNamed(since(11), 15, "changed after");
  }

  /** The trusted row is not checked, but the link of the next row covers it. */
  @Test
  void changedTrustedRowBreaksTheLinkToIt() throws Exception {
    change(10);
    VerificationReport report = since(11);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(onlyBroken(report).check()).isEqualTo("link");
    assertThat(onlyBroken(report).sequence()).hasValue(11);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 0, -3, Long.MIN_VALUE})
  void sinceTheFirstRowChecksEverything(long from) throws Exception {
    assertThat(since(from).rows()).isEqualTo(ROWS);
    change(1);
    assertThat(since(from).verdict()).isEqualTo(Verdict.BROKEN);
  }

  @Test
  void sinceAfterTheEndChecksNothing() throws Exception {
    assertThat(since(ROWS + 1).rows()).isZero();
    assertThat(since(ROWS + 1).verdict()).isEqualTo(Verdict.INTACT);
    for (long beyond : new long[] {ROWS + 2, Long.MAX_VALUE}) {
      assertThat(since(beyond).verdict()).as("since %d", beyond).isEqualTo(Verdict.UNKNOWN);
    }
  }

  private void change(int row) throws SQLException {
    Sql.run(
        log.file, "UPDATE signed_events SET agent_id = agent_id || '!' WHERE sequence = " + row);
  }

  private VerificationReport since(long sequence) throws LedgerException {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      return new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(sequence)).verify();
    }
  }

  private TestLog freshCopy(String name) throws Exception {
    Path copy = directory.resolve(name);
    Files.copy(original.resolve("indelible.db"), copy);
    return new TestLog(copy);
  }

  private static void requireNamed(VerificationReport report, long row, String what) {
    assertThat(report.verdict()).as(what).isEqualTo(Verdict.BROKEN);
    assertThat(broken(report)).as(what).contains(row);
  }

  private static Finding onlyBroken(VerificationReport report) {
    List<Finding> found = report.findings().stream().filter(TamperedRowsTest::isBrokenRow).toList();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  /** Returns true if a finding is about a row itself, not about the tree or the checkpoints. */
  private static boolean isBrokenRow(Finding finding) {
    return finding.status() == Status.BROKEN
        && !Set.of("tree", "checkpoints").contains(finding.check())
        && (finding.sequence().isPresent() || !finding.check().equals("storage"));
  }

  private static List<Long> broken(VerificationReport report) {
    return report.findings().stream()
        .filter(TamperedRowsTest::isBrokenRow)
        .flatMapToLong(finding -> finding.sequence().stream())
        .boxed()
        .toList();
  }

  private static List<Long> broken(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.status() == Status.BROKEN && finding.check().equals(check))
        .map(finding -> finding.sequence().orElseThrow())
        .toList();
  }

  private static byte[] flip(byte[] value, int bit) {
    byte[] flipped = value.clone();
    flipped[bit / 8] ^= (byte) (1 << bit % 8);
    return flipped;
  }

  private static byte[] bytes(Connection connection, String column, int row) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet value =
            statement.executeQuery(
                "SELECT CAST(" + column + " AS BLOB) FROM signed_events WHERE sequence = " + row)) {
      value.next();
      return value.getBytes(1);
    }
  }

  private static void write(Connection connection, String column, int row, byte[] value)
      throws SQLException {
    String bound = BLOBS.contains(column) ? "?" : "CAST(? AS TEXT)";
    try (PreparedStatement update =
        connection.prepareStatement(
            "UPDATE signed_events SET " + column + " = " + bound + " WHERE sequence = " + row)) {
      update.setBytes(1, value);
      assertThat(update.executeUpdate()).isEqualTo(1);
    }
    assertThat(bytes(connection, column, row))
        .as(() -> new String(value, StandardCharsets.UTF_8))
        .isEqualTo(value);
  }

  private static void move(Connection connection, long from, long to) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("UPDATE signed_events SET sequence = ? WHERE sequence = ?")) {
      update.setLong(1, to);
      update.setLong(2, from);
      assertThat(update.executeUpdate()).isEqualTo(1);
    }
  }
}
