// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;

/**
 * Tells of losses that are on record (D7): the chain is none the worse for them, and yet something
 * is missing from it.
 */
final class GapCheck implements Check {
  private static final String GAP = "gap";

  private final Findings findings;
  private long gaps;

  GapCheck(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void row(JudgedRow row) {
    if (row.is(SystemEvent.GAP) && gaps++ < Verifier.MAX_FINDINGS) {
      findings.ok(
          GAP,
          row.sequence(),
          "accepted events were lost, and this row says so: " + cause(row.row()));
    }
  }

  @Override
  public void end() {
    if (gaps == 0) {
      findings.ok(GAP, "no loss of accepted events is on record in these rows");
    }
  }

  private static String cause(ChainRow row) {
    if (row.payload().isEmpty()) {
      return "its words are not here";
    }
    return row.said(SystemEvent.GAP, details -> details.string("cause"))
        .orElse("its note is unreadable");
  }
}
