// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.FaultyDisk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Scanner;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Injects a disk error at each call that SQLite makes on the files of the database, one call after
 * another (promises D2, D3, D6 and D10). The error occurs once, or lasts until it is repaired. The
 * log runs in another process with a preloaded library that makes the call fail. This process
 * checks the result without that library.
 */
class FailingDatabaseTest {
  private static final int CHANGES = FaultyDisk.WRITE | FaultyDisk.SYNC | FaultyDisk.SIZE;

  /** The distance between the failing calls in the default run. */
  private static final int STRIDE = 97;

  @TempDir Path temp;

  private ChildJvm child;
  private int runs;

  @BeforeEach
  void start() throws Exception {
    child = ChildJvm.running(Recorder.class).environment(FaultyDisk.compile(temp)).start();
  }

  @AfterEach
  void end() throws Exception {
    if (child != null) {
      child.kill();
    }
  }

  @Test
  void errorAtSampledCallsLosesNothing() throws Exception {
    failEachCall(STRIDE);
  }

  @Test
  @Tag("full")
  void errorAtAnyCallLosesNothing() throws Exception {
    failEachCall(1);
  }

  /** A batch so large that SQLite runs a WAL checkpoint while writing it. */
  @Test
  void errorDuringACheckpointLosesNothing() throws Exception {
    sample(Script.LARGE, 2);
  }

  /** The thread of the checkpointer runs a WAL checkpoint while a writer is under load. */
  @Test
  void errorDuringCheckpointUnderLoadLosesNothing() throws Exception {
    sample(Script.LOADED, 2);
  }

  @Test
  @Tag("full")
  void errorAnywhereInACheckpointLosesNothing() throws Exception {
    sample(Script.LARGE, 400);
    sample(Script.LOADED, 200);
  }

  private void failEachCall(int stride) throws Exception {
    for (boolean forever : new boolean[] {false, true}) {
      failEachCall(stride, new Fault(0, forever, FaultyDisk.EIO, CHANGES));
      failEachCall(
          stride, new Fault(0, forever, FaultyDisk.ENOSPC, FaultyDisk.WRITE | FaultyDisk.SIZE));
      failEachCall(stride, new Fault(0, forever, FaultyDisk.EIO, FaultyDisk.READ));
    }
  }

  /** Makes one call after another fail, until a run has no failed call. */
  private void failEachCall(int stride, Fault kind) throws Exception {
    int failing = 1;
    while (run(kind.at(failing), Script.SMALL) > 0) {
      // Fails each of the first calls, which create the file, and then one call per stride.
      failing += failing < 4 ? 1 : stride;
    }
    assertThat(failing).as("calls that failed").isGreaterThan(20);
  }

  private void sample(Script script, int times) throws Exception {
    Random random = new Random(times);
    Fault fault = new Fault(0, false, FaultyDisk.EIO, CHANGES);
    int calls = (int) counted(fault, script);
    assertThat(calls).as("calls of a checkpoint").isGreaterThan(20_000);
    for (int n = 0; n < times; n++) {
      Fault next =
          new Fault(
              1 + random.nextInt(calls),
              n % 2 == 0,
              n % 4 < 2 ? FaultyDisk.EIO : FaultyDisk.ENOSPC,
              CHANGES);
      run(next, script);
    }
  }

  /** Records with a fault and checks the recorded rows. Returns the number of failed calls. */
  private long run(Fault fault, Script script) throws Exception {
    return Long.parseLong(ran(fault, script)[1]);
  }

  private long counted(Fault fault, Script script) throws Exception {
    return Long.parseLong(ran(fault, script)[0]);
  }

  private String[] ran(Fault fault, Script script) throws Exception {
    Path data = Files.createDirectory(temp.resolve("run-" + runs++));
    child.writeLine(fault.words() + " " + script + " " + data);
    String line = child.readLine();
    assertThat(line).as("%s, %s", fault, script).isNotNull();
    String[] answer = line.split(" ");
    assertThat(answer).as(() -> fault + ", " + script + ": " + line).hasSize(2);

    TestLog log = TestLog.in(data);
    List<String> accepted = Files.readAllLines(data.resolve("accepted"));
    try {
      log.requireIntact();
      assertThat(log.ids()).isEqualTo(accepted);
      assertThat(log.deadLetters()).as("transient faults cause no dead letters").isZero();
      assertThat(Sql.text(log.file, "PRAGMA integrity_check")).isEqualTo("ok");
    } catch (AssertionError e) {
      throw new AssertionError(fault + ", " + script + ", " + line, e);
    }
    remove(data);
    return answer;
  }

