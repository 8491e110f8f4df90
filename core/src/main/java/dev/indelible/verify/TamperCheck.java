// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.TamperNote;

/** Whether the log itself noted, while it ran, that the end of the chain was changed. */
final class TamperCheck implements Check {
  private static final String TAMPER = "tamper";

  private final Findings findings;

  TamperCheck(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void row(JudgedRow row) {
    if (row.is(SystemEvent.TAMPER) && row.isSigned()) {
      String noted =
          row.stored().hasPayload()
              ? TamperNote.read(row.row())
                  .map(TamperNote::describe)
                  .orElse("its note is unreadable")
              : "its words are not here";
      findings.broken(TAMPER, row.sequence(), "the log noted tampering while it ran: " + noted);
    }
  }

  @Override
  public void end() {}
}
