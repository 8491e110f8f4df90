// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

/**
 * How many decisions there were of each type of event that records one.
 *
 * @param checks of type {@link DeferredAuditEvent#CHECK}
 * @param refusals of type {@link DeferredAuditEvent#REFUSAL}
 */
public record TypeCounts(long checks, long refusals) {
  /** None. */
  public static final TypeCounts NONE = new TypeCounts(0, 0);

  private static final TypeCounts CHECK = new TypeCounts(1, 0);
  private static final TypeCounts REFUSAL = new TypeCounts(0, 1);

  /** One event of that type; none if it records no decision. */
  public static TypeCounts one(String eventType) {
    return switch (eventType) {
      case DeferredAuditEvent.CHECK -> CHECK;
      case DeferredAuditEvent.REFUSAL -> REFUSAL;
      default -> NONE;
    };
  }

  /** How many there were in all. */
  public long total() {
    return checks + refusals;
  }

  /** These and others. */
  public TypeCounts plus(TypeCounts other) {
    return new TypeCounts(checks + other.checks, refusals + other.refusals);
  }

  /** These without others; each may be negative. */
  public TypeCounts minus(TypeCounts other) {
    return new TypeCounts(checks - other.checks, refusals - other.refusals);
  }

  /** Whether there are more of some type than in {@code other}. */
  public boolean exceeds(TypeCounts other) {
    return checks > other.checks || refusals > other.refusals;
  }

  /** The counts for a person. */
  public String describe() {
    return checks + " let pass and " + refusals + " refused";
  }
}
