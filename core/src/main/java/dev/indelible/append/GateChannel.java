// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
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

  /**
   * Makes the sinks submit tallies of a queue to that queue.
   *
   * @param interval the minimum time between two tallies
   */
  void tally(DeferredAuditQueue queue, Duration interval);

  /** Releases the connections, after the last sink is closed. */
  @Override
  void close();
}
