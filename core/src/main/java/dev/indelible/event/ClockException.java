// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import java.time.Instant;

/** The clock of this machine stands at a time that cannot go on record. */
public final class ClockException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  ClockException(Instant time) {
    super(
        "the clock of this machine stands at "
            + time
            + ", and only times of the years 0000 to 9999 go on record; set the clock");
  }
}
