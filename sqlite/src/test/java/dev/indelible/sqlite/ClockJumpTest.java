// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DrainSettings;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.FaultyDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The system clock jumps back an hour and then forward again, while a log is running in another
 * process. Rows keep the order of submission, and nothing waits for the clock (promises D3 and D9).
 */
class ClockJumpTest {
  private static final int HOUR = 3_600;
  private static final int EVENTS = 100;

  @TempDir Path temp;

  @Test
  void clockJumpNeitherReordersNorDelaysEvents() throws Exception {
    ChildJvm child =
        ChildJvm.running(Submitter.class)
            .environment(FaultyDisk.compile(temp))
            .start(temp.resolve("data"));
    assertThat(child.readLine()).isEqualTo("settled");
    assertThat(child.exitCode()).isZero();

    TestLog log = TestLog.in(temp.resolve("data"));
    List<PlainChain.Row> rows = log.requireIntact();
    assertThat(log.ids()).isEqualTo(Files.readAllLines(temp.resolve("data/accepted")));
    assertThat(log.deadLetters()).isZero();
    List<Instant> times = rows.stream().map(row -> Instant.parse(row.timestamp())).toList();
    assertThat(Duration.between(times.get(EVENTS - 1), times.get(EVENTS)))
        .as("the clock jumped")
        .isBetween(Duration.ofMinutes(-61), Duration.ofMinutes(-50));
  }

  /**
   * A child process that submits events, moves the clock while events are waiting, and submits
   * again, in two sessions.
   */
  static final class Submitter {
    private final FaultyDisk clock;
    private final Path data;
    private final List<String> accepted = new ArrayList<>();

    private Submitter(FaultyDisk clock, Path data) {
      this.clock = clock;
      this.data = data;
    }

    public static void main(String[] args) throws Exception {
      Path data = Files.createDirectory(Path.of(args[0]));
      Submitter submitter = new Submitter(FaultyDisk.own(), data);
      submitter.session(0, -HOUR);
      submitter.session(-HOUR, -2 * HOUR);
      submitter.session(-2 * HOUR, 0);
      Files.write(data.resolve("accepted"), submitter.accepted);
      System.out.println("settled");
    }

    private void session(int from, int to) throws Exception {
      clock.shiftClock(from);
      Path database = data.resolve("indelible.db");
      Journal journal =
          Journal.open(
              data.resolve("journal"),
              SqliteLedger.identify(database),
              any -> position(database, any),
              JournalSettings.ofDefaults());
      DeferredAudit audit =
          LedgerAudit.start(
              SqliteWriter.drainer(database, journal.ledger()),
              AppendSettings.of(TestLog.KEY, TestLog.KEYS),
              journal,
              DrainSettings.ofDefaults());
      submit(audit);
      clock.shiftClock(to);
      submit(audit);
      // These durations use the monotonic clock, so none is negative or as long as an hour.
      DeferredAuditMetrics metrics = TestLog.settle(audit);
      if (metrics.journal().oldestPending().filter(Duration::isNegative).isPresent()
          || journal.sinceSync().compareTo(TestLog.PATIENCE) > 0) {
        throw new AssertionError(metrics + ", synced " + journal.sinceSync() + " ago");
      }
      TestLog.close(audit);
    }

    private static long position(Path database, UUID journal) {
      try {
        return SqliteLedger.settled(database, journal);
      } catch (LedgerException e) {
        throw new AssertionError(e);
      }
    }

    private void submit(DeferredAudit audit) {
      for (DeferredAuditEvent event : TestLog.refusals("agent:a", EVENTS)) {
        if (!audit.queue().submit(event)) {
          throw new AssertionError("not accepted");
        }
        accepted.add(event.id().toString());
      }
    }
  }
}
