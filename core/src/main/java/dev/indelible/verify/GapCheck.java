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

  /** Rows of that type that no accepted key signed. */
  private long unproven;

  GapCheck(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void row(CheckedRow row) {
    if (!row.is(SystemEvent.GAP)) {
      return;
    }
    if (!row.isSigned()) {
      unproven++;
    } else if (gaps++ < Verifier.MAX_FINDINGS) {
      findings.ok(
          GAP,
          row.sequence(),
          "accepted events were lost, and this row says so: " + cause(row.row()));
    }
  }

  @Override
  public void end() {
    if (unproven > 0) {
      findings.absent(
          GAP,
          "%s of a loss that no accepted key signed: whether there was one cannot be told"
              .formatted(Findings.count(unproven, "row", "rows")));
    } else if (gaps == 0) {
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
