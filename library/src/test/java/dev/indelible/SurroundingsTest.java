// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Changes in the environment of a running log: the database is removed or replaced, the clock
 * jumps, or a second log runs in the JVM (promises D2, D3 and D11).
 */
class SurroundingsTest {
  @TempDir Path temp;

  private static DeferredAuditEvent refusal(String agent, int n) {
    return DeferredAuditEvent.of(
        agent, new Bash("n" + n), new Refuse("R001", "no"), Optional.empty());
  }

  /** Removing the database loses its settled rows, but no waiting event (D2). */
  @Test
  void removedDatabaseLosesNoWaitingEvent() throws Exception {
    Path data = temp.resolve("data");
    Path away = Files.createDirectory(temp.resolve("away"));
    Indelible indelible = Indelible.open(data);
    Queue<String> accepted = new ConcurrentLinkedQueue<>();
    CountDownLatch done = new CountDownLatch(3);
    for (int t = 0; t < 3; t++) {
      String agent = "agent:" + t;
      new Thread(
              () -> {
                for (int n = 0; n < 4_000; n++) {
                  DeferredAuditEvent event = refusal(agent, n);
                  if (indelible.queue().submit(event)) {
                    accepted.add(event.id().toString());
                  }
                }
                done.countDown();
              })
          .start();
    }
    Awaitility.await()
        .pollInterval(Duration.ofMillis(1))
        .until(() -> indelible.metrics().appended() > 500);
    moveDatabase(data, away);
    assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
    DeferredAuditEvent last = refusal("agent:last", 1);
    assertThat(indelible.queue().submit(last)).isTrue();
    accepted.add(last.id().toString());
    Chain.requireReconciled(indelible.closeAndFlush(Duration.ofMinutes(1)));

    Chain now = Chain.readWithRecordedDamage(data);
    assertThat(now.ids()).doesNotHaveDuplicates();
    assertThat(now.types().get(0)).as("type of the first row").isEqualTo(SystemEvent.TAMPER);
    Set<String> all = new HashSet<>(now.ids());
    all.addAll(Chain.read(away.resolve("indelible.db")).ids());
    assertThat(all).containsAll(accepted);
  }

  /** With an older copy of the database, only the rows missing in the copy are lost (D2, D7). */
  @Test
  void olderCopyOfTheDatabaseIsReported() throws Exception {
    Path data = temp.resolve("data");
    Path copy = temp.resolve("copy.db");
    List<String> before = record(data, 100);
    Files.copy(data.resolve("indelible.db"), copy);
    Path away = Files.createDirectory(temp.resolve("away"));
    Indelible indelible = Indelible.open(data);
    List<String> between = submit(indelible, 100);
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    moveDatabase(data, away);
    Files.copy(copy, data.resolve("indelible.db"));
    List<String> after = submit(indelible, 100);
    Chain.requireReconciled(indelible.closeAndFlush(Duration.ofMinutes(1)));

    Indelible.open(data).close();
    Chain now = Chain.readWithRecordedDamage(data);
    assertThat(now.types()).containsOnlyOnce(SystemEvent.TAMPER).doesNotContain(SystemEvent.GAP);
    List<String> refusals = new ArrayList<>(now.ids());
    refusals.remove(now.types().indexOf(SystemEvent.TAMPER));
    List<String> expected = new ArrayList<>(before);
    expected.addAll(after);
    assertThat(refusals).isEqualTo(expected);
    assertThat(Chain.read(away.resolve("indelible.db")).ids()).containsAll(between);
  }

