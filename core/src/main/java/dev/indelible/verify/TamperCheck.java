// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.TamperNotes;
import dev.indelible.ledger.TamperNotes.Noted;

/**
 * Whether the log itself noted, while it ran, that the end of the chain was changed, and nobody has
 * answered that with a row that verifies.
 */
final class TamperCheck implements Check {
  private static final String TAMPER = "tamper";
  private static final String NOTED = "the log noted tampering while it ran: ";

  private final Findings findings;
  private final TamperNotes notes;
  private final boolean payloads;

  /**
   * Checks the notes of a ledger.
   *
   * @param history the ledger's keys, one of which has to have signed an answer
   */
  TamperCheck(Findings findings, LedgerReader ledger, KeyHistory history) {
    this.findings = findings;
    this.notes = new TamperNotes(ledger, history);
    this.payloads = ledger.hasPayloads();
  }

  /** A note that cannot be judged is named, and keeps no row behind it from being read. */
  @Override
  public void row(CheckedRow row) {
    if (!row.is(SystemEvent.TAMPER) || !row.isSigned()) {
      return;
    }
    try {
      judge(row);
    } catch (LedgerException e) {
      String message = NOTED + "whether that is answered cannot be read: " + e.getMessage();
      if (e.isDamaged()) {
        findings.broken(TAMPER, row.sequence(), message);
      } else {
        findings.unknown(TAMPER, row.sequence(), message);
      }
    }
  }

  private void judge(CheckedRow row) throws LedgerException {
    if (payloads) {
      Noted noted = notes.judge(row.row());
      if (noted.isAnswered()) {
        findings.ok(TAMPER, row.sequence(), NOTED + noted.describe());
      } else {
        findings.broken(TAMPER, row.sequence(), NOTED + noted.describe());
      }
    } else if (notes.mayBeAnswered(row.sequence())) {
      findings.unknown(
          TAMPER,
          row.sequence(),
          NOTED + "its words, and those of the answers behind it, are not in this copy");
    } else {
      findings.broken(TAMPER, row.sequence(), NOTED + "its words are not here");
    }
  }

  @Override
  public void end() {}
}
