// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

/**
 * How many decisions there were of each verdict.
 *
 * @param allow let pass
 * @param warn let pass with a warning
 * @param refuse refused
 * @param escalate held until a person decides
 */
public record VerdictCounts(long allow, long warn, long refuse, long escalate) {
  /** None. */
  public static final VerdictCounts NONE = new VerdictCounts(0, 0, 0, 0);

  /** How many there were in all. */
  public long total() {
    return allow + warn + refuse + escalate;
  }

  /** These and others. */
  public VerdictCounts plus(VerdictCounts other) {
    return new VerdictCounts(
        allow + other.allow, warn + other.warn, refuse + other.refuse, escalate + other.escalate);
  }

  /** The counts for a person. */
  public String describe() {
    return "%s allow, %s warn, %s refuse, %s escalate".formatted(allow, warn, refuse, escalate);
  }

  /** The same by the type of event that records them. */
  public TypeCounts byType() {
    return new TypeCounts(allow + warn, refuse + escalate);
  }
}
