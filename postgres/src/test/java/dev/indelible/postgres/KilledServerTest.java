// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.testkit.ChildJvm;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Server processes and writers are killed at random moments; each accepted event becomes one row,
 * in order (promises D2, D3, D6).
 */
@Tag("any-jdk")
class KilledServerTest {
  @Test
  void killedBackendsLoseAndRepeatNothing() throws Exception {
    killBackends(15);
  }

  @Test
  @Tag("full")
  void fiveHundredKilledBackendsLoseAndRepeatNothing() throws Exception {
    killBackends(500);
  }

  /** Four writers, as of four gates, whose sessions the server ends again and again. */
  private static void killBackends(int kills) throws Exception {
    TestServer server = TestServer.shared();
    TestLog log = TestLog.create(server);
    Submissions submissions = new Submissions(log, 4);
    Random random = new Random(kills);
    int ended = 0;
    while (ended < kills) {
      // The pause is the random moment of the kill; it does not wait for a state.
      LockSupport.parkNanos(Duration.ofMillis(5 + random.nextInt(40)).toNanos());
      ended +=
          server
              .texts(
                  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '%s' AND query LIKE '%%%s%%' ORDER BY random() LIMIT 1"
                      .formatted(TestServer.WRITER, log.schema()))
              .size();
    }
    submissions.requireEachOnce();
  }

  @Test
  void killedServerLosesAndRepeatsNothing() throws Exception {
    killServer(2);
  }

  @Test
  @Tag("full")
  void serverThatIsKilledFortyTimesLosesAndRepeatsNothing() throws Exception {
    killServer(40);
  }

  private static void killServer(int kills) throws Exception {
    try (TestServer server = TestServer.start()) {
      TestLog log = TestLog.create(server);
      Submissions submissions = new Submissions(log, 2);
      Random random = new Random(kills);
      for (int kill = 0; kill < kills; kill++) {
        LockSupport.parkNanos(Duration.ofMillis(50 + random.nextInt(400)).toNanos());
        server.kill();
        server.restart();
      }
      submissions.requireEachOnce();
    }
  }

  /** A writer is killed with SIGKILL; what it reported as settled is in the chain. */
  @Test
  void settledEventsSurviveKilledWriters() throws Exception {
    killWriters(4);
  }

  @Test
  @Tag("full")
  void settledEventsSurviveTwoHundredKilledWriters() throws Exception {
    killWriters(200);
  }

  private static void killWriters(int kills) throws Exception {
    TestServer server = TestServer.shared();
    TestLog log = TestLog.create(server);
    Random random = new Random(kills);
    List<String> settled = new ArrayList<>();
    for (int kill = 0; kill < kills; kill++) {
      ChildJvm child =
          ChildJvm.running(SettlingProcess.class)
              .start(server.url(log.schema(), TestServer.WRITER), kill);
      for (String line = child.readLine(); !line.equals("settling"); line = child.readLine()) {
        settled.add(line);
      }
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(150)).toNanos());
      child.kill();
      child.remainingLines().stream().filter(line -> line.length() == 36).forEach(settled::add);
    }
    List<String> ids = log.ids();
    assertThat(new HashSet<>(ids)).hasSameSizeAs(ids).containsAll(settled);
    assertThat(ids.stream().filter(new HashSet<>(settled)::contains))
        .as("ids in the order of submission")
        .containsExactlyElementsOf(settled);
    assertThat(log.deadLetters()).isZero();
    log.requireIntact();
  }

  /** A child process that submits events, waits until they are settled, and prints their ids. */
  static final class SettlingProcess {
    private SettlingProcess() {}

    public static void main(String[] args) throws Exception {
      PostgresLedger ledger = PostgresLedger.at(args[0]);
      Random random = new Random(Integer.parseInt(args[1]));
      DeferredAudit audit = TestLog.start(ledger);
      for (int round = 0; round < 1_000_000; round++) {
        StringBuilder submitted = new StringBuilder();
        for (DeferredAuditEvent event :
            TestLog.refusals("agent:" + args[1], 1 + random.nextInt(40))) {
          if (!audit.queue().submit(event)) {
            throw new AssertionError("not accepted");
          }
          submitted.append(event.id()).append('\n');
        }
        if (!audit.queue().drainPending(TestLog.PATIENCE)) {
          throw new AssertionError("not settled");
        }
        System.out.print(submitted);
        if (round == 0) {
          System.out.println("settling");
        }
        System.out.flush();
      }
    }
  }

  /** Writers that submit numbered events until they are stopped. */
  private static final class Submissions {
    private final TestLog log;
    private final List<CompletableFuture<Integer>> counts = new ArrayList<>();
    private final AtomicBoolean stopped = new AtomicBoolean();

    Submissions(TestLog log, int writers) {
      this.log = log;
      ExecutorService threads = Executors.newFixedThreadPool(writers);
      for (int w = 0; w < writers; w++) {
        String agent = "writer:" + w;
        counts.add(CompletableFuture.supplyAsync(() -> submit(agent), threads));
      }
      threads.shutdown();
    }

    private int submit(String agent) {
      DeferredAudit audit = log.start();
      int submitted = 0;
      while (!stopped.get()) {
        for (int i = 0; i < 4; i++) {
          assertThat(audit.queue().submit(TestLog.refusal(agent, "n" + submitted++))).isTrue();
        }
        // The rate, so that memory does not grow while the server is down.
        LockSupport.parkNanos(Duration.ofMillis(10).toNanos());
      }
      TestLog.close(audit);
      return submitted;
    }

    void requireEachOnce() throws Exception {
      stopped.set(true);
      for (int w = 0; w < counts.size(); w++) {
        int submitted = counts.get(w).join();
        assertThat(log.commands("writer:" + w)).isEqualTo(TestLog.numbers(submitted));
      }
      assertThat(log.deadLetters()).isZero();
      log.requireIntact();
    }
  }
}
