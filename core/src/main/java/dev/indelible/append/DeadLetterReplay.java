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
import java.util.Set;

/**
 * Replays or purges dead letters. Each replay or purge is one transaction, which also appends the
 * event that records it.
 */
final class DeadLetterReplay {
  /**
   * Event types that are replayed. A dead letter is not signed, so anyone who can write to the
   * ledger can plant one. Therefore events of the log itself are not replayed, because readers act
   * on them. A gap event is the exception: it comes through the queue anyway, and excuses no
   * missing row.
   */
  private static final Set<String> REPLAYABLE =
      Set.of(DeferredAuditEvent.REFUSAL, DeferredAuditEvent.CHECK, SystemEvent.GAP);

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
   * @return the reason that the event is still refused; empty if it is in the chain
   * @throws LedgerException if the dead letter was changed after it was written, or is of a type
   *     that is not replayed
   */
  Optional<String> replay(DeadLetter deadLetter) throws LedgerException {
    if (!REPLAYABLE.contains(deadLetter.eventType())) {
      throw new LedgerException(
          "dead letter %s: only the log itself creates events of type %s; it can be shown, but not replayed"
              .formatted(deadLetter.number(), deadLetter.eventType()));
    }
    SystemEvent note = note(SystemEvent.DEAD_LETTER_REPLAYED, deadLetter, Optional.empty());
    List<AuditEvent> events = List.of(deadLetter.event(), note);
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
