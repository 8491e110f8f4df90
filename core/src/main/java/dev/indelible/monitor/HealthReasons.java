// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import java.time.Duration;
import java.util.Locale;
import java.util.Optional;

/**
 * Reasons of health entries that apply both to a running log and to a ledger that no process
 * writes.
 */
public final class HealthReasons {
  private HealthReasons() {}

  /** Returns the reason to report for waiting dead letters; empty if none wait. */
  public static Optional<String> deadLetters(long waiting) {
    return waiting == 0
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%,d dead %s; 'indelible dlq list' shows %s, and 'indelible dlq replay' tries"
                    + " again",
                waiting,
                waiting == 1 ? "letter waits" : "letters wait",
                waiting == 1 ? "it" : "them"));
  }

  /**
   * Returns the reason to report for a shard of a fleet whose checkpoint was last admitted too long
   * ago; empty if it was not.
   *
   * @param age the time since then
   * @param promise the longest time that the fleet promises
   */
  public static Optional<String> stale(String shard, Duration age, Duration promise) {
    return age.compareTo(promise) <= 0
        ? Optional.empty()
        : Optional.of(
            "shard %s: its last checkpoint in the log of logs was admitted %s s ago, and %s s are promised; 'indelible fleet admit --every 1m' admits new ones"
                .formatted(shard, age.toSeconds(), promise.toSeconds()));
  }

  /** Returns the reason to report for rows that report tampering; empty if there are none. */
  public static Optional<String> tampered(long rows) {
    return rows == 0
        ? Optional.empty()
        : Optional.of(
            "rows of the chain report tampering and are not answered; 'indelible log verify' names"
                + " them");
  }
}
