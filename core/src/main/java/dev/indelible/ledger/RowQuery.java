// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/**
 * Which rows to read, in the order of the chain.
 *
 * @param from the first sequence
 * @param agentId only this agent's
 * @param eventType only of this type
 */
public record RowQuery(long from, Optional<String> agentId, Optional<String> eventType) {
  /** Every row. */
  public static RowQuery all() {
    return from(Long.MIN_VALUE);
  }

  /** Every row of that type. */
  public static RowQuery ofType(String eventType) {
    return new RowQuery(Long.MIN_VALUE, Optional.empty(), Optional.of(eventType));
  }

  /** Every row from that sequence on. */
  public static RowQuery from(long sequence) {
    return new RowQuery(sequence, Optional.empty(), Optional.empty());
  }
}
