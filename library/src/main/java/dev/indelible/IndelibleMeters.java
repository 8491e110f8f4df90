// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.AgentAction;
import dev.indelible.follow.CosignatureFollower;
import dev.indelible.gate.DecisionCounters;
import dev.indelible.health.HealthEntry;
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

/**
 * Publishes the counters and the health of an open log through Micrometer: {@code
 * IndelibleMeters.of(indelible).bindTo(registry)}. All meters of a scrape read one snapshot.
 *
 * <p>Unreadable values are NaN, never 0. Meters refer to the log weakly: while they are used, keep
 * a reference to the log, or gauges become NaN. Only this class needs Micrometer on the class path.
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
    decisions(binding);
    events(binding);
    backlog(binding);
    ledger(binding);
    anchors(binding);
    health(binding, sources());
  }

  /** Returns the sources that health entries of this log can have. */
  private List<String> sources() {
    List<String> sources = new ArrayList<>(HealthEntry.SOURCES);
    indelible.witnessing().stream()
        .flatMap(witnessing -> witnessing.witnesses().stream())
        .map(CosignatureFollower.State::name)
        .map(HealthEntry::witness)
        .forEach(sources::add);
    return sources;
  }

  private static void decisions(Binding binding) {
    for (String verdict : DecisionCounters.VERDICTS) {
      for (String kind : AgentAction.KINDS) {
        FunctionCounter.builder(
                "indelible.decisions",
                binding.log,
                binding.read(snapshot -> snapshot.decisions(verdict, kind)))
            .tags("verdict", verdict, "action_kind", kind)
            .description("Decisions of the gate")
            .register(binding.registry);
      }
    }
    binding.timer(
        "indelible.decision.duration",
        "Time that the gate took to decide",
        Snapshot::allDecisions,
        Snapshot::decisionTime);
  }

  private static void events(Binding binding) {
    binding.counter("submitted", "Events submitted", DeferredAuditMetrics::submitted);
    binding.counter("appended", "Events in the chain", DeferredAuditMetrics::appended);
    binding.counter(
        "dead.lettered", "Events that became dead letters", DeferredAuditMetrics::dlqLanded);
    binding.counter(
        "rejected",
        "Events rejected, so that the gate refused",
        DeferredAuditMetrics::sendFailures);
    binding.counter(
        "lost", "Accepted events that were lost, as the chain records", DeferredAuditMetrics::lost);
    binding.counter(
        "unsigned",
        "Events in the chain without a signature of their own",
        DeferredAuditMetrics::unsigned);
  }

  private static void backlog(Binding binding) {
    binding.gauge(
        "pending",
        "Accepted events that wait for the ledger",
        snapshot -> snapshot.metrics().pending());
    binding.seconds(
        "oldest.pending",
        "Age of the oldest waiting event; 0 if none waits",
        IndelibleMeters::oldestPending);
    Gauge.builder(
            AUDIT + "journal",
            binding.log,
            binding.read(snapshot -> number(snapshot.metrics().journalBytes())))
        .baseUnit("bytes")
        .description("Disk space of this process's journal")
        .register(binding.registry);
    binding.seconds(
        "since.sync",
        "Age of the last sync; a power cut can lose the events accepted since",
        DeferredAuditMetrics::syncAge);
    binding.gauge(
        "dead.letters.waiting",
        "Dead letters in the ledger that were not replayed, when this log last looked",
        snapshot -> number(snapshot.metrics().deadLettersWaiting()));
  }

  private static void ledger(Binding binding) {
    binding.timer(
        AUDIT + "commit.duration",
        "Time to commit a batch durably",
        snapshot -> snapshot.metrics().commits(),
        snapshot -> snapshot.metrics().commitTime());
    binding.counter(
        "append.failures",
        "Failed attempts to append, each retried",
        DeferredAuditMetrics::appendFailures);
    binding.counter(
        "drainer.panics",
        "Attempts to append that threw an unexpected exception",
        DeferredAuditMetrics::drainerPanics);
    binding.counter(
        "drainer.restarts",
        "Failures after which the ledger's writer was replaced, or the restart budget was used up",
        DeferredAuditMetrics::drainerRestarts);
    binding.counter(
        "unique.race.retries",
        "Lost races for the next sequence, each retried",
        DeferredAuditMetrics::uniqueRaceRetries);
    binding.gauge(
        "chain.sequence",
        "The end of the chain when this log last wrote to it",
        snapshot -> number(snapshot.metrics().chainSequence()));
    binding.gauge(
        "tampered",
        "1 if the chain has a row that reports tampering, when this log last looked",
        snapshot -> Math.min(1, number(snapshot.metrics().tamperRows())));
  }

  private static void anchors(Binding binding) {
    binding.rows(
        "not.cosigned",
        "Rows after the last checkpoint that a quorum of witnesses cosigned",
        Snapshot::notCosigned);
    binding.rows(
        "not.anchored", "Rows after the last checkpoint in the anchor file", Snapshot::notAnchored);
  }

  private static void health(Binding binding, List<String> sources) {
    for (AuditHealth.State state : AuditHealth.State.values()) {
      Gauge.builder(
              AUDIT + "state",
              binding.log,
              binding.read(snapshot -> snapshot.metrics().health().state() == state ? 1 : 0))
          .tags("state", state.label())
          .description("1 for the current state, 0 for the others")
          .register(binding.registry);
    }
    for (String source : sources) {
      Gauge.builder(
              AUDIT + "health",
              binding.log,
              binding.read(
                  snapshot -> snapshot.metrics().health().entry(source).isPresent() ? 1 : 0))
          .tags("source", source)
          .description("1 while the source has a problem, else 0")
          .register(binding.registry);
    }
  }

  private static Optional<Duration> oldestPending(DeferredAuditMetrics metrics) {
    return metrics.pending() == 0 ? Optional.of(Duration.ZERO) : metrics.oldestPending();
  }

  private static double number(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : Double.NaN;
  }

  /** Registers the meters of one log with one registry. */
  private static final class Binding {
    private final MeterRegistry registry;
    private final Indelible log;
    private final Scrapes<Indelible, Snapshot> scrapes = new Scrapes<>(Snapshot::of);
    private int readers;

    Binding(MeterRegistry registry, Indelible log) {
      this.registry = registry;
      this.log = log;
    }

    /** Returns a function that reads a value from the current scrape's snapshot. */
    ToDoubleFunction<Indelible> read(ToDoubleFunction<Snapshot> value) {
      Scrapes<Indelible, Snapshot> of = scrapes;
      int reader = readers++;
      return from -> value.applyAsDouble(of.snapshot(from, reader));
    }

    void counter(String name, String description, ToLongFunction<DeferredAuditMetrics> value) {
      FunctionCounter.builder(
              AUDIT + name, log, read(snapshot -> value.applyAsLong(snapshot.metrics())))
          .description(description)
          .register(registry);
    }

    void gauge(String name, String description, ToDoubleFunction<Snapshot> value) {
      Gauge.builder(AUDIT + name, log, read(value)).description(description).register(registry);
    }

    void rows(String name, String description, Function<Snapshot, OptionalLong> value) {
      Gauge.builder(AUDIT + name, log, read(snapshot -> number(value.apply(snapshot))))
          .baseUnit("rows")
          .description(description)
          .register(registry);
    }

    void seconds(
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

    void timer(
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
   * Values of a log at one moment.
   *
   * @param metrics the counters and the health of the queue
   * @param decisions the decisions of the gate, by verdict and then by kind of action
   * @param allDecisions the number of decisions
   * @param decisionTime the total time of the decisions
   * @param notCosigned rows that no quorum has cosigned yet
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
