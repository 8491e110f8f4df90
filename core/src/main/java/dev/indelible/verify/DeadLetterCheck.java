// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;

/**
 * Counts the dead letters that wait, and checks that each has the payload that was written. They
 * are not signed: one that was removed, or replaced as a whole, does not show.
 */
final class DeadLetterCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;

  DeadLetterCheck(Findings findings, LedgerReader ledger) {
    this.findings = findings;
    this.ledger = ledger;
  }

  @Override
  public void row(CheckedRow row) {}

  @Override
  public void end() throws LedgerException {
    ledger.forEachDeadLetter(
        letter -> {
          try {
            letter.event();
          } catch (LedgerException e) {
            findings.broken(Finding.DEAD_LETTERS, e.getMessage());
          }
          return true;
        });
    findings.holds(Finding.DEAD_LETTERS, ledger.dlqSize() + " waiting to be replayed");
  }
}
