// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Optional;

/**
 * Selects the rows to read, in the order of the chain.
 *
 * @param from the first sequence
 * @param agentId reads only rows of this agent
 * @param eventType reads only rows of this type
 */
public record RowQuery(long from, Optional<String> agentId, Optional<String> eventType) {
  /** Selects every row. */
  public static RowQuery all() {
    return from(Long.MIN_VALUE);
  }

  /** Selects every row of a type. */
  public static RowQuery ofType(String eventType) {
    return new RowQuery(Long.MIN_VALUE, Optional.empty(), Optional.of(eventType));
  }

  /** Selects every row from a sequence on. */
  public static RowQuery from(long sequence) {
    return new RowQuery(sequence, Optional.empty(), Optional.empty());
  }
}
