// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.StorageState;
import java.util.Optional;

/**
 * Compares the tables that the ledger is kept in with those that its writers make. Every other
 * check reads through these tables. Used by one thread.
 */
final class StorageCheck implements Check {
  static final String STORAGE = RowCheck.STORAGE;

  private final Findings findings;
  private final Optional<StorageState> state;
  private final long since;

  /**
   * Compares the tables, and reports what differs.
   *
   * @param since the first row to check; from a later one than the first, no row is compared with
   *     the indexes, because that reads every row
   * @throws LedgerException if they cannot be compared
   */
  StorageCheck(Findings findings, LedgerReader ledger, long since) throws LedgerException {
    this.findings = findings;
    this.since = since;
    this.state = ledger.storage(since <= 1);
    state.ifPresent(found -> found.faults().forEach(fault -> findings.broken(STORAGE, fault)));
  }

  @Override
  public void row(CheckedRow row) {}

  @Override
  public void end() {
    if (state.isEmpty()) {
      return;
    }
    findings.holds(STORAGE, state.get().summary());
    if (since > 1) {
      findings.absent(
          STORAGE,
          "the rows were not compared with their indexes, because rows 1 to %s were not checked"
              .formatted(since - 1));
    }
    state.get().notes().forEach(note -> findings.ok(STORAGE, note));
  }
}
