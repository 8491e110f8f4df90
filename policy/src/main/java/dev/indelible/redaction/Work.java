// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

/**
 * The work of one redaction. The limit counts steps and not time, so that the redaction of one
 * action always fails or never does, however busy the machine is. Used by one thread.
 */
final class Work {
  /** Enough to read the largest action twice with some patterns; takes about two seconds. */
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
