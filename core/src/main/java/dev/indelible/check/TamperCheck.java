// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperNotes;
import dev.indelible.note.TamperNotes.Noted;
import dev.indelible.verify.Finding;
import java.util.OptionalLong;

/**
 * Reports each row in which the log notes that the end of the chain was changed while the log ran.
 * A note that a valid row answers is no fault, unless the answer states that rows are lost: then it
 * is unknown whether they were lost or removed.
 */
final class TamperCheck implements Check {
  private static final String NOTED = "the log noted tampering while it ran: ";

  private final Findings findings;
  private final TamperNotes notes;
  private final boolean payloads;

  /**
   * Creates a check.
   *
   * @param history the ledger's keys, which sign answers
   */
  TamperCheck(Findings findings, LedgerReader ledger, KeyHistory history) {
    this.findings = findings;
    this.notes = new TamperNotes(ledger, history);
    this.payloads = ledger.hasPayloads();
  }

  /**
   * Checks a tamper note. Reports a note that cannot be checked, and does not stop the
   * verification.
   */
  @Override
  public void row(CheckedRow row) {
    if (!row.is(SystemEvent.TAMPER) || !row.isSigned()) {
      return;
    }
    try {
      check(row);
    } catch (LedgerException e) {
      findings.unreadable(
          Finding.TAMPER,
          OptionalLong.of(row.sequence()),
          NOTED + "its answer cannot be read: ",
          e);
    }
  }

  private void check(CheckedRow row) throws LedgerException {
    if (payloads) {
      Noted noted = notes.judge(row.row());
      if (noted.isLoss()) {
        findings.unknown(Finding.TAMPER, row.sequence(), NOTED + noted.describe());
      } else if (noted.isAnswered()) {
        findings.ok(Finding.TAMPER, row.sequence(), NOTED + noted.describe());
      } else {
        findings.broken(Finding.TAMPER, row.sequence(), NOTED + noted.describe());
      }
    } else if (notes.mayBeAnswered(row.sequence())) {
      findings.unknown(
          Finding.TAMPER,
          row.sequence(),
          NOTED + "its payload, and those of later answers, are not in this copy");
    } else {
      findings.broken(Finding.TAMPER, row.sequence(), NOTED + "its payload is not in this copy");
    }
  }

  @Override
  public void end() {}
}
