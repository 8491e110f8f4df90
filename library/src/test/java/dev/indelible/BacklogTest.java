// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Waiting events use disk and not heap, and a million of them are recovered quickly (promises D2
 * and D5).
 */
class BacklogTest {
  private static final Duration RECOVERY = Duration.ofMinutes(1);

  @TempDir Path temp;

  @Test
  void millionWaitingEventsAreRecoveredIn64Mib() throws Exception {
    recover(1_000_000, 20_000);
  }

  /** Also delivers all five million events. */
  @Test
  @Tag("full")
  void fiveMillionWaitingEventsAreDeliveredIn64Mib() throws Exception {
    recover(5_000_000, 5_000_000);
  }

  private void recover(int waiting, int delivered) throws Exception {
    Path data = temp.resolve("data");
    Indelible.open(data).close();
    Journal journal =
        Journal.open(
            data.resolve("journal"), Optional.empty(), any -> 0, JournalSettings.ofDefaults());
    for (int n = 0; n < waiting; n++) {
      DeferredAuditEvent event =
          DeferredAuditEvent.of(
              "agent:" + n % 7, new Bash("n" + n), new Refuse("R001", "no"), Optional.empty());
      // On a slow disk, the next segment may need more than a second.
      while (!journal.offer(event)) {
        assertThat(journal.trouble()).isEmpty();
      }
    }
    journal.close();

    ChildJvm child =
        ChildJvm.running(Opener.class)
            .with("-Xmx64m")
            .errorsTo(temp.resolve("errors"))
            .start(data, waiting, delivered);
    Duration recovery = Duration.ofMillis(Long.parseLong(child.readLine()));
    assertThat(recovery).isLessThan(RECOVERY.multipliedBy(Math.max(1, waiting / 1_000_000)));
    assertThat(Long.parseLong(child.readLine())).isGreaterThanOrEqualTo(delivered);
    child.requireSuccess();
    Chain chain = Chain.readIntact(data);
    assertThat(chain.ids()).hasSizeGreaterThanOrEqualTo(delivered).doesNotHaveDuplicates();
  }

  /** A child process with a small heap. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] args) throws Exception {
      long waiting = Long.parseLong(args[1]);
      long delivered = Long.parseLong(args[2]);
      long before = System.nanoTime();
      Indelible indelible = Indelible.open(Path.of(args[0]));
      System.out.println(Duration.ofNanos(System.nanoTime() - before).toMillis());
      if (indelible.metrics().submitted() != waiting) {
        throw new AssertionError(indelible.metrics());
      }
      await()
          .atMost(Duration.ofMinutes(10))
          .until(() -> indelible.metrics().appended() >= delivered);
      System.out.println(indelible.metrics().appended());
      System.out.flush();
      // The remaining events stay in the journal.
      Runtime.getRuntime().halt(0);
    }
  }
}
