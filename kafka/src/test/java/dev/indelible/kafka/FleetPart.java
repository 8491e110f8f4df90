// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerAudit;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.health.AuditHealth;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.postgres.PostgresLedger;
import dev.indelible.queue.DrainSettings;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;

/**
 * A gate or a ledger writer in a process of its own, which reports each event that it accepts or
 * rejects and each change of its health.
 */
final class FleetPart implements AutoCloseable {
  private static final String ACCEPTED = "accepted ";
  private static final String REJECTED = "rejected";
  private static final String HEALTH = "health ";
  private static final String STOP = "stop";

  private final String name;
  private final ChildJvm process;
  private final CompletableFuture<Void> reader;

  /** The commands that it accepted, in order; guarded by itself. */
  private final List<String> accepted = new ArrayList<>();

  private volatile long rejected;
  private volatile String health = "";
  private volatile String ended = "";

  private FleetPart(String name, ChildJvm process) {
    this.name = name;
    this.process = process;
    this.reader = CompletableFuture.runAsync(this::read);
  }

  /** Starts a gate that sends to the topic. Its agent has its name. */
  static FleetPart gate(ChildJvm.Launcher on, TestFleet fleet, String name, Path directory)
      throws IOException {
    return new FleetPart(name, on.start(fleet.queue().name(), name, directory));
  }

  /** Starts a gate that writes to the ledger directly. Its agent has its name. */
  static FleetPart directGate(ChildJvm.Launcher on, String url, String name, Path directory)
      throws IOException {
    return new FleetPart(name, on.start(url, name, directory));
  }

  static FleetPart writer(ChildJvm.Launcher on, TestFleet fleet, String url, String name)
      throws IOException {
    return new FleetPart(name, on.start(fleet.queue().name(), url));
  }

  static ChildJvm.Launcher gateProcess() {
    return ChildJvm.running(GateProcess.class);
  }

  static ChildJvm.Launcher writerProcess() {
    return ChildJvm.running(WriterProcess.class);
  }

  private void read() {
    try {
      for (String line = process.readLineOrEnd(); line != null; line = process.readLineOrEnd()) {
        if (line.startsWith(ACCEPTED)) {
          synchronized (accepted) {
            accepted.add(line.substring(ACCEPTED.length()));
          }
        } else if (line.equals(REJECTED)) {
          rejected++;
        } else if (line.startsWith(HEALTH)) {
          health = line.substring(HEALTH.length());
        } else {
          ended = line;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return name;
  }

  List<String> accepted() {
    synchronized (accepted) {
      return List.copyOf(accepted);
    }
  }

  String lastAccepted() {
    synchronized (accepted) {
      return accepted.get(accepted.size() - 1);
    }
  }

  /** Returns the state of the part's health, and its reason. */
  String health() {
    return health;
  }

  /** Waits until the gate accepts more events, which shows that decisions go on (D1). */
  void awaitDecisions() {
    int before = accepted().size();
    await(() -> assertThat(accepted()).as(this::toString).hasSizeGreaterThan(before + 20));
  }

  void awaitRejection() {
    await(() -> assertThat(rejected).as(this::toString).isPositive());
  }

  /** Waits until the health has a state, with this pattern in its reason. */
  void awaitHealth(String state, String reason) {
    await(() -> assertThat(health).as(name).startsWith(state).containsPattern(reason));
  }

  static void await(org.awaitility.core.ThrowingRunnable assertion) {
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .pollInterval(Duration.ofMillis(50))
        .untilAsserted(assertion);
  }

  /** Ends the part after everything is settled, and requires a clean end. */
  void stop() throws Exception {
    process.writeLine(STOP);
    process.exitCode();
    reader.join();
    assertThat(ended).as(name).isEqualTo("settled");
  }

  /** Kills the part with SIGKILL. */
  void kill() throws Exception {
    process.kill();
    reader.join();
  }

  /** Requires that each event that this gate accepted is one row, in order (D2, D3). */
  void requireRecorded(TestFleet fleet) throws Exception {
    List<String> recorded = fleet.commands(name).stream().map(String::strip).toList();
    assertThat(recorded).as(name).isEqualTo(accepted());
  }

  @Override
  public void close() {
    try {
      process.kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public String toString() {
    return "%s: %s accepted, %s rejected, %s".formatted(name, accepted().size(), rejected, health);
  }

  /** Prints lines, and notices the word that ends the process. */
  private static final class Report {
    private final CompletableFuture<Void> stop =
        CompletableFuture.runAsync(
            () -> {
              try {
                while (System.in.read() != '\n') {
                  // Any line ends the process.
                }
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    private String shown = "";

    boolean isStopped() {
      return stop.isDone();
    }

    void health(String text) {
      if (!text.equals(shown)) {
        System.out.println(HEALTH + text);
        shown = text;
      }
    }
  }

  /** The property with the number of bytes by which a gate makes its events larger. */
  static final String PADDING = "padding";

  /** A gate that submits without a pause. */
  static final class GateProcess {
    private GateProcess() {}

    public static void main(String[] args) throws Exception {
      String name = args[1];
      DeferredAudit audit =
          args[0].startsWith("kafka:")
              ? TestFleet.gate(
                      KafkaQueue.at(args[0]),
                      GateSettings.of(name, TestFleet.key(name), () -> TestFleet.LOG_KEYS),
                      Path.of(args[2]))
                  .audit()
              : direct(args[0], Path.of(args[2]).resolve("journal"));
      Report report = new Report();
      String padding = " ".repeat(Integer.getInteger(PADDING, 0));
      for (int n = 0; !report.isStopped(); n++) {
        boolean isAccepted = audit.queue().submit(TestFleet.refusal(name, "n" + n + padding));
        System.out.println(isAccepted ? ACCEPTED + "n" + n : REJECTED);
        health(report, audit);
        // The rate, so that the test ends in time.
        LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      }
      while (!audit.queue().drainPending(Duration.ofMillis(200))) {
        health(report, audit);
      }
      boolean isSettled = audit.closeAndFlush(TestFleet.PATIENCE).pending() == 0;
      boolean isBalanced = audit.queue().metrics().isBalanced();
      System.out.println(isSettled && isBalanced ? "settled" : "not settled: " + audit.queue());
      System.exit(0);
    }

    private static void health(Report report, DeferredAudit audit) {
      AuditHealth now = audit.queue().metrics().health();
      report.health(now.state() + " " + now.reason());
    }

    private static DeferredAudit direct(String url, Path journal) throws Exception {
      PostgresLedger ledger = TestFleet.ledger(url);
      return LedgerAudit.start(
          ledger.drainer(null),
          TestFleet.settings(),
          Journal.open(
              journal,
              ledger.identify(),
              each -> settled(ledger, each),
              JournalSettings.ofDefaults()),
          DrainSettings.ofDefaults().withShutdownHook(false));
    }

    private static long settled(PostgresLedger ledger, UUID journal) throws JournalException {
      try {
        return ledger.settled(journal);
      } catch (LedgerException e) {
        throw new JournalException(e.getMessage(), e);
      }
    }
  }

  /** A ledger writer. */
  static final class WriterProcess {
    private WriterProcess() {}

    public static void main(String[] args) throws Exception {
      Report report = new Report();
      try (LedgerFeed feed = TestFleet.feed(KafkaQueue.at(args[0]), args[1])) {
        while (!report.isStopped()) {
          FeedStatus now = feed.status();
          report.health(now.state() + " " + now.reason());
          LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
      }
      System.out.println("settled");
      System.exit(0);
    }
  }
}
