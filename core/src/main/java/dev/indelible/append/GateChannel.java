// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;

/**
 * The way of a gate's events to a ledger that another process writes. Creates the sinks of one run.
 */
public interface GateChannel extends DeferredAuditSink.Factory, AutoCloseable {
  /** Returns the destination in messages, without a secret. */
  String name();

  /** Returns the id of the destination, which the gate's journals name in place of a ledger. */
  UUID id();

  /**
   * Returns the position up to which the events of a journal are settled; 0 for a new journal.
   *
   * @throws LedgerException if the position is unknown
   */
  long settled(UUID journal) throws LedgerException;

  /** Returns the name under which the gate is enrolled. */
  String gate();

  /**
   * Returns the positions of all journals, for status.
   *
   * @throws LedgerException if one cannot be read
   */
  SortedMap<UUID, Long> settledPositions() throws LedgerException;

  /**
   * Asks the destination whether it can be used now; waits at most some seconds for its answer.
   *
   * @return the reason why it cannot; empty if it can
   */
  Optional<String> fault();

  /**
   * Makes the sinks submit tallies of a queue to that queue, at intervals and before it closes.
   *
   * @param interval the minimum time between two tallies
   */
  void tally(DeferredAuditQueue queue, Duration interval);

  /** Releases the connections, after the last sink is closed. */
  @Override
  void close();
}
