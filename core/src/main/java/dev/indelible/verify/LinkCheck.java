// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.Head;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;

/** Whether the rows are numbered without a hole, and each holds the hash of the one before it. */
final class LinkCheck implements Check {
  private final Findings findings;
  private final RowCheck check;
  private Head before;
  private long rows;

  /**
   * Checks the rows that follow one.
   *
   * @param start that one
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
      // Nothing follows it: the next row is held against the one before it.
      findings.broken(
          RowCheck.SEQUENCE,
          row.sequence(),
          "the rows of a log are numbered from 1: it was planted");
      return;
    }
    for (RowFault fault : check.link(row.stored(), before)) {
      if (fault.check().equals(RowCheck.SEQUENCE) && !row.isSigned()) {
        // A row that nobody signed in its place does not prove that there were rows before it.
        findings.broken(
            RowCheck.SEQUENCE,
            row.sequence(),
            "it stands where row %s should, and no accepted key signed it there"
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
