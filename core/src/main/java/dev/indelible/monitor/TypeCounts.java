// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.event.DeferredAuditEvent;

/**
 * Numbers of decisions by event type.
 *
 * @param checks events of type {@link DeferredAuditEvent#CHECK}
 * @param refusals events of type {@link DeferredAuditEvent#REFUSAL}
 */
public record TypeCounts(long checks, long refusals) {
  /** No decisions. */
  public static final TypeCounts NONE = new TypeCounts(0, 0);

  private static final TypeCounts CHECK = new TypeCounts(1, 0);
  private static final TypeCounts REFUSAL = new TypeCounts(0, 1);

  /** Returns a count of one for the type of a decision, and {@link #NONE} for any other type. */
  public static TypeCounts one(String eventType) {
    return switch (eventType) {
      case DeferredAuditEvent.CHECK -> CHECK;
      case DeferredAuditEvent.REFUSAL -> REFUSAL;
      default -> NONE;
    };
  }

  /** Returns the sum over both types. */
  public long total() {
    return checks + refusals;
  }

  /** Returns the sum with {@code other}. */
  public TypeCounts plus(TypeCounts other) {
    return new TypeCounts(checks + other.checks, refusals + other.refusals);
  }

  /** Returns the difference to {@code other}; each number may be negative. */
  public TypeCounts minus(TypeCounts other) {
    return new TypeCounts(checks - other.checks, refusals - other.refusals);
  }

  /** Returns true if a number is larger than in {@code other}. */
  public boolean exceeds(TypeCounts other) {
    return checks > other.checks || refusals > other.refusals;
  }

  /** Returns the numbers as text. */
  public String describe() {
    return checks + " permitted and " + refusals + " refused";
  }
}
