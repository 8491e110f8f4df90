// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;

/**
 * Tells how many events did not get into the chain and wait beside it, and whether each is what was
 * written. They are not signed: one that was removed, or replaced as a whole, is not missed.
 */
final class DeadLetterCheck implements Check {
  static final String DEAD_LETTERS = "dead_letters";

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
            findings.broken(DEAD_LETTERS, e.getMessage());
          }
          return true;
        });
    findings.holds(DEAD_LETTERS, ledger.dlqSize() + " waiting to be replayed");
  }
}
