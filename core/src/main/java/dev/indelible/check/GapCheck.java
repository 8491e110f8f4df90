// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.verify.Finding;

/** Reports the losses that the chain records; a recorded loss does not affect the verdict (D7). */
final class GapCheck implements Check {
  private final Findings findings;
  private long gaps;

  /** Gap rows that no accepted key signed. */
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
    } else if (gaps++ < Finding.MAX_NAMED) {
      findings.ok(
          Finding.GAP,
          row.sequence(),
          "accepted events were lost, as this row records: " + cause(row.row()));
    }
  }

  @Override
  public void end() {
    if (unproven > 0) {
      findings.absent(
          Finding.GAP,
          "%s of a loss, not signed by an accepted key, so that no loss is proven"
              .formatted(Findings.count(unproven, "row", "rows")));
    } else if (gaps == 0) {
      findings.ok(Finding.GAP, "these rows record no loss of accepted events");
    }
  }

  private static String cause(ChainRow row) {
    if (row.payload().isEmpty()) {
      return "its payload is not in this copy";
    }
    return row.details(SystemEvent.GAP, details -> details.string("cause"))
        .orElse("the cause is unreadable");
  }
}
