// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.gate.DecisionBooks;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Publishes the books of an open log through Micrometer: {@code
 * IndelibleMeters.of(indelible).bindTo(registry)}.
 *
 * <p>What cannot be read is NaN and never 0 (D11). The registry keeps no log alive: hold on to it
 * for as long as it is measured, or gauges become NaN. This is the only class here that needs
 * Micrometer on the class path.
 */
public final class IndelibleMeters implements MeterBinder {
  private static final String AUDIT = "indelible.audit.";

  private final Indelible indelible;

  private IndelibleMeters(Indelible indelible) {
    this.indelible = indelible;
  }

  /** The meters of that log. */
  public static IndelibleMeters of(Indelible indelible) {
    return new IndelibleMeters(indelible);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    decisions(registry);
    events(registry);
    backlog(registry);
    ledger(registry);
    anchors(registry);
    state(registry);
  }

  private void decisions(MeterRegistry registry) {
    for (String verdict : DecisionBooks.VERDICTS) {
      for (String kind : DecisionBooks.ACTION_KINDS) {
        FunctionCounter.builder(
                "indelible.decisions", indelible, log -> log.gate().books().count(verdict, kind))
            .tags("verdict", verdict, "action_kind", kind)
            .description("Decisions, as their callers were told")
            .register(registry);
      }
    }
    FunctionTimer.builder(
            "indelible.decision.duration",
            indelible,
            log -> log.gate().books().decisions(),
            log -> log.gate().books().time().toNanos(),
            TimeUnit.NANOSECONDS)
        .description("Time from the question to the answer")
        .register(registry);
  }

  private void events(MeterRegistry registry) {
    counter(registry, "submitted", "Events handed in", DeferredAuditMetrics::submitted);
    counter(registry, "appended", "Events in the chain", DeferredAuditMetrics::appended);
    counter(
        registry, "dead.lettered", "Events in the dead letters", DeferredAuditMetrics::dlqLanded);
    counter(
        registry,
        "rejected",
        "Events not accepted, as their callers know",
        DeferredAuditMetrics::sendFailures);
    counter(
        registry,
        "lost",
        "Accepted events that were lost, as the chain says",
        DeferredAuditMetrics::lost);
    counter(
        registry,
        "unsigned",
        "Events in the chain without a signature of their own",
        DeferredAuditMetrics::unsigned);
  }

  private void backlog(MeterRegistry registry) {
    Gauge.builder(AUDIT + "pending", indelible, log -> log.metrics().pending())
        .description("Events accepted and neither in the chain nor in the dead letters yet")
        .register(registry);
    seconds(
        registry,
        "oldest.pending",
        "Age of the oldest of those; 0 if there are none",
        IndelibleMeters::oldestPending);
    Gauge.builder(AUDIT + "journal", indelible, log -> number(log.metrics().journalBytes()))
        .baseUnit("bytes")
        .description("What this process's journal takes on disk")
        .register(registry);
    seconds(
        registry,
        "since.sync",
        "Time of which a power cut may cost what was accepted in it",
        DeferredAuditMetrics::syncAge);
  }

  private void ledger(MeterRegistry registry) {
    FunctionTimer.builder(
            AUDIT + "commit.duration",
            indelible,
            log -> log.metrics().commits(),
            log -> log.metrics().commitTime().toNanos(),
            TimeUnit.NANOSECONDS)
        .description("Time in which the ledger took a batch, durably")
        .register(registry);
    counter(
        registry,
        "drainer.restarts",
        "Failures after which the drainer went on afresh",
        DeferredAuditMetrics::drainerRestarts);
    counter(
        registry,
        "unique.race.retries",
        "Races for the next sequence that were lost and run again",
        DeferredAuditMetrics::uniqueRaceRetries);
    Gauge.builder(AUDIT + "chain.sequence", indelible, log -> number(log.metrics().chainSequence()))
        .description("The last sequence when this log last wrote to the chain")
        .register(registry);
  }

  private void anchors(MeterRegistry registry) {
    Gauge.builder(AUDIT + "not.cosigned", indelible, log -> number(log.rowsNotCosigned()))
        .baseUnit("rows")
        .description("Rows behind the last checkpoint that a quorum of witnesses cosigned")
        .register(registry);
    Gauge.builder(AUDIT + "not.anchored", indelible, log -> number(log.rowsNotAnchored()))
        .baseUnit("rows")
        .description("Rows behind the last checkpoint in the anchor file")
        .register(registry);
  }

  private void state(MeterRegistry registry) {
    for (AuditHealth.State state : AuditHealth.State.values()) {
      Gauge.builder(
              AUDIT + "state", indelible, log -> log.metrics().health().state() == state ? 1 : 0)
          .tags("state", state.label())
          .description("1 for the state that recording is in, 0 for the others")
          .register(registry);
    }
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      ToLongFunction<DeferredAuditMetrics> value) {
    FunctionCounter.builder(AUDIT + name, indelible, log -> value.applyAsLong(log.metrics()))
        .description(description)
        .register(registry);
  }

  private void seconds(
      MeterRegistry registry,
      String name,
      String description,
      Function<DeferredAuditMetrics, Optional<Duration>> value) {
    TimeGauge.builder(
            AUDIT + name,
            indelible,
            TimeUnit.NANOSECONDS,
            log ->
                value.apply(log.metrics()).map(time -> (double) time.toNanos()).orElse(Double.NaN))
        .description(description)
        .register(registry);
  }

  private static Optional<Duration> oldestPending(DeferredAuditMetrics books) {
    return books.pending() == 0 ? Optional.of(Duration.ZERO) : books.oldestPending();
  }

  private static double number(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : Double.NaN;
  }
}
