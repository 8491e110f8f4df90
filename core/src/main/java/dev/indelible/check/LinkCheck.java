// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;

/** Checks that rows are numbered without a gap, and that each holds the hash of the row before. */
final class LinkCheck implements Check {
  private final Findings findings;
  private final RowCheck check;
  private Head before;
  private long rows;

  /**
   * Creates a check.
   *
   * @param start the row before the first row checked
   */
  LinkCheck(Findings findings, RowCheck check, Head start) {
    this.findings = findings;
    this.check = check;
    this.before = start;
  }

  @Override
  public void row(CheckedRow row) {
    rows++;
    if (row.sequence() < 1) {
      // The next row is compared with the row before this one.
      findings.broken(
          RowCheck.SEQUENCE,
          row.sequence(),
          "the rows of a log are numbered from 1, so this row was planted");
      return;
    }
    for (RowFault fault : check.link(row.stored(), before)) {
      if (fault.check().equals(RowCheck.SEQUENCE) && !row.isSigned()) {
        // The sequence of a row that no accepted key signed is not trusted, so it proves no gap.
        findings.broken(
            RowCheck.SEQUENCE,
            row.sequence(),
            "it is in the place of row %s, and no accepted key signed it with this number"
                .formatted(before.sequence() + 1));
      } else {
        findings.fault(row.sequence(), fault);
      }
    }
    before = row.head();
  }

  @Override
  public void end() {
    findings.holds(RowCheck.SEQUENCE, "holds for " + rows + " rows");
    findings.holds(RowCheck.LINK, "holds for " + rows + " rows");
  }
}
