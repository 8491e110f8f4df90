// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.gate.DecisionCounters;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.queue.Durability;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The metrics, as a Prometheus server scrapes them. */
class MetersTest {
  private static final AgentAction REFUSED = new Bash("rm -rf /");

  @TempDir Path directory;
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private Path data;

  /** A strong reference, because the registry refers to the log weakly. */
  private Optional<Indelible> measured = Optional.empty();

  @BeforeEach
  void createEmptyLedger() throws Exception {
    data = directory.resolve("data");
    Indelible.open(data, new StarterRules()).close();
  }

  @Test
  void metricsHaveTheDocumentedNames() throws Exception {
    try (Indelible indelible = open()) {
      indelible.gate().check("agent:alice", REFUSED);

      List<String> families =
          registry
              .scrape()
              .lines()
              .filter(line -> line.startsWith("# TYPE "))
              .map(line -> line.substring("# TYPE ".length()))
              .toList();
      assertThat(families)
          .containsExactlyInAnyOrder(
              "indelible_decisions_total counter",
              "indelible_decision_duration_seconds summary",
              "indelible_audit_submitted_total counter",
              "indelible_audit_appended_total counter",
              "indelible_audit_dead_lettered_total counter",
              "indelible_audit_rejected_total counter",
              "indelible_audit_lost_total counter",
              "indelible_audit_pending gauge",
              "indelible_audit_oldest_pending_seconds gauge",
              "indelible_audit_journal_bytes gauge",
              "indelible_audit_since_sync_seconds gauge",
              "indelible_audit_commit_duration_seconds summary",
              "indelible_audit_append_failures_total counter",
              "indelible_audit_drainer_panics_total counter",
              "indelible_audit_drainer_restarts_total counter",
              "indelible_audit_unique_race_retries_total counter",
              "indelible_audit_chain_sequence gauge",
              "indelible_audit_not_anchored_rows gauge",
              "indelible_audit_not_cosigned_rows gauge",
              "indelible_audit_not_indexed_rows gauge",
              "indelible_audit_unsigned_total counter",
              "indelible_audit_dead_letters_waiting gauge",
              "indelible_audit_tampered gauge",
              "indelible_audit_health gauge",
              "indelible_audit_state gauge");
    }
  }

  /** The counters reconcile after each outcome of an event (promise D10). */
  @Test
  void countersReconcile() throws Exception {
    Indelible indelible = open();
    indelible.gate().check("agent:alice", REFUSED);
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    sql(
        "CREATE TRIGGER poison BEFORE INSERT ON signed_events WHEN NEW.agent_id = 'agent:mallory'"
            + " BEGIN SELECT RAISE(ABORT, 'not this one'); END");
    for (int i = 0; i < 3; i++) {
      indelible.gate().check("agent:alice", REFUSED);
      indelible.gate().check("agent:bob", new Bash("ls " + i));
    }
    indelible.gate().check("agent:mallory", new FilesystemWrite("notes.txt"));
    // A hook does not record permitted actions.
    indelible.gate().preActionHook().beforeAction("agent:bob", new Bash("ls"));
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    indelible.queue().close();
    Decision refused = indelible.gate().check("agent:bob", new Bash("ls"));

    assertThat(refused.isRefusal()).isTrue();
    assertThat(decisions("allow", "bash")).isEqualTo(4);
    assertThat(decisions("refuse", "bash")).isEqualTo(5);
    assertThat(decisions("allow", "filesystem_write")).isEqualTo(1);
    assertThat(value("indelible_decision_duration_seconds_count")).isEqualTo(allDecisions());
    assertThat(value("indelible_decision_duration_seconds_sum")).isPositive();

    assertThat(audit("submitted_total")).isEqualTo(9);
    assertThat(audit("appended_total")).isEqualTo(7);
    assertThat(audit("dead_lettered_total")).isEqualTo(1);
    assertThat(audit("dead_letters_waiting")).isEqualTo(1);
    assertThat(health("dead_letters")).isEqualTo(1);
    assertThat(health("tallies")).isZero();
    for (String unchecked : List.of("credentials", "disk", "keys", "waiting", "witnesses")) {
      assertThat(health(unchecked)).as(unchecked).isNaN();
    }
    assertThat(audit("tampered")).isZero();
    assertThat(audit("append_failures_total")).isZero();
    assertThat(audit("drainer_panics_total")).isZero();
    assertThat(audit("rejected_total")).isEqualTo(1);
    assertThat(audit("pending")).isZero();
    assertThat(audit("lost_total")).isZero();
    assertThat(audit("unsigned_total")).isZero();
    assertThat(audit("oldest_pending_seconds")).isZero();
    assertThat(audit("chain_sequence")).isEqualTo(7);
    // Without witnesses the number of cosigned rows is unknown.
    assertThat(audit("not_cosigned_rows")).isNaN();
    assertThat(audit("commit_duration_seconds_count")).isBetween(2.0, 8.0);
    assertThat(audit("commit_duration_seconds_sum")).isPositive();
    assertThat(audit("journal_bytes")).isPositive();
    assertThat(audit("since_sync_seconds")).isNotNegative();
    indelible.close();
  }

