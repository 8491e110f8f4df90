// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.DrainReport;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A writer is killed with SIGKILL at random moments, again and again (promises D2 and D5). Events
 * wait in memory only, so unsettled events may be lost, but settled events are in the chain.
 */
class KillNineTest {
  @TempDir Path directory;

  @Test
  void settledEventsSurviveKillNine() throws Exception {
    killRepeatedly(8);
  }

  @Test
  @Tag("full")
  void settledEventsSurviveTwoHundredKills() throws Exception {
    killRepeatedly(200);
  }

  /**
   * A process that is killed while it creates the file leaves nothing that stops the next process.
   */
  @Test
  void killedFirstStartDoesNotStopTheNext() throws Exception {
    Random random = new Random(9);
    for (int kill = 0; kill < 4; kill++) {
      TestLog log = new TestLog(directory.resolve(kill + ".db"));
      ChildJvm child = ChildJvm.running(SettlingProcess.class).start(log.file, kill);
      assertThat(child.readLine()).isEqualTo("started");
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(120)).toNanos());
      child.kill();
      DeferredAuditEvent next = TestLog.refusal("agent:next", "x");
      log.append(next);
      log.requireIntact();
      assertThat(log.ids()).containsAll(settledIds(child)).endsWith(next.id().toString());
    }
  }

  private static List<String> settledIds(ChildJvm child) throws IOException {
    return child.remainingLines().stream().filter(line -> !line.equals("settling")).toList();
  }

  private void killRepeatedly(int times) throws Exception {
    TestLog log = TestLog.in(directory).create();
    Random random = new Random(times);
    List<String> settled = new ArrayList<>();
    for (int kill = 0; kill < times; kill++) {
      ChildJvm child = ChildJvm.running(SettlingProcess.class).start(log.file, kill);
      assertThat(child.readLine()).isEqualTo("started");
      for (String line = child.readLine(); !line.equals("settling"); line = child.readLine()) {
        settled.add(line);
      }
      // The pause is the random moment of the kill; it does not wait for a state.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(250)).toNanos());
      child.kill();
      settled.addAll(child.remainingLines());
      assertThat(log.verify().verdict().name()).as("after kill %d", kill).isEqualTo("INTACT");
      List<String> ids = log.ids();
      assertThat(new HashSet<>(ids)).hasSameSizeAs(ids);
      assertThat(new HashSet<>(ids)).as("after kill %d", kill).containsAll(settled);
      assertThat(log.deadLetters()).isZero();
    }
    assertThat(log.ids().stream().filter(new HashSet<>(settled)::contains))
        .as("ids in the order of submission")
        .containsExactlyElementsOf(settled);
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:after", "x"));
    TestLog.close(audit);
    log.requireIntact();
  }

  /** A child process that submits events, waits until they are settled, and prints their ids. */
  static final class SettlingProcess {
    private SettlingProcess() {}

    public static void main(String[] args) {
      DeferredAudit audit = new TestLog(Path.of(args[0])).start();
      Random random = new Random(Integer.parseInt(args[1]));
      System.out.println("started");
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
      DrainReport report = audit.closeAndFlush();
      System.out.println(report);
    }
  }
}
