// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;

/** Tells how many events did not get into the chain and wait beside it. */
final class DeadLetterCheck implements Check {
  static final String DEAD_LETTERS = "dead_letters";

  private final Findings findings;
  private final LedgerReader ledger;

  DeadLetterCheck(Findings findings, LedgerReader ledger) {
    this.findings = findings;
    this.ledger = ledger;
  }

  @Override
  public void row(JudgedRow row) {}

  @Override
  public void end() throws LedgerException {
    findings.note(
        new Finding(
            DEAD_LETTERS,
            Status.OK,
            OptionalLong.empty(),
            ledger.dlqSize() + " waiting to be replayed"));
  }
}
