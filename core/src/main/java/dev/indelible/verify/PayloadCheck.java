// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;

/** Whether each payload has the hash that its row says. */
final class PayloadCheck implements Check {
  private final Findings findings;
  private long rows;

  PayloadCheck(Findings findings) {
    this.findings = findings;
  }

  @Override
  public void row(JudgedRow row) {
    rows++;
    for (RowFault fault : row.faults()) {
      if (fault.check().equals(RowCheck.PAYLOAD)) {
        findings.fault(row.sequence(), fault);
      }
    }
  }

  @Override
  public void end() {
    findings.holds(RowCheck.PAYLOAD, "holds for " + rows + " rows");
  }
}
