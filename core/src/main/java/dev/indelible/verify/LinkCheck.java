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
  public void row(JudgedRow row) {
    for (RowFault fault : check.link(row.stored(), before)) {
      findings.fault(row.sequence(), fault);
    }
    before = row.head();
    rows++;
  }

  @Override
  public void end() {
    findings.holds(RowCheck.SEQUENCE, "holds for " + rows + " rows");
    findings.holds(RowCheck.LINK, "holds for " + rows + " rows");
  }
}
