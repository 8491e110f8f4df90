// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import dev.indelible.health.AuditHealth;

/**
 * The final state of a closed queue.
 *
 * @param submitted events submitted to the queue, accepted or not
 * @param appended events in the chain
 * @param dead events in the dead letters
 * @param rejected events rejected
 * @param pending events accepted, but not settled
 * @param timedOut true if the wait ended before all events were settled
 * @param health the health before the queue was closed
 * @param durable true if pending events survive the end of the process
 * @param unfinished the reason that the last sink did not finish, for example that the last tally
 *     is missing; empty if it finished
 */
public record DrainReport(
    long submitted,
    long appended,
    long dead,
    long rejected,
    long pending,
    boolean timedOut,
    AuditHealth health,
    boolean durable,
    String unfinished) {

  /** Returns true if every accepted event is settled. */
  public boolean isComplete() {
    return pending == 0;
  }

  /** Returns the reason that events wait, in words. */
  public String reason() {
    return health.state() == AuditHealth.State.RECORDING && pending > 0
        ? "the time limit for closing ended before they were appended"
        : health.reason();
  }

  /**
   * Returns one line that states the number of waiting events, the reason, and what happens to
   * them.
   */
  public String describePending() {
    String events = pending == 1 ? "1 event" : "%s events".formatted(pending);
    if (durable && health.state() == AuditHealth.State.ENDED) {
      return "%s %s in the journal, and %s not recorded in the ledger: %s"
          .formatted(
              events, pending == 1 ? "stays" : "stay", pending == 1 ? "is" : "are", reason());
    }
    return durable
        ? "recorded in the journal; %s %s for the ledger: %s; the next process that records here delivers %s"
            .formatted(
                events, pending == 1 ? "waits" : "wait", reason(), pending == 1 ? "it" : "them")
        : "%s %s lost: durability is memory, and the ledger has not appended %s: %s"
            .formatted(events, pending == 1 ? "is" : "are", pending == 1 ? "it" : "them", reason());
  }
}
