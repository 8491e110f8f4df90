// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.AgentAction;
import dev.indelible.gate.DecisionCounters;
import dev.indelible.health.HealthEntry;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Publishes the counters and the health of an open log through Micrometer: {@code
 * IndelibleMeters.of(indelible).bindTo(registry)}. All meters of one scrape are of one snapshot.
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

  /** Returns the meters of a log. */
  public static IndelibleMeters of(Indelible indelible) {
    return new IndelibleMeters(indelible);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Binding binding = new Binding(registry, indelible);
    binding.decisions();
    binding.events();
    binding.backlog();
    binding.ledger();
    binding.health(sources());
  }

  /** Returns every source that an entry of this log's health can have. */
  private List<String> sources() {
    List<String> sources = new ArrayList<>(HealthEntry.SOURCES);
    indelible.witnessing().stream()
        .flatMap(witnessing -> witnessing.witnesses().stream())
        .map(CosignatureFollower.State::name)
        .map(HealthEntry::witness)
        .forEach(sources::add);
    return sources;
  }

  private static double number(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : Double.NaN;
  }

  /** A log and the registry that its meters are registered with; keeps the log for no meter. */
  private static final class Binding {
    private final MeterRegistry registry;
    private final Indelible log;
    private final Scrapes<Indelible, Snapshot> scrapes = new Scrapes<>(Snapshot::of);
    private int readers;

    Binding(MeterRegistry registry, Indelible log) {
      this.registry = registry;
      this.log = log;
    }

    void decisions() {
      for (String verdict : DecisionCounters.VERDICTS) {
        for (String kind : AgentAction.KINDS) {
          counter(
              "indelible.decisions",
              "Decisions, as their callers were told",
              now -> now.decisions(verdict, kind),
              "verdict",
              verdict,
              "action_kind",
              kind);
        }
      }
      timer(
          "indelible.decision.duration",
          "Time from the question to the answer",
          Snapshot::allDecisions,
          Snapshot::decisionTime);
    }

    void events() {
      counter(AUDIT + "submitted", "Events handed in", now -> now.metrics().submitted());
      counter(AUDIT + "appended", "Events in the chain", now -> now.metrics().appended());
      counter(
          AUDIT + "dead.lettered", "Events in the dead letters", now -> now.metrics().dlqLanded());
      counter(
          AUDIT + "rejected",
          "Events not accepted, as their callers know",
          now -> now.metrics().sendFailures());
      counter(
          AUDIT + "lost",
          "Accepted events that were lost, as the chain says",
          now -> now.metrics().lost());
      counter(
          AUDIT + "unsigned",
          "Events in the chain without a signature of their own",
          now -> now.metrics().unsigned());
    }

    void backlog() {
      gauge(
          "pending",
          null,
          "Events accepted and neither in the chain nor in the dead letters yet",
          now -> now.metrics().pending());
      seconds(
          "oldest.pending",
          "Age of the oldest of those; 0 if there are none",
          Binding::oldestPending);
      gauge(
          "journal",
          "bytes",
          "What this process's journal takes on disk",
          now -> number(now.metrics().journalBytes()));
      seconds(
          "since.sync",
          "Time of which a power cut may cost what was accepted in it",
          DeferredAuditMetrics::syncAge);
      gauge(
          "dead.letters.waiting",
          null,
          "Dead letters in the ledger that were not replayed, when this log last looked",
          now -> number(now.metrics().deadLettersWaiting()));
    }

    void ledger() {
      timer(
          AUDIT + "commit.duration",
          "Time in which the ledger took a batch, durably",
          now -> now.metrics().commits(),
          now -> now.metrics().commitTime());
      counter(
          AUDIT + "append.failures",
          "Attempts to append that the ledger's writer reported as failed, and that were repeated",
          now -> now.metrics().appendFailures());
      counter(
          AUDIT + "drainer.panics",
          "Attempts to append out of which something unexpected was thrown",
          now -> now.metrics().drainerPanics());
      counter(
          AUDIT + "drainer.restarts",
          "Failures that cost the ledger's writer, the one that used up its budget among them",
          now -> now.metrics().drainerRestarts());
      counter(
          AUDIT + "unique.race.retries",
          "Races for the next sequence that were lost and run again",
          now -> now.metrics().uniqueRaceRetries());
      gauge(
          "chain.sequence",
          null,
          "The last sequence when this log last wrote to the chain",
          now -> number(now.metrics().chainSequence()));
      gauge(
          "tampered",
          null,
          "1 if the chain has a row that reports tampering, when this log last looked",
          now -> Math.min(1, number(now.metrics().tamperRows())));
      gauge(
          "not.cosigned",
          "rows",
          "Rows behind the last checkpoint that a quorum of witnesses cosigned",
          now -> number(now.notCosigned()));
      gauge(
          "not.anchored",
          "rows",
          "Rows behind the last checkpoint in the anchor file",
          now -> number(now.notAnchored()));
    }

    void health(List<String> sources) {
      for (AuditHealth.State state : AuditHealth.State.values()) {
        gauge(
            "state",
            null,
            "1 for the state that recording is in, 0 for the others",
            now -> now.metrics().health().state() == state ? 1 : 0,
            "state",
            state.label());
      }
      for (String source : sources) {
        gauge(
            "health",
            null,
            "1 while something is wrong with that source, 0 while nothing is",
            now -> now.metrics().health().entry(source).isPresent() ? 1 : 0,
            "source",
            source);
      }
    }

    private static Optional<Duration> oldestPending(DeferredAuditMetrics metrics) {
      return metrics.pending() == 0 ? Optional.of(Duration.ZERO) : metrics.oldestPending();
    }

    /** Returns a function that reads from the snapshot of a scrape, once in each. */
    private ToDoubleFunction<Indelible> read(ToDoubleFunction<Snapshot> value) {
      Scrapes<Indelible, Snapshot> of = scrapes;
      int reader = readers++;
      return from -> value.applyAsDouble(of.snapshot(from, reader));
    }

    private void counter(
        String name, String description, ToDoubleFunction<Snapshot> value, String... tags) {
      FunctionCounter.builder(name, log, read(value))
          .tags(tags)
          .description(description)
          .register(registry);
    }

    private void gauge(
        String name,
        @Nullable String unit,
        String description,
        ToDoubleFunction<Snapshot> value,
        String... tags) {
      Gauge.builder(AUDIT + name, log, read(value))
          .baseUnit(unit)
          .tags(tags)
          .description(description)
          .register(registry);
    }

    private void seconds(
        String name, String description, Function<DeferredAuditMetrics, Optional<Duration>> value) {
      TimeGauge.builder(
              AUDIT + name,
              log,
              TimeUnit.NANOSECONDS,
              read(
                  snapshot ->
                      value
                          .apply(snapshot.metrics())
                          .map(time -> (double) time.toNanos())
                          .orElse(Double.NaN)))
          .description(description)
          .register(registry);
    }

    private void timer(
        String name,
        String description,
        ToLongFunction<Snapshot> count,
        Function<Snapshot, Duration> time) {
      ToDoubleFunction<Indelible> counted = read(count::applyAsLong);
      FunctionTimer.builder(
              name,
              log,
              from -> (long) counted.applyAsDouble(from),
              read(snapshot -> time.apply(snapshot).toNanos()),
              TimeUnit.NANOSECONDS)
          .description(description)
          .register(registry);
    }
  }

  /**
   * Counters of a log at one moment.
   *
   * @param metrics the counters and the health of its queue
   * @param decisions its gate's, by verdict and then by kind of action
   * @param allDecisions their sum
   * @param decisionTime how long they took together
   * @param notCosigned rows that no quorum vouches for yet
   * @param notAnchored rows that the anchor file does not cover yet
   */
  private record Snapshot(
      DeferredAuditMetrics metrics,
      Map<String, Map<String, Long>> decisions,
      long allDecisions,
      Duration decisionTime,
      OptionalLong notCosigned,
      OptionalLong notAnchored) {
    static Snapshot of(Indelible log) {
      DecisionCounters gate = log.gate().counters();
      Map<String, Map<String, Long>> decisions = new HashMap<>();
      long all = 0;
      for (String verdict : DecisionCounters.VERDICTS) {
        for (String kind : AgentAction.KINDS) {
          long count = gate.count(verdict, kind);
          decisions.computeIfAbsent(verdict, any -> new HashMap<>()).put(kind, count);
          all += count;
        }
      }
      return new Snapshot(
          log.metrics(), decisions, all, gate.time(), log.rowsNotCosigned(), log.rowsNotAnchored());
    }

    double decisions(String verdict, String kind) {
      return decisions.get(verdict).get(kind);
    }
  }
}
