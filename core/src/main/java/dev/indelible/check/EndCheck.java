// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.LogEnd;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Checks that after a row which ended the log, only rows about erased payloads follow. Used by one
 * thread.
 */
final class EndCheck implements Check {
  private final Findings findings;
  private final KeyHistory keys;

  /** The row that ended the log; empty if there is none so far. */
  private OptionalLong end = OptionalLong.empty();

  /** The first row that may not follow, and the number of such rows. */
  private long first;

  private long following;

  /**
   * Creates a check.
   *
   * @param keys the keys of the log
   * @param since the first row checked; an end before it is read through the index by type
   */
  EndCheck(Findings findings, LedgerReader ledger, KeyHistory keys, long since)
      throws LedgerException {
    this.findings = findings;
    this.keys = keys;
    if (since > 1) {
      List<ChainRow> before = new ArrayList<>();
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.LOG_ENDED), row -> row.sequence() < since && before.add(row));
      LogEnd.first(before, keys).ifPresent(row -> end = OptionalLong.of(row.sequence()));
    }
  }

  @Override
  public void row(CheckedRow row) {
    if (end.isPresent()) {
      if (!row.is(SystemEvent.PAYLOAD_ERASED)) {
        first = following++ == 0 ? row.sequence() : first;
      }
    } else if (row.is(SystemEvent.LOG_ENDED) && row.isSound() && LogEnd.isValid(row.row(), keys)) {
      end = OptionalLong.of(row.sequence());
    }
  }

  @Override
  public void end() {
    if (end.isEmpty()) {
      return;
    }
    if (following > 0) {
      findings.broken(
          Finding.END,
          first,
          "the log was ended by row %s, but %s appended that may not follow it, the first of them row %s"
              .formatted(
                  end.getAsLong(), Findings.count(following, "row was", "rows were"), first));
    }
    findings.holds(Finding.END, "the log was ended by row " + end.getAsLong());
  }
}