  @Test
  void waitingEventsAreCountedAndAge() throws Exception {
    try (Indelible indelible = open()) {
      assertThat(state("recording")).isEqualTo(1);
      try (Connection locked = connect();
          Statement statement = locked.createStatement()) {
        statement.execute("BEGIN IMMEDIATE");
        for (int i = 0; i < 5; i++) {
          indelible.gate().check("agent:alice", REFUSED);
        }

        await().until(() -> state("degraded") == 1);
        assertThat(state("recording")).isZero();
        assertThat(audit("pending")).isEqualTo(5);
        assertThat(audit("drainer_restarts_total")).isPositive();
        assertThat(audit("append_failures_total")).isPositive();
        assertThat(health("recording")).isEqualTo(1);
        double age = audit("oldest_pending_seconds");
        assertThat(age).isPositive();
        await().until(() -> audit("oldest_pending_seconds") > age);
        statement.execute("ROLLBACK");
      }

      await().until(() -> audit("pending") == 0);
      await().until(() -> state("recording") == 1);
      assertThat(state("degraded")).isZero();
      assertThat(audit("oldest_pending_seconds")).isZero();
      assertThat(audit("appended_total")).isEqualTo(5);
    }
  }

  /** An unknown value is NaN, and not 0 (D11). */
  @Test
  void unreadableValueIsNaN() throws Exception {
    Indelible indelible =
        bound(
            Indelible.builder(data)
                .policy(new StarterRules())
                .durability(Durability.MEMORY)
                .open());

    assertThat(audit("chain_sequence")).isNaN();
    assertThat(audit("dead_letters_waiting")).isNaN();
    assertThat(audit("tampered")).isNaN();
    assertThat(audit("journal_bytes")).isNaN();
    assertThat(audit("since_sync_seconds")).isNaN();
    assertThat(audit("pending")).isZero();

    indelible.close();
    assertThat(state("closed")).isEqualTo(1);
    assertThat(state("recording")).isZero();
  }

  /** The files of a closed log may belong to another process, or be gone. */
  @Test
  void closedJournalIsNotMeasured() throws Exception {
    Indelible indelible = open();
    assertThat(audit("journal_bytes")).isPositive();
    assertThat(audit("since_sync_seconds")).isNotNegative();

    indelible.close();

    assertThat(audit("journal_bytes")).isNaN();
    assertThat(audit("since_sync_seconds")).isNaN();
  }

  @Test
  void unsignedRowsAreCounted() throws Exception {
    Indelible indelible =
        bound(Indelible.builder(data).policy(new StarterRules()).rowSignatures(false).open());
    indelible.gate().check("agent:alice", REFUSED);
    indelible.close();

    assertThat(audit("appended_total")).isEqualTo(1);
    assertThat(audit("unsigned_total")).isEqualTo(1);
  }

  /** Counters also reconcile while producers and drainer are running (D10). */
  @Test
  void everyScrapeReconciles() throws Exception {
    try (Indelible indelible = open()) {
      AtomicBoolean stop = new AtomicBoolean();
      Thread producer =
          new Thread(
              () -> {
                while (!stop.get()) {
                  indelible.gate().check("agent:alice", REFUSED);
                }
              });
      producer.start();
      try {
        for (int i = 0; i < 200; i++) {
          Map<String, Double> scrape = scrape();
          assertThat(scrape.get("indelible_audit_submitted_total"))
              .isEqualTo(
                  scrape.get("indelible_audit_appended_total")
                      + scrape.get("indelible_audit_dead_lettered_total")
                      + scrape.get("indelible_audit_rejected_total")
                      + scrape.get("indelible_audit_pending"));
          assertThat(scrape.get("indelible_decision_duration_seconds_count"))
              .isEqualTo(
                  scrape.get("indelible_decisions_total{action_kind=\"bash\",verdict=\"refuse\"}"));
        }
      } finally {
        stop.set(true);
        producer.join();
      }
      assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    }
  }

