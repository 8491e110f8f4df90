// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.Throttle;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.monitor.OutcomeCounters;
import dev.indelible.monitor.TypeCounts;
import dev.indelible.note.Tally;
import dev.indelible.pending.JournalMark;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends a {@link Tally} of one run's decisions from time to time and at the end. Shared by the
 * successive sinks of the run. Used by the drainer's thread.
 *
 * <p>A tally is created in the transaction that writes it, so it covers exactly the rows after the
 * previous tally, by any writer. A tally delays no row: if one cannot be written, the next tally
 * covers its rows.
 */
public final class Tallies {
  /** The interval at which tallies are written while new decisions are counted. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);

  /**
   * Minimum number of decisions after the last tally for which a run with a single decision writes
   * a tally. A tally of a single row would double the length of the chain and prove nothing,
   * because an attacker can remove both.
   */
  public static final int MIN_DECISIONS_FOR_TALLY = 100;

  /**
   * Maximum number of rows after the last tally for which a run writes its first tally at its end.
   */
  private static final long MOST_AT_THE_END = 10_000_000;

  /** The key of the health entry. */
  private static final String SOURCE = HealthEntry.TALLIES;

  /** The minimum time between two log lines about tallies that are not written. */
  private static final Duration FAILURE_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Tallies.class);

  private final Throttle failuresLog = Throttle.of(FAILURE_LOG_INTERVAL);

  private final UUID run = UUID.randomUUID();
  private final boolean wanted;
  private final long intervalNanos;
  private final HeadGuard guard;
  private final AuditCounters counters;

  /** The number of the last tally written. */
  private long number;

  /**
   * The row after the last tally when this run first wrote a tally; this run's tallies are at or
   * after this row.
   */
  private long firstUncovered = Long.MAX_VALUE;

  /** True if a tally was written and it is unknown whether it is in the chain. */
  private boolean unsure;

  /** Decisions that the last tally covers. */
  private long lastCounted;

  /**
   * The positions up to which the counters count the events of journals that retain them. A ledger
   * with a lower one has lost counted events.
   */
  private final Map<UUID, Long> countedTo = new HashMap<>();

  private long lastTry = System.nanoTime();

  /**
   * Creates the tallies of one run.
   *
   * @param interval the minimum time between two tallies; null for no tallies
   * @param guard knows the keys that may have signed earlier tallies
   * @param counters the counters of the run's decisions
   */
  public Tallies(@Nullable Duration interval, HeadGuard guard, AuditCounters counters) {
    this.wanted = interval != null;
    this.intervalNanos = interval == null ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(interval);
    this.guard = guard;
    this.counters = counters;
  }

  /**
   * Writes a tally if the interval has passed and decisions were counted since the last tally.
   *
   * @return true if a write was tried, so that the chain may have grown
   */
  boolean writeIfDue(ChainEnd end, RowSealer sealer) {
    if (!wanted || System.nanoTime() - lastTry < intervalNanos) {
      return false;
    }
    lastTry = System.nanoTime();
    boolean hasNew = hasNewDecisions();
    if (hasNew) {
      tryToWrite(end, sealer);
    }
    return hasNew;
  }

  /** Records the positions that were committed with a batch. */
  void committed(List<JournalMark> marks) {
    for (JournalMark mark : marks) {
      if (mark.isRetained()) {
        countedTo.put(mark.journal(), mark.position());
      }
    }
  }

  /**
   * Returns true if the ledger has gone back, so that the counters count events it does not have.
   */
  private boolean isBehindCounters(LedgerWriter writer) throws LedgerException {
    for (Map.Entry<UUID, Long> journal : countedTo.entrySet()) {
      if (writer.position(journal.getKey()) < journal.getValue()) {
        return true;
      }
    }
    return false;
  }

  /** Writes a tally. A failure is reported and does not delay rows. */
  private void tryToWrite(ChainEnd end, RowSealer sealer) {
    try {
      write(end, sealer, false);
    } catch (LedgerUnavailableException e) {
      failuresLog.ifDue(() -> LOG.warn("no tally is written for now: {}", e.getMessage()));
    } catch (LedgerException e) {
      counters.healthEntries().set(SOURCE, "no tally can be written: " + e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("no tally is written for now: {}", e.getMessage(), e);
    }
  }

  /** Returns true if decisions were counted since the last tally. */
  boolean hasNewDecisions() {
    return wanted && spoken() != lastCounted;
  }

  /** Writes the run's last tally, if the run wrote one before or counted decisions since. */
  void finish(ChainEnd end, RowSealer sealer) throws LedgerException {
    if (hasNewDecisions() || wanted && number > 0) {
      write(end, sealer, true);
    }
  }

  private long spoken() {
    return counters.intake().attempts().total()
        + counters.unrecorded().total()
        + counters.outcomes().recovered().total();
  }

  private void write(ChainEnd chain, RowSealer sealer, boolean closed) throws LedgerException {
    LedgerWriter writer = chain.writer();
    long spoken = spoken();
    long end = writer.lastRow().map(ChainRow::sequence).orElse(0L);
    long first = firstBehindTally(writer, end);
    firstUncovered = Math.min(firstUncovered, first);
    if (closed && number == 0 && end - first > MOST_AT_THE_END) {
      // Counting would take too long at the end of a run; it is left to a run that writes tallies
      // at intervals.
      return;
    }
    // The decisions are counted before the ledger is locked, because there may be many rows.
    Covered counted = new Covered(first, end, count(writer, first, end));
    BatchAppend append = new BatchAppend(chain, sealer, counters);
    Optional<Tally> earlier =
        writer.inTransaction(
            () -> {
              Optional<Tally> next =
                  append.chainAt(now -> next(writer, now, closed, counted), Tally::toEvent);
              unsure |= next.isPresent();
              return next;
            });
    if (earlier.isPresent() && writer.isStillThere()) {
      unsure = false;
      number = earlier.get().number();
      counters.healthEntries().clear(SOURCE);
      lastCounted = spoken;
      append.committed();
      counters.reportChainSequence(append.head().sequence());
    }
  }

  /**
   * Decisions in a range of rows.
   *
   * @param first the row after the last tally; 1 if there is none
   * @param last the last row of the range
   */
  private record Covered(long first, long last, TypeCounts decisions) {}

  /**
   * Returns the decisions from the last tally to the end of the chain in the transaction: those
   * counted before the transaction, plus the rest.
   */
  private Covered covered(LedgerWriter writer, long end, Covered before) throws LedgerException {
    long first = firstBehindTally(writer, end);
    if (first != before.first() || before.last() > end) {
      return new Covered(first, end, count(writer, first, end));
    }
    TypeCounts rest = count(writer, before.last() + 1, end);
    return new Covered(first, end, before.decisions().plus(rest));
  }

  private long firstBehindTally(LedgerWriter writer, long end) throws LedgerException {
    return writer
        .lastOfType(SystemEvent.TALLY, end + 1, this::isTally)
        .map(row -> row.sequence() + 1)
        .orElse(1L);
  }

  private static TypeCounts count(LedgerWriter writer, long from, long to) throws LedgerException {
    return new TypeCounts(
        writer.count(DeferredAuditEvent.CHECK, from, to),
        writer.count(DeferredAuditEvent.REFUSAL, from, to));
  }

  private boolean isOneQuestion(boolean closed) {
    return number == 0 && spoken() <= 1 && closed;
  }

  /** Returns the next tally at an end of the chain; empty if it is not worth a row. */
  private Optional<Tally> next(LedgerWriter writer, Head end, boolean closed, Covered before)
      throws LedgerException {
    if (isBehindCounters(writer)) {
      failuresLog.ifDue(
          () -> LOG.warn("{}: no tally is written: the ledger has gone back", writer.name()));
      return Optional.empty();
    }
    if (unsure || number > 0) {
      // The run's last tally is read from the chain. A commit of this run may have succeeded
      // although it threw, or the ledger may have gone back behind a tally.
      Optional<Tally> ours =
          writer
              .lastOfType(
                  SystemEvent.TALLY,
                  end.sequence() + 1,
                  row -> row.sequence() < firstUncovered || isOurs(row))
              .filter(this::isOurs)
              .flatMap(Tally::read);
      number = ours.map(Tally::number).orElse(0L);
      if (ours.filter(Tally::closed).isPresent()) {
        return Optional.empty();
      }
    }
    Covered rows = covered(writer, end.sequence(), before);
    if (isOneQuestion(closed) && rows.decisions().total() < MIN_DECISIONS_FOR_TALLY) {
      return Optional.empty();
    }
    AuditCounters.Intake intake = counters.intake();
    OutcomeCounters outcomes = counters.outcomes();
    return Optional.of(
        new Tally(
            run,
            number + 1,
            closed,
            rows.first(),
            rows.last(),
            rows.decisions(),
            intake.attempts(),
            counters.unrecorded(),
            new Tally.Outcomes(
                outcomes.appended(),
                outcomes.deadLettered(),
                outcomes.repeated(),
                intake.rejected().byType(),
                outcomes.lost()),
            outcomes.recovered()));
  }

  private boolean isOurs(ChainRow row) {
    return Tally.read(row).filter(tally -> tally.run().equals(run)).isPresent() && isTally(row);
  }

  private boolean isTally(ChainRow row) {
    return guard.isSound(row) && Tally.read(row).isPresent();
  }
}
