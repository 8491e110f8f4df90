// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The time at which a gate had last read the policies of the chain, while its events reached the
 * chain. A gate whose ledger is on a server states it in what it records while it has no contact
 * with that ledger: it then cannot know of a policy that another host has put into force since.
 *
 * <p>Like the time of a decision, it is the gate's own statement, which the log's key signs.
 */
public final class PolicySeen {
  /** The member of a payload that has the time. */
  public static final String MEMBER = "policy_seen";

  /** Value of a gate that has not read the chain since its start. */
  public static final String NEVER = "never";

  private PolicySeen() {}

  /** Returns the value to record for a time. */
  public static String at(Instant time) {
    return Timestamps.format(time);
  }

  /** Requires a value that can be recorded. */
  public static void require(String seen) {
    if (!seen.equals(NEVER)) {
      Instant.parse(seen);
    }
  }

  /**
   * Returns true if the last contact of a gate was not later than an event in the chain, so that
   * the gate could not know of that event.
   *
   * @param seen the value that the gate recorded; empty if it had just read the chain
   * @param event the time of an event in the chain, in microseconds
   * @param within the time within which a gate need not know of the event
   */
  public static boolean isBefore(Optional<String> seen, long event, Duration within) {
    if (seen.isEmpty() || seen.get().equals(NEVER)) {
      return seen.isPresent();
    }
    long read = Timestamps.micros(seen.get());
    // 0 stands for a text that is no time.
    return read != 0 && read - event <= TimeUnit.MICROSECONDS.convert(within);
  }
}
