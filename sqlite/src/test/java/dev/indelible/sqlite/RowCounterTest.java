// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.storage.RowCounter;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowCounterTest {
  private static final long ROWS = 500;

  @TempDir Path temp;
  private IndexedLedger rows;
  private final RowCounter counter = new RowCounter();

  @BeforeEach
  void append() throws Exception {
    rows = new IndexedLedger(temp, 7);
    rows.append((int) ROWS);
  }

  private RowCounter.Counts count() throws Exception {
    try (SqliteLedger ledger = rows.reader()) {
      return counter.count(ledger);
    }
  }

  /** Counts by a search that uses no code of the counter. */
  private RowCounter.Counts expected() throws Exception {
    return new RowCounter.Counts(
        rows.scan(Filter.ALL).size(),
        rows.scan(Filter.ALL.type("governance.refusal")).size(),
        rows.scan(Filter.ALL.verdict("refuse")).size(),
        rows.scan(Filter.ALL.verdict("escalate")).size());
  }

  private ChainRow refused() throws Exception {
    return rows.scan(Filter.ALL.verdict("refuse")).get(0);
  }

  @Test
  void emptyLedgerHasNoRows() throws Exception {
    Sql.run(rows.ledger, "DELETE FROM signed_events");

    assertThat(count()).isEqualTo(new RowCounter.Counts(0, 0, 0, 0));
  }

  @Test
  void countsAreThoseOfAllRows() throws Exception {
    assertThat(count()).isEqualTo(expected());
    assertThat(count()).isEqualTo(expected());
    rows.append(300);
    assertThat(count()).isEqualTo(expected());
  }

  /** A status of a large ledger would otherwise take seconds each time. */
  @Test
  void countedRowsAreNotReadAgain() throws Exception {
    RowCounter.Counts before = count();
    Sql.run(
        rows.ledger,
        "UPDATE signed_events SET event_type = 'audit.tally' WHERE sequence < " + ROWS);

    assertThat(count()).isEqualTo(before);
  }

  @Test
  void erasureIsCounted() throws Exception {
    RowCounter.Counts before = count();
    Sql.run(
        rows.ledger,
        "UPDATE signed_events SET payload = NULL WHERE sequence = " + refused().sequence());
    rows.append(1);
    Sql.run(
        rows.ledger,
        "UPDATE signed_events SET event_type = 'payload.erased', payload = NULL WHERE sequence = "
            + (ROWS + 1));

    assertThat(count()).isEqualTo(expected());
    assertThat(count().refusals()).isEqualTo(before.refusals() - 1);
  }

  /** The file may have been replaced by a copy. */
  @Test
  void otherRowsAreCountedFromTheStart() throws Exception {
    count();
    Sql.run(rows.ledger, "UPDATE signed_events SET agent_id = 'other' WHERE sequence = " + ROWS);
    Sql.run(rows.ledger, "DELETE FROM signed_events WHERE sequence < 100");
    assertThat(count()).isEqualTo(expected());

    Sql.run(rows.ledger, "DELETE FROM signed_events WHERE sequence > 300");
    assertThat(count()).isEqualTo(expected());
  }
}
