// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.queue.DrainReport;

/** A log was closed while accepted events still waited for the ledger. */
public final class UnsettledException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  private final transient DrainReport report;

  UnsettledException(DrainReport report) {
    super(report.describePending());
    this.report = report;
  }

  /** Returns the report of the drain. */
  public DrainReport report() {
    return report;
  }
}
