// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

/**
 * Settled events that wait again, because the ledger went back to an earlier position and may lack
 * them.
 *
 * @param events the number of events, including an event that records missing ones
 * @param earlier the number of these events that an earlier run had settled
 * @param isBack true if a position went back, even if no event was settled after it
 */
public record Redelivery(long events, long earlier, boolean isBack) {
  /** No position went back. */
  public static final Redelivery NONE = new Redelivery(0, 0, false);

  /** Returns the sum with another one. */
  public Redelivery plus(Redelivery other) {
    return new Redelivery(events + other.events, earlier + other.earlier, isBack || other.isBack);
  }
}
