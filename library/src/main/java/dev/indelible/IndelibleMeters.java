// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.AgentAction;
import dev.indelible.gate.DecisionCounters;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.publish.CosignatureFollower;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Publishes the counters and the health of an open log through Micrometer: {@code
 * IndelibleMeters.of(indelible).bindTo(registry)}. All meters of a scrape read one snapshot.
 *
 * <p>Unreadable values are NaN, never 0. Meters refer to the log weakly: while they are used, keep
 * a reference to the log, or gauges become NaN. Only this class needs Micrometer on the class path.
 */
public final class IndelibleMeters implements MeterBinder {
  private static final String AUDIT = "indelible.audit.";

  /** Sources that are checked only with the files of the log, see {@link Indelible#health}. */
  private static final Set<String> OF_FILES =
      Set.of(
          HealthEntry.CREDENTIALS,
          HealthEntry.DISK,
          HealthEntry.KEYS,
          HealthEntry.WAITING,
          HealthEntry.WITNESSES);

  private final Indelible indelible;
  private final Supplier<Optional<AuditHealth>> whole;

  private IndelibleMeters(Indelible indelible, Supplier<Optional<AuditHealth>> whole) {
    this.indelible = indelible;
    this.whole = whole;
  }

  /**
   * Returns the meters of a log. The health of sources that are checked only with the files of the
   * log is NaN.
   */
  public static IndelibleMeters of(Indelible indelible) {
    return of(indelible, Optional::empty);
  }

  /**
   * Returns the meters of a log, with the health of its files.
   *
   * @param whole returns the recent health of the whole log, as {@link Indelible#health} does;
   *     empty while it is unknown. Called once for each scrape
   */
  public static IndelibleMeters of(Indelible indelible, Supplier<Optional<AuditHealth>> whole) {
    return new IndelibleMeters(indelible, whole);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Binding binding = new Binding(registry, indelible, whole);
    decisions(binding);
    events(binding);
    failures(binding);
    journal(binding);
    ledger(binding);
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
    binding.counter("submitted", "Events submitted", now -> now.events().submitted());
    binding.counter("appended", "Events in the chain", now -> now.events().appended());
    binding.counter(
        "dead.lettered", "Events that became dead letters", now -> now.events().dlqLanded());
    binding.counter(
        "rejected",
        "Events rejected, so that the gate refused",
        now -> now.events().sendFailures());
    binding.gauge(
        "pending", "Accepted events that wait for the ledger", now -> now.events().pending());
    binding.counter(
        "unsigned",
        "Events in the chain without a signature of their own",
        now -> now.ledger().unsigned());
  }

  private static void failures(Binding binding) {
    binding.counter(
        "append.failures",
        "Failed attempts to append, each retried",
        now -> now.failures().append());
    binding.counter(
        "drainer.panics",
        "Attempts to append that threw an unexpected exception",
        now -> now.failures().drainerPanics());
    binding.counter(
        "drainer.restarts",
        "Failures after which the ledger's writer was replaced, or the restart budget was used up",
        now -> now.failures().drainerRestarts());
    binding.counter(
        "unique.race.retries",
        "Lost races for the next sequence, each retried",
        now -> now.failures().uniqueRaceRetries());
    binding.counter(
        "lost",
        "Accepted events that were lost, as the chain records",
        now -> now.failures().lost());
  }

  private static void journal(Binding binding) {
    binding.seconds(
        "oldest.pending",
        "Age of the oldest waiting event; 0 if none waits",
        now ->
            now.events().pending() == 0
                ? Optional.of(Duration.ZERO)
                : now.journal().oldestPending());
    binding.seconds(
        "since.sync",
        "Age of the last sync; a power cut can lose the events accepted since",
        now -> now.journal().syncAge());
    binding.gauge(
        "journal",
        "bytes",
        "Disk space of this process's journal",
        snapshot -> snapshot.metrics().journal().bytes());
  }

  private static void ledger(Binding binding) {
    binding.timer(
        AUDIT + "commit.duration",
        "Time to commit a batch durably",
        snapshot -> snapshot.metrics().ledger().commits().count(),
        snapshot -> snapshot.metrics().ledger().commits().time());
    binding.gauge(
        "chain.sequence",
        "The end of the chain when this log last wrote to it",
        now -> number(now.ledger().chainSequence()));
    binding.gauge(
        "dead.letters.waiting",
        "Dead letters in the ledger that were not replayed, when this log last looked",
        now -> number(now.ledger().deadLettersWaiting()));
    binding.gauge(
        "tampered",
        "1 if the chain has an unanswered row that reports tampering, when this log last looked",
        now -> Math.min(1, number(now.ledger().tamperRows())));
    binding.gauge(
        "not.cosigned",
        "rows",
        "Rows after the last checkpoint that a quorum of witnesses cosigned",
        Snapshot::notCosigned);
    binding.gauge(
        "not.anchored",
        "rows",
        "Rows after the last checkpoint in the anchor file",
        Snapshot::notAnchored);
    binding.gauge(
        "not.indexed", "rows", "Rows that the index for queries lacks", Snapshot::notIndexed);
  }

