// SPDX-License-Identifier: Apache-2.0
package dev.indelible.adopt;

import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;

/** One thing that should hold of every row: where it first does not, and how often. One thread. */
final class Property {
  private final String check;
  private final Status status;
  private OptionalLong first = OptionalLong.empty();
  private String message = "";
  private long faults;

  /**
   * A property of which nothing is known to be wrong yet.
   *
   * @param status what it is if something is
   */
  Property(String check, Status status) {
    this.check = check;
    this.status = status;
  }

  /** It does not hold, at a row if it is about one. */
  void fault(OptionalLong sequence, String what) {
    if (faults++ == 0) {
      first = sequence;
      message = what;
    }
  }

  long faults() {
    return faults;
  }

  /** The first row where it does not hold; empty if none is known. */
  OptionalLong first() {
    return first;
  }

  /** What is wrong; asked only if something is. */
  Finding finding() {
    return finding(status);
  }

  /** As {@link #finding()}, where what is wrong weighs otherwise. */
  Finding finding(Status status) {
    String more = faults == 1 ? "" : "; and %s more like it".formatted(faults - 1);
    return new Finding(check, status, first, message + more);
  }
}
