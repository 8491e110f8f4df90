// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

/**
 * The work of one redaction. The limit is on steps and not on time, so that a redaction fails for
 * an action or for none of its repetitions, whatever else the machine does. Used by one thread.
 */
final class Work {
  /** Two readings of the largest action by some patterns; about two seconds. */
  static final long MAX_STEPS = 1L << 29;

  private long steps;

  /**
   * Counts steps before they are done.
   *
   * @throws RedactionLimitException if they are too many
   */
  void spend(long more) {
    steps += more;
    if (steps > MAX_STEPS) {
      throw new RedactionLimitException("more than " + MAX_STEPS + " steps");
    }
  }
}