  private Map<String, Double> scrape() {
    return registry
        .scrape()
        .lines()
        .filter(line -> !line.startsWith("#"))
        .collect(
            Collectors.toMap(
                line -> line.substring(0, line.lastIndexOf(' ')),
                line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))));
  }

  /** The meters count the losses that the journal reports (D7). */
  @Test
  void lossesInTheJournalAreCounted() throws Exception {
    Journal journal =
        Journal.open(
            data.resolve("journal"), Optional.empty(), any -> 0, JournalSettings.ofDefaults());
    for (String command : List.of("first", "damaged", "third")) {
      journal.offer(
          DeferredAuditEvent.of(
              "agent:alice", new Bash(command), new Refuse("R001", "no"), Optional.empty()));
    }
    journal.close();
    damage("damaged");

    Indelible indelible = open();
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();

    assertThat(audit("lost_total")).isEqualTo(1);
    assertThat(audit("submitted_total")).isEqualTo(3);
    assertThat(audit("appended_total")).isEqualTo(3);
    assertThat(Chain.read(data.resolve("indelible.db")).types())
        .containsExactly("governance.refusal", "audit.gap", "governance.refusal");
    indelible.close();
  }

  /** Micrometer is optional: everything except this binder works without it. */
  @Test
  void logOpensWithoutMicrometer() throws Exception {
    List<URL> without = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      if (!entry.contains("micrometer")) {
        without.add(Path.of(entry).toUri().toURL());
      }
    }
    ClassLoader platform = ClassLoader.getPlatformClassLoader();
    try (URLClassLoader loader = new URLClassLoader(without.toArray(URL[]::new), platform)) {
      loader
          .loadClass(WithoutMicrometer.class.getName())
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {data.toString()});
      assertThatExceptionOfType(NoClassDefFoundError.class)
          .isThrownBy(() -> loader.loadClass(IndelibleMeters.class.getName()))
          .withMessageContaining("micrometer");
    }
    assertThat(Chain.readIntact(data).ids()).hasSize(1);
  }

  /** A program that runs without Micrometer. */
  public static final class WithoutMicrometer {
    private WithoutMicrometer() {}

    public static void main(String[] args) throws Exception {
      try (Indelible indelible = Indelible.open(Path.of(args[0]), new StarterRules())) {
        indelible.gate().check("agent:alice", new Bash("rm -rf /"));
        if (indelible.gate().counters().decisions() != 1) {
          throw new AssertionError(indelible.metrics());
        }
      }
    }
  }

  private Indelible open() throws Exception {
    return bound(Indelible.open(data, new StarterRules()));
  }

  private Indelible bound(Indelible indelible) {
    measured = Optional.of(indelible);
    IndelibleMeters.of(indelible).bindTo(registry);
    return indelible;
  }

  private double audit(String name) {
    return value("indelible_audit_" + name);
  }

  private double state(String state) {
    return value("indelible_audit_state{state=\"" + state + "\"}");
  }

  private double health(String source) {
    return value("indelible_audit_health{source=\"" + source + "\"}");
  }

  private double decisions(String verdict, String kind) {
    return value(
        "indelible_decisions_total{action_kind=\"%s\",verdict=\"%s\"}".formatted(kind, verdict));
  }

  private double allDecisions() {
    return DecisionCounters.VERDICTS.stream()
        .flatMap(verdict -> AgentAction.KINDS.stream().map(kind -> decisions(verdict, kind)))
        .mapToDouble(Double::doubleValue)
        .sum();
  }

  /** Returns the value of the only sample with this name and these labels. */
  private double value(String series) {
    List<String> found =
        registry.scrape().lines().filter(line -> line.startsWith(series + " ")).toList();
    assertThat(found).as(series).hasSize(1);
    return Double.parseDouble(found.get(0).substring(series.length() + 1));
  }

  private Connection connect() throws Exception {
    return DriverManager.getConnection("jdbc:sqlite:" + data.resolve("indelible.db"));
  }

  private void sql(String sql) throws Exception {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  /** Damages a text in the journal. */
  private void damage(String text) throws Exception {
    byte[] needle = text.getBytes(StandardCharsets.UTF_8);
    try (Stream<Path> files = Files.walk(data.resolve("journal"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        int at = bytes.indexOf(text);
        if (at >= 0) {
          byte[] changed = bytes.getBytes(StandardCharsets.ISO_8859_1);
          changed[at] = (byte) (needle[0] ^ 1);
          Files.write(file, changed);
          return;
        }
      }
    }
    throw new AssertionError("not in the journal: " + text);
  }
}
