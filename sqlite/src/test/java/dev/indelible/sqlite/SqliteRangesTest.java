// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerSink;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredRow;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.RowRanges;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows are read in ranges, over several connections. */
class SqliteRangesTest {
  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void open() throws Exception {
    log = TestLog.in(directory);
    log.append(TestLog.mixed(40));
  }

  /** All rows of an unchanged ledger are packed, and equal the decoded rows. */
  @Test
  void everyRowOfAWriterIsPacked() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file);
        RowRanges ranges = ledger.ranges(3).orElseThrow()) {
      assertThat(ranges.readers()).isEqualTo(3);
      List<StoredRow> packed = read(ranges, 1, 40);
      assertThat(packed).hasSize(40).allMatch(PackedRow.class::isInstance);
      List<ChainRow> decoded = new ArrayList<>();
      ledger.forEachRow(RowQuery.all(), decoded::add);
      for (int i = 0; i < 40; i++) {
        assertThat(packed.get(i).head()).isEqualTo(decoded.get(i).head());
        assertThat(packed.get(i).decoded().toJson()).isEqualTo(decoded.get(i).toJson());
      }
      assertThat(read(ranges, 7, 9)).extracting(StoredRow::sequence).containsExactly(7L, 8L, 9L);
      assertThat(ranges.next(Long.MIN_VALUE)).hasValue(1);
      assertThat(ranges.next(41)).isEqualTo(OptionalLong.empty());
    }
  }

  /** A row that is appended later is in no range, whichever connection reads it. */
  @Test
  void everyReaderIsAtTheSameMoment() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file);
        RowRanges ranges = ledger.ranges(4).orElseThrow();
        LedgerSink sink = log.sink()) {
      sink.append(EventBatch.of(List.copyOf(TestLog.refusals("agent:b", 10))));
      // Each nested visitor holds one connection, so the next range is read over another one.
      List<Long> last = new ArrayList<>();
      nested(ranges, ranges.readers(), last);
      assertThat(last).hasSize(ranges.readers()).containsOnly(40L);
      assertThat(ranges.next(41)).isEmpty();
      assertThat(ledger.size()).isEqualTo(50);
    }
    assertThat(log.requireIntact()).hasSize(50);
  }

  private static void nested(RowRanges ranges, int depth, List<Long> last) throws Exception {
    List<Exception> failed = new ArrayList<>();
    ranges.forEachRow(
        40,
        Long.MAX_VALUE,
        row -> {
          last.add(row.sequence());
          try {
            if (depth > 1) {
              nested(ranges, depth - 1, last);
            }
          } catch (Exception e) {
            failed.add(e);
          }
          return true;
        });
    assertThat(failed).isEmpty();
  }

  /**
   * A table without types may contain bytes stored as another type. They are reported as they are
   * for decoded rows.
   */
  @ParameterizedTest
  @CsvSource({
    "id,BLOB", "agent_id,BLOB", "event_type,BLOB", "payload_hash,TEXT", "signature,TEXT",
    "attest_level,BLOB", "timestamp,BLOB", "prev_hash,TEXT", "key_id,BLOB", "payload,BLOB",
    "agent_id,INTEGER"
  })
  void bytesOfAnotherTypeAreNamed(String column, String type) throws Exception {
    log.append(TestLog.refusals("12345", 5));
    Sql.run(
        log.file,
        "ALTER TABLE signed_events RENAME TO strict",
        "CREATE TABLE signed_events (sequence INTEGER PRIMARY KEY, id, agent_id, event_type,"
            + " payload_hash, signature, attest_level, timestamp, prev_hash, key_id, payload)",
        "INSERT INTO signed_events SELECT sequence, id, agent_id, event_type, payload_hash,"
            + " signature, attest_level, timestamp, prev_hash, key_id, payload FROM strict",
        "DROP TABLE strict");
    assertThat(log.verify().findings())
        .as("the finding names the table and no row")
        .filteredOn(finding -> finding.status() == Status.BROKEN)
        .isNotEmpty()
        .allMatch(finding -> finding.check().equals("storage") && finding.sequence().isEmpty());
    Sql.run(
        log.file,
        "UPDATE signed_events SET %s = CAST(%s AS %s) WHERE sequence = 43"
            .formatted(column, column, type));

    assertThat(log.verify().findings())
        .filteredOn(finding -> finding.status() == Status.BROKEN)
        .extracting(Finding::sequence)
        .contains(OptionalLong.of(43));
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(ledger.ranges(2)).as("the rows are still read in ranges").isPresent();
    }
  }

  /**
   * Without the primary key, each range would need a scan of the table, so one reader reads all
   * rows.
   */
  @Test
  void tableWithoutItsKeyIsReadByOneReader() throws Exception {
    Sql.run(
        log.file,
        "ALTER TABLE signed_events RENAME TO strict",
        "CREATE TABLE signed_events AS SELECT * FROM strict",
        "DROP TABLE strict");
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(ledger.ranges(2)).isEmpty();
    }
    assertThat(log.verify().firstBroken()).isEmpty();
    Sql.run(log.file, "UPDATE signed_events SET agent_id = 'x' WHERE sequence = 9");
    assertThat(log.verify().firstBroken()).hasValue(9);
  }

  private static List<StoredRow> read(RowRanges ranges, long from, long to) throws Exception {
    List<StoredRow> rows = new ArrayList<>();
    ranges.forEachRow(from, to, rows::add);
    return rows;
  }
}
