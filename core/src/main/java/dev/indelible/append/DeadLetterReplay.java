// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.drain.AppendOutcome;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.storage.LedgerWriter;
import java.util.List;
import java.util.Optional;

/**
 * Replays or purges dead letters. Each replay or purge is one transaction, which also appends the
 * event that records it.
 */
final class DeadLetterReplay {
  private final ChainEnd end;
  private final LedgerWriter writer;
  private final RowSealer sealer;
  private final AuditCounters counters;

  DeadLetterReplay(ChainEnd end, RowSealer sealer, AuditCounters counters) {
    this.end = end;
    this.writer = end.writer();
    this.sealer = sealer;
    this.counters = counters;
  }

  /**
   * Appends a dead letter's event under its own id and marks the dead letter.
   *
   * @return the reason that the event is refused, for example that the dead letter was changed
   *     after it was written, or that its type is never replayed; empty if it is in the chain
   * @throws LedgerException if the ledger cannot be written to now
   */
  Optional<String> replay(DeadLetter deadLetter) throws LedgerException {
    if (!isReplayable(deadLetter.eventType())) {
      return Optional.of(
          "only the log itself records events of type %s; the dead letter can be shown and purged, but not replayed"
              .formatted(deadLetter.eventType()));
    }
    if (deadLetter.isRefused()) {
      return Optional.of(
          "a gate sent it, and the log %s; the dead letter can be shown and purged, but not replayed"
              .formatted(deadLetter.failureReason()));
    }
    AuditEvent event;
    try {
      event = deadLetter.event();
    } catch (LedgerException e) { // It was changed after it was written.
      return Optional.of(String.valueOf(e.getMessage()));
    }
    SystemEvent note = note(SystemEvent.DEAD_LETTER_REPLAYED, deadLetter, Optional.empty());
    List<AuditEvent> events = List.of(event, note);
    BatchAppend append = new BatchAppend(end, sealer, counters);
    Optional<Head> head =
        writer.inTransaction(
            () ->
                !writer.markReplayed(deadLetter)
                        || append.run(events, List.of()).stream()
                            .anyMatch(AppendOutcome::isDeadLetter)
                    ? Optional.empty()
                    : Optional.of(append.head()));
    head.ifPresent(committed -> append.committed());
    return head.isPresent() || append.lastRefusal().isEmpty()
        ? Optional.empty()
        : Optional.of(append.lastRefusal());
  }

  /**
   * Returns true for the types that a queue accepts (D2). A dead letter is not signed, so anyone
   * who can write to the ledger can plant one. Therefore the types on which readers act because
   * they are signed are never replayed; a queue does not accept them either.
   */
  private static boolean isReplayable(String eventType) {
    return DeferredAuditEvent.isDecision(eventType)
        || SystemEvent.TYPES.contains(eventType) && !SystemEvent.isReserved(eventType);
  }

  /**
   * Removes a dead letter.
   *
   * @param reason the reason to record
   */
  void purge(DeadLetter deadLetter, String reason) throws LedgerException {
    SystemEvent note = note(SystemEvent.DEAD_LETTER_PURGED, deadLetter, Optional.of(reason));
    BatchAppend append = new BatchAppend(end, sealer, counters);
    Optional<Head> head =
        writer.inTransaction(
            () -> {
              if (!writer.removeDeadLetter(deadLetter)) {
                return Optional.empty();
              }
              append.chain(note, "the purge");
              return Optional.of(append.head());
            });
    head.ifPresent(committed -> append.committed());
  }

  private static SystemEvent note(String type, DeadLetter deadLetter, Optional<String> reason) {
    return SystemEvent.of(
        type,
        new CanonicalWriter()
            .beginObject()
            .member("agent_id", deadLetter.agentId())
            .member("event_id", deadLetter.id())
            .member("event_type", deadLetter.eventType())
            .member("failure_reason", deadLetter.failureReason())
            .member("letter", deadLetter.number())
            .hexMember("payload_hash", deadLetter.payloadHash())
            .member("reason", reason)
            .endObject());
  }
}