  /** Deletes the files of a run: thousands of runs would fill the disk. */
  private static void remove(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The call that fails, and its error. */
  private record Fault(int failing, boolean forever, int error, int kinds) {
    Fault at(int call) {
      return new Fault(call, forever, error, kinds);
    }

    String words() {
      return failing + " " + forever + " " + error + " " + kinds;
    }
  }

  /** The sizes of a run. Each run opens the log, writes to it and closes it, twice. */
  private enum Script {
    SMALL(3, 50, 10),
    LARGE(2, 170, 16_000),
    /** Enough rows at once that the thread of the checkpointer runs the WAL checkpoints. */
    LOADED(2, 3_000, 400);

    final int rounds;
    final int events;
    final int padding;

    Script(int rounds, int events, int padding) {
      this.rounds = rounds;
      this.events = events;
      this.padding = padding;
    }
  }

  /**
   * A child process. For each line that it reads, it runs a script in a new directory and prints
   * the result.
   */
  static final class Recorder {
    private final FaultyDisk disk;
    private final boolean forever;
    private final Script script;
    private final Path data;
    private final TestLog log;
    private final List<String> accepted = new ArrayList<>();

    private Recorder(FaultyDisk disk, boolean forever, Script script, Path data) {
      this.disk = disk;
      this.forever = forever;
      this.script = script;
      this.data = data;
      this.log = TestLog.in(data);
    }

    public static void main(String[] args) throws Exception {
      FaultyDisk disk = FaultyDisk.own();
      Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
      while (in.hasNext()) {
        int failing = in.nextInt();
        boolean forever = in.nextBoolean();
        int error = in.nextInt();
        int kinds = in.nextInt();
        Script script = Script.valueOf(in.next());
        Recorder recorder = new Recorder(disk, forever, script, Path.of(in.nextLine().strip()));
        try {
          recorder.prepare();
          disk.arm(failing, forever, error, kinds);
          recorder.record();
          System.out.println(disk.calls() + " " + disk.injected());
        } catch (Throwable e) {
          e.printStackTrace();
          System.out.println("failed: " + e.toString().replaceAll("\\s+", " "));
        } finally {
          disk.disarm();
        }
      }
    }

    /** Makes pages so small that SQLite runs a WAL checkpoint within a few megabytes. */
    private void prepare() throws Exception {
      if (script != Script.SMALL) {
        Sql.run(log.file, "PRAGMA page_size = 512", "CREATE TABLE t (c)", "DROP TABLE t");
      }
    }

    private void record() throws Exception {
      for (int session = 0; session < 2; session++) {
        DeferredAudit audit = open();
        for (int round = 0; round < script.rounds; round++) {
          submit(audit);
          settle(audit);
        }
        DrainReport report = TestLog.close(audit);
        require(report.dead() == 0 && report.rejected() == 0, report);
      }
      Files.write(data.resolve("accepted"), accepted);
    }

    /**
     * Opens the log repeatedly until its files can be read at the start. Until then, no event is
     * accepted.
     */
    private DeferredAudit open() throws Exception {
      while (true) {
        try {
          Optional<UUID> ledger = SqliteLedger.identify(log.file);
          Journal journal =
              Journal.open(
                  data.resolve("journal"), ledger, this::settled, JournalSettings.ofDefaults());
          return LedgerAudit.start(
              SqliteWriter.drainer(log.file, journal.ledger()),
              AppendSettings.of(TestLog.KEY, TestLog.KEYS),
              journal,
              DrainSettings.ofDefaults());
        } catch (LedgerException | JournalException e) {
          require(disk.injected() > 0, e);
          if (forever) {
            disk.disarm();
          }
        }
      }
    }

    private long settled(UUID journal) throws JournalException {
      try {
        return SqliteLedger.settled(log.file, journal);
      } catch (LedgerException e) {
        throw new JournalException(e.getMessage(), e);
      }
    }

    private void submit(DeferredAudit audit) {
      for (int n = 0; n < script.events; n++) {
        DeferredAuditEvent event = TestLog.refusal("agent:a", "n" + n + "x".repeat(script.padding));
        require(audit.queue().submit(event), "not accepted");
        accepted.add(event.id().toString());
      }
    }

    /** Waits until all events are settled. Repairs a permanent error once the status reports it. */
    private void settle(DeferredAudit audit) {
      await()
          .atMost(TestLog.PATIENCE)
          .pollInterval(Duration.ofMillis(1))
          .until(() -> audit.queue().metrics().pending() == 0 || isNoticed(audit));
      if (isNoticed(audit)) {
        disk.disarm();
      }
      DeferredAuditMetrics metrics = TestLog.settle(audit);
      require(metrics.dlqLanded() == 0, metrics);
      // A failed checkpoint is retried after a second.
      require(
          metrics.health().entries().stream()
              .allMatch(entry -> entry.source().equals(HealthEntry.CHECKPOINTS)),
          metrics);
    }

    private boolean isNoticed(DeferredAudit audit) {
      AuditHealth health = audit.queue().metrics().health();
      return forever
          && disk.injected() > 0
          && audit.queue().metrics().appendFailures() > 1
          && health.state() == AuditHealth.State.DEGRADED
          && health.reason().contains(log.file.toString());
    }

    private static void require(boolean holds, Object otherwise) {
      if (!holds) {
        throw new AssertionError(otherwise.toString());
      }
    }
  }
}
