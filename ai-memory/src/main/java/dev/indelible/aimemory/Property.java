// SPDX-License-Identifier: Apache-2.0
package dev.indelible.aimemory;

import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;

/** Counts the rows that lack a property, and remembers the first of them. Used by one thread. */
final class Property {
  private final String check;
  private final Status status;
  private OptionalLong first = OptionalLong.empty();
  private String message = "";
  private long faults;

  /**
   * Creates a property without faults.
   *
   * @param status the status of the finding if a row lacks the property
   */
  Property(String check, Status status) {
    this.check = check;
    this.status = status;
  }

  /** Counts a fault; {@code sequence} is empty if the fault is not in a row. */
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

  /** Returns the finding. Called only if there is a fault. */
  Finding finding() {
    return finding(status);
  }

  /** Returns the finding with another status. */
  Finding finding(Status status) {
    String more = faults == 1 ? "" : "; and %s more like it".formatted(faults - 1);
    return new Finding(check, status, first, message + more);
  }
}