  /**
   * The log never writes to the database of another log (D2, D6, D11). Events wait until its own
   * database is back.
   */
  @Test
  void databaseOfAnotherLogIsNotWrittenTo() throws Exception {
    Path data = temp.resolve("data");
    Path other = temp.resolve("other");
    List<String> foreign = record(other, 10);
    Path away = Files.createDirectory(temp.resolve("away"));
    Indelible indelible = Indelible.open(data);
    List<String> accepted = new ArrayList<>(submit(indelible, 100));
    assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
    moveDatabase(data, away);
    Files.copy(other.resolve("indelible.db"), data.resolve("indelible.db"));
    accepted.addAll(submit(indelible, 100));
    Awaitility.await()
        .until(() -> indelible.metrics().health().reason().contains("restore the right file"));
    assertThat(indelible.metrics().health().state()).isEqualTo(AuditHealth.State.DEGRADED);
    assertThat(indelible.metrics().pending()).isEqualTo(100);
    assertThat(Chain.read(data.resolve("indelible.db")).ids()).isEqualTo(foreign);

    Files.delete(data.resolve("indelible.db"));
    moveDatabase(away, data);
    Chain.requireReconciled(indelible.closeAndFlush(Duration.ofMinutes(1)));
    Chain chain = Chain.readIntact(data);
    assertThat(chain.ids()).isEqualTo(accepted);
    assertThat(chain.deadLetters()).isEmpty();
  }

  private static List<String> record(Path data, int events) throws Exception {
    Indelible indelible = Indelible.open(data);
    List<String> accepted = submit(indelible, events);
    Chain.requireReconciled(indelible.closeAndFlush(Duration.ofMinutes(1)));
    return accepted;
  }

  private static List<String> submit(Indelible indelible, int events) {
    List<String> accepted = new ArrayList<>();
    for (int n = 0; n < events; n++) {
      DeferredAuditEvent event = refusal("agent:a", n);
      assertThat(indelible.queue().submit(event)).isTrue();
      accepted.add(event.id().toString());
    }
    return accepted;
  }

  private static void moveDatabase(Path from, Path to) throws IOException {
    for (String name : List.of("indelible.db", "indelible.db-wal", "indelible.db-shm")) {
      if (Files.exists(from.resolve(name))) {
        Files.move(from.resolve(name), to.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
    }
  }

  /** Rows keep the order of submission after a jump of the clock (D3). */
  @Test
  void clockJumpChangesNoOrder() throws Exception {
    Path data = temp.resolve("data");
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    List<String> accepted = new ArrayList<>();
    try (Indelible indelible = Indelible.open(data)) {
      for (int n = 0; n < 300; n++) {
        Instant time = n < 100 || n >= 200 ? now : now.minus(1, ChronoUnit.HOURS);
        DeferredAuditEvent made = refusal("agent:a", n);
        DeferredAuditEvent event =
            new DeferredAuditEvent(
                new UUID(time.toEpochMilli() << 16 | 0x7000, made.id().getLeastSignificantBits()),
                made.agentId(),
                made.action(),
                made.decision(),
                made.policy(),
                time);
        assertThat(indelible.queue().submit(event)).isTrue();
        accepted.add(event.id().toString());
      }
    }
    assertThat(Chain.readIntact(data).ids()).isEqualTo(accepted);
  }

  /** Two logs in one JVM on one directory are two writers of one chain. */
  @Test
  void twoLogsInOneJvmShareADirectory() throws Exception {
    Path data = temp.resolve("data");
    List<String> accepted = Collections.synchronizedList(new ArrayList<>());
    try (Indelible one = Indelible.open(data);
        Indelible two = Indelible.open(data)) {
      for (int n = 0; n < 500; n++) {
        for (Indelible each : List.of(one, two)) {
          DeferredAuditEvent event = refusal(each == one ? "agent:one" : "agent:two", n);
          assertThat(each.queue().submit(event)).isTrue();
          accepted.add(event.id().toString());
        }
      }
      // A third log opens and closes at the same time; the other two keep their journal slots.
      Indelible.open(data).close();
    }
    Chain chain = Chain.readIntact(data);
    assertThat(chain.ids()).containsExactlyInAnyOrderElementsOf(accepted);
  }
}
