// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperNotes;
import dev.indelible.storage.LedgerWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports dead letters and rows that report tampering, which a person has to handle. Used by the
 * drainer's thread.
 */
final class LedgerWatch {
  /** The interval at which an idle log checks whether waiting dead letters were handled. */
  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(5);

  /** A count takes at most one part in so many of the time. */
  private static final int COUNT_SHARE = 100;

  /** Dead letters of one batch that are logged one by one; the rest are counted. */
  private static final int MOST_LOGGED = 20;

  private static final Logger LOG = LoggerFactory.getLogger(LedgerWatch.class);

  private final HeadGuard guard;
  private final AuditCounters counters;

  /** The tamper rows when answers were last checked. */
  private TamperRows judged = new TamperRows(0, 0, Optional.empty(), Optional.empty());

  private long unanswered;

  /** True if dead letters or tamper rows wait, which another process may handle. */
  private boolean waiting;

  private long lastLook;

  /** The time that the last look took. */
  private long lookNanos;

  /**
   * The number of waiting dead letters at the last look, and those of this writer since; negative
   * if the last look failed.
   */
  private long deadLetters;

  /**
   * An event that became a dead letter.
   *
   * @param reason the reason
   */
  record DeadLettered(String id, String agentId, String eventType, String reason) {}

  /**
   * The rows that report tampering, and those that answer a report. After a fail-over there can be
   * as many, but others, so the last ones are compared, too.
   */
  private record TamperRows(
      long notes, long answers, Optional<Head> lastNote, Optional<Head> lastAnswer) {}

  LedgerWatch(HeadGuard guard, AuditCounters counters) {
    this.guard = guard;
    this.counters = counters;
  }

  /** Counts dead letters and tamper rows in a ledger that was just opened. */
  void opened(LedgerWriter writer) {
    look(writer);
  }

  /**
   * Reports a batch that was committed.
   *
   * @param deadLettered its events that became dead letters
   * @param noted true if the batch has a row that reports tampering
   */
  void committed(LedgerWriter writer, List<DeadLettered> deadLettered, boolean noted) {
    deadLettered.stream().limit(MOST_LOGGED).forEach(event -> log(writer.name(), event));
    if (deadLettered.size() > MOST_LOGGED) {
      LOG.error(
          "{}: {} more events became dead letters; 'indelible dlq list' shows them",
          writer.name(),
          deadLettered.size() - MOST_LOGGED);
    }
    if (!deadLettered.isEmpty() && deadLetters >= 0) {
      // Not counted again for each batch: a hostile gate can make every batch have one.
      deadLetters += deadLettered.size();
      counters.reportDeadLetters(deadLetters);
      waiting = true;
    }
    if (noted || deadLetters < 0) {
      look(writer);
    } else {
      lookIfDue(writer);
    }
  }

  /** Counts again from time to time while dead letters or tamper rows wait. */
  void lookIfDue(LedgerWriter writer) {
    long interval = Math.max(LOOK_INTERVAL.toNanos(), COUNT_SHARE * lookNanos);
    if (waiting && System.nanoTime() - lastLook >= interval) {
      look(writer);
    }
  }

  /**
   * Counts dead letters and tamper rows. A failure is reported, and does not cause a retry of
   * committed rows.
   */
  private void look(LedgerWriter writer) {
    lastLook = System.nanoTime();
    waiting = true;
    deadLetters = -1;
    try {
      deadLetters = writer.countWaitingDeadLetters();
      long tampered = unanswered(writer);
      counters.reportDeadLetters(deadLetters);
      counters.reportTamperRows(tampered);
      counters.healthEntries().clear(HealthEntry.LEDGER);
      waiting = deadLetters + tampered > 0;
    } catch (LedgerException | HeadGuard.KeysUnreadableException e) {
      counters
          .healthEntries()
          .set(
              HealthEntry.LEDGER,
              writer.name() + ": dead letters and tampering cannot be counted: " + e.getMessage());
    }
    lookNanos = System.nanoTime() - lastLook;
  }

  /** Counts unanswered rows that report tampering. Checks answers only if there are new rows. */
  private long unanswered(LedgerWriter writer) throws LedgerException {
    long notes = writer.count(SystemEvent.TAMPER, 1, Long.MAX_VALUE);
    long answers = writer.count(SystemEvent.TAMPER_ANSWERED, 1, Long.MAX_VALUE);
    if (notes == 0 || answers == 0) {
      return notes;
    }
    TamperRows now =
        new TamperRows(
            notes,
            answers,
            last(writer, SystemEvent.TAMPER),
            last(writer, SystemEvent.TAMPER_ANSWERED));
    if (!now.equals(judged)) {
      try (LedgerReader ledger = writer.reader()) {
        unanswered =
            new TamperNotes(ledger, KeyHistory.read(ledger, guard.accepted(), false))
                .all().stream().filter(note -> !note.isAnswered()).count();
      }
      judged = now;
    }
    return unanswered;
  }

  private static Optional<Head> last(LedgerWriter writer, String type) throws LedgerException {
    return writer.lastOfType(type, Long.MAX_VALUE, row -> true).map(ChainRow::head);
  }

  /**
   * Logs a dead letter. The agent chooses its own id and the type, so both are quoted: they cannot
   * forge a log line.
   */
  private static void log(String ledger, DeadLettered event) {
    LOG.error(
        "{}: event {} of agent {}, type {}, became a dead letter: {}; 'indelible dlq show {}' shows it",
        ledger,
        event.id(),
        quoted(event.agentId()),
        quoted(event.eventType()),
        event.reason(),
        event.id());
  }

  private static String quoted(String text) {
    return new String(new CanonicalWriter().string(text).toBytes(), StandardCharsets.UTF_8);
  }
}
