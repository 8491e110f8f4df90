// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.StorageState;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.Finding;
import java.util.Optional;

/**
 * Compares the ledger's tables with those that its writers create. Every other check reads these
 * tables. Used by one thread.
 */
final class StorageCheck implements Check {
  private final Findings findings;
  private final Optional<StorageState> state;
  private final long since;

  /**
   * Compares the tables, and reports every difference.
   *
   * @param since the first row to check; if it is later than row 1, rows are not compared with the
   *     indexes, because that comparison reads every row
   * @throws LedgerException if they cannot be compared
   */
  StorageCheck(Findings findings, VerifiableLedger ledger, long since) throws LedgerException {
    this.findings = findings;
    this.since = since;
    this.state = ledger.storage(since <= 1);
    state.ifPresent(
        found -> found.faults().forEach(fault -> findings.broken(Finding.STORAGE, fault)));
  }

  @Override
  public void row(CheckedRow row) {}

  @Override
  public void end() {
    if (state.isEmpty()) {
      return;
    }
    findings.holds(Finding.STORAGE, state.get().summary());
    if (since > 1) {
      findings.absent(
          Finding.STORAGE,
          "the rows were not compared with their indexes, because rows 1 to %s were not checked"
              .formatted(since - 1));
    }
    state.get().notes().forEach(note -> findings.ok(Finding.STORAGE, note));
  }
}