  private static void health(Binding binding, List<String> sources) {
    for (AuditHealth.State state : AuditHealth.State.values()) {
      binding.flag(
          Tags.of("state", state.label()),
          "state",
          "1 for the current state, 0 for the others",
          snapshot -> snapshot.health().state() == state ? 1 : 0);
    }
    for (String source : sources) {
      binding.flag(
          Tags.of("source", source),
          "health",
          "1 while the source has a problem, else 0",
          snapshot -> snapshot.health(source));
    }
  }

  private static double number(OptionalLong value) {
    return value.isPresent() ? value.getAsLong() : Double.NaN;
  }

  /** Registers the meters of one log with one registry. */
  private static final class Binding {
    private final MeterRegistry registry;
    private final Indelible log;
    private final Scrapes<Indelible, Snapshot> scrapes;
    private int readers;

    Binding(MeterRegistry registry, Indelible log, Supplier<Optional<AuditHealth>> whole) {
      this.registry = registry;
      this.log = log;
      this.scrapes = new Scrapes<>(from -> Snapshot.of(from, whole.get()));
    }

    /**
     * Returns a function that reads a value from the current scrape's snapshot. A meter keeps it,
     * so it must not refer to the log.
     */
    ToDoubleFunction<Indelible> read(ToDoubleFunction<Snapshot> value) {
      Scrapes<Indelible, Snapshot> of = scrapes;
      int reader = readers++;
      return from -> value.applyAsDouble(of.snapshot(from, reader));
    }

    void counter(String name, String description, ToDoubleFunction<DeferredAuditMetrics> value) {
      FunctionCounter.builder(
              AUDIT + name, log, read(snapshot -> value.applyAsDouble(snapshot.metrics())))
          .description(description)
          .register(registry);
    }

    void gauge(String name, String description, ToDoubleFunction<DeferredAuditMetrics> value) {
      Gauge.builder(AUDIT + name, log, read(snapshot -> value.applyAsDouble(snapshot.metrics())))
          .description(description)
          .register(registry);
    }

    void gauge(
        String name, String unit, String description, Function<Snapshot, OptionalLong> value) {
      Gauge.builder(AUDIT + name, log, read(snapshot -> number(value.apply(snapshot))))
          .baseUnit(unit)
          .description(description)
          .register(registry);
    }

    void flag(Tags tags, String name, String description, ToDoubleFunction<Snapshot> value) {
      Gauge.builder(AUDIT + name, log, read(value))
          .tags(tags)
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
        ToDoubleFunction<Snapshot> count,
        Function<Snapshot, Duration> time) {
      ToDoubleFunction<Indelible> counted = read(count);
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
   * @param whole the health of the whole log; empty if it is unknown
   * @param decisions the number of decisions of the gate, by verdict and kind of action
   * @param decisionTime the total time of the decisions
   * @param notCosigned rows that no quorum has cosigned yet
   * @param notAnchored rows that the anchor file does not cover yet
   * @param notIndexed rows that the index lacks
   */
  private record Snapshot(
      DeferredAuditMetrics metrics,
      Optional<AuditHealth> whole,
      Map<String, Long> decisions,
      Duration decisionTime,
      OptionalLong notCosigned,
      OptionalLong notAnchored,
      OptionalLong notIndexed) {
    static Snapshot of(Indelible log, Optional<AuditHealth> whole) {
      DecisionCounters gate = log.gate().counters();
      Map<String, Long> decisions = new HashMap<>();
      for (String verdict : DecisionCounters.VERDICTS) {
        for (String kind : AgentAction.KINDS) {
          decisions.put(verdict + kind, gate.count(verdict, kind));
        }
      }
      return new Snapshot(
          log.metrics(),
          whole,
          decisions,
          gate.time(),
          log.rowsNotCosigned(),
          log.rowsNotAnchored(),
          log.rowsNotIndexed());
    }

    /** Returns every known fault. */
    AuditHealth health() {
      AuditHealth running = metrics.health();
      return whole.map(all -> running.and(all.entries())).orElse(running);
    }

    /** Returns 1 if a source has a problem, 0 if it has none, NaN if it was not checked. */
    double health(String source) {
      if (health().entry(source).isPresent()) {
        return 1;
      }
      return whole.isEmpty() && OF_FILES.contains(source) ? Double.NaN : 0;
    }

    long decisions(String verdict, String kind) {
      return decisions.get(verdict + kind);
    }

    long allDecisions() {
      return decisions.values().stream().mapToLong(Long::longValue).sum();
    }
  }
}
