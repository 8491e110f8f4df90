// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

import dev.indelible.queue.AuditHealth;

/**
 * How a queue ended.
 *
 * @param submitted handed in over its life, accepted or not
 * @param appended in the chain
 * @param dead in the dead letters
 * @param rejected not accepted
 * @param pending accepted and not settled
 * @param timedOut whether the wait ended before everything was settled
 * @param health how recording went last, before the queue was closed
 */
public record DrainReport(
    long submitted,
    long appended,
    long dead,
    long rejected,
    long pending,
    boolean timedOut,
    AuditHealth health) {

  /** Whether everything that was accepted is settled. */
  public boolean isComplete() {
    return pending == 0;
  }
}
