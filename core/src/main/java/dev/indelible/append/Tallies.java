// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.TypeCounts;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.Throttle;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerUnavailableException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.Tally;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.OutcomeCounters;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Chains a {@link Tally} of one run's decisions from time to time and at the end. Outlives the sinks
 * of the run. Used by the drainer's thread.
 *
 * <p>A tally is made inside the transaction that writes it, so the rows that it covers are exactly
 * those after the previous tally, by any writer. It delays no row: one that fails is left out, and
 * the next covers its rows.
 */
public final class Tallies {
  /** How often a tally is written while there is something new. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(60);

  /**
   * A run that was asked one question leaves a tally only if so many decisions are behind the last:
   * one beside the one row that it counts goes wherever the row goes, and would double the chain.
   */
  public static final int WORTH_A_TALLY = 100;

  /** Rows behind the last tally that are counted for a first tally at the end; more take longer. */
  private static final long MOST_AT_THE_END = 10_000_000;

  /** The key of the health entry. */
  private static final String SOURCE = HealthEntry.TALLIES;

  /** How often a tally that is not written is logged, at most. */
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

  /** The row after the last tally when this run first wrote one: its own come after that. */
  private long firstUncovered = Long.MAX_VALUE;

  /** Whether one was written and it is not known whether it is in the chain. */
  private boolean unsure;

  /** How many decisions it spoke of. */
  private long spokenOf;

  private long lastTry = System.nanoTime();

  /**
   * The tallies of one run.
   *
   * @param interval how often one is written, at most; null if none ever is
   * @param guard knows the keys that earlier ones may be signed with
   * @param counters where decisions are counted as they are handed in
   */
  public Tallies(
      @Nullable Duration interval, HeadGuard guard, AuditCounters counters) {
    this.wanted = interval != null;
    this.intervalNanos = interval == null ? Long.MAX_VALUE : TimeUnit.NANOSECONDS.convert(interval);
    this.guard = guard;
    this.counters = counters;
  }

  /**
   * Writes a tally if the last was long enough ago, and there is something new.
   *
   * @return whether it was tried, so that the chain may have grown
   */
  boolean writeIfDue(ChainEnd end, RowSealer sealer) {
    if (!wanted || System.nanoTime() - lastTry < intervalNanos) {
      return false;
    }
    lastTry = System.nanoTime();
    boolean news = isNews();
    if (news) {
      tryToWrite(end, sealer);
    }
    return news;
  }

  /** Rows are settled without it: whatever is wrong with a tally must not stop them. */
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

  /** Whether a last tally may have something to say. */
  boolean isNews() {
    return wanted && spoken() != spokenOf;
  }

  /** Writes the last tally, if it has something to state. */
  void finish(ChainEnd end, RowSealer sealer) throws LedgerException {
    if (isNews() || wanted && number > 0) {
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
      // Counting them takes its time: that is for a run that has some.
      return;
    }
    // Before the ledger is locked, for it may be much.
    Covered counted = new Covered(first, end, count(writer, first, end));
    BatchAppend append = new BatchAppend(chain, sealer, counters);
    Optional<Tally> said =
        writer.inTransaction(
            () -> {
              Optional<Tally> next =
                  append.say(now -> next(writer, now, closed, counted), Tally::toEvent);
              unsure |= next.isPresent();
              return next;
            });
    if (said.isPresent() && writer.isStillThere()) {
      unsure = false;
      number = said.get().number();
      counters.healthEntries().clear(SOURCE);
      spokenOf = spoken;
      append.committed();
      counters.reportChainSequence(append.head().sequence());
    }
  }

  /**
   * The decisions in some rows.
   *
   * @param first the row behind the last tally; 1 if there is none
   * @param last the last of them
   */
  private record Covered(long first, long last, TypeCounts decisions) {}

  /**
   * What is behind the last tally up to the end that the chain has under the lock: what was
   * counted, and the rest.
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

  /** The next tally, at that end of the chain; empty if it is not worth its row. */
  private Optional<Tally> next(LedgerWriter writer, Head end, boolean closed, Covered before)
      throws LedgerException {
    if (unsure) {
      // The answer to one of ours was lost: the chain knows which was the last.
      Optional<Tally> ours =
          writer
              .lastOfType(
                  SystemEvent.TALLY,
                  end.sequence() + 1,
                  row -> row.sequence() < firstUncovered || isOurs(row))
              .filter(this::isOurs)
              .flatMap(Tally::read);
      number = Math.max(number, ours.map(Tally::number).orElse(0L));
      if (ours.filter(Tally::closed).isPresent()) {
        return Optional.empty();
      }
    }
    Covered rows = covered(writer, end.sequence(), before);
    if (isOneQuestion(closed) && rows.decisions().total() < WORTH_A_TALLY) {
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
