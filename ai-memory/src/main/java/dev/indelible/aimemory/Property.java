// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;

/** A property of every row: the first row without it, and how many rows. Used by one thread. */
final class Property {
  private final String check;
  private final Status status;
  private OptionalLong first = OptionalLong.empty();
  private String message = "";
  private long faults;

  /**
   * Begins without a fault.
   *
   * @param status the status of the finding if a row lacks the property
   */
  Property(String check, Status status) {
    this.check = check;
    this.status = status;
  }

  /** Counts a fault; {@code sequence} is empty if no row has it. */
  void fault(OptionalLong sequence, String what) {
    if (faults++ == 0) {
      first = sequence;
      message = what;
    }
  }

  long faults() {
    return faults;
  }

  /** Returns the row of the first fault, or empty. */
  OptionalLong first() {
    return first;
  }

  /** Returns the finding; called only if there is a fault. */
  Finding finding() {
    return finding(status);
  }

  /** Returns the finding with another status. */
  Finding finding(Status status) {
    String more = faults == 1 ? "" : "; and %s more like it".formatted(faults - 1);
    return new Finding(check, status, first, message + more);
  }
}
