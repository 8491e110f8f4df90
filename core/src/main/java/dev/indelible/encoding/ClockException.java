// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import java.time.Instant;

/** Thrown if the clock of this machine shows a time that cannot be recorded. */
public final class ClockException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  ClockException(Instant time) {
    super(
        "the clock of this machine shows "
            + time
            + "; only times of the years 0000 to 9999 can be recorded; set the clock");
  }
}
