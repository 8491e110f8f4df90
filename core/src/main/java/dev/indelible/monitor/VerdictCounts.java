// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

/**
 * Numbers of decisions by verdict.
 *
 * @param allow permitted
 * @param warn permitted with a warning
 * @param refuse refused
 * @param escalate blocked until a person approves
 */
public record VerdictCounts(long allow, long warn, long refuse, long escalate) {
  /** No decisions. */
  public static final VerdictCounts NONE = new VerdictCounts(0, 0, 0, 0);

  /** Returns the sum over all verdicts. */
  public long total() {
    return allow + warn + refuse + escalate;
  }

  /** Returns the sum with {@code other}. */
  public VerdictCounts plus(VerdictCounts other) {
    return new VerdictCounts(
        allow + other.allow, warn + other.warn, refuse + other.refuse, escalate + other.escalate);
  }

  /** Returns the numbers as text. */
  public String describe() {
    return "%s allow, %s warn, %s refuse, %s escalate".formatted(allow, warn, refuse, escalate);
  }

  /** Returns the numbers by the type of the event that records the decision. */
  public TypeCounts byType() {
    return new TypeCounts(allow + warn, refuse + escalate);
  }
}
