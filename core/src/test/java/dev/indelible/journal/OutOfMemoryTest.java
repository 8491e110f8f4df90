// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * If memory runs out while waiting events are read, the read is retried and no event is lost
 * (promise D2).
 */
@Timeout(60)
class OutOfMemoryTest {
  private static final int EVENTS = 40;
  private static final int EVENT_BYTES = 200_000;

  @TempDir Path directory;

  @Test
  void eventsReadBeforeMemoryRanOutAreReadAgain() throws Exception {
    ChildJvm starved =
        ChildJvm.running(Starved.class).with("-Xmx64m").start(directory.resolve("journal"));

    assertThat(starved.output()).isEqualTo("ran out, and read all in order");
  }

  /** A process with little memory, which it fills before it reads. */
  static final class Starved {
    private Starved() {}

    public static void main(String[] args) throws Exception {
      Journal journal =
          Journal.open(
              Path.of(args[0]), Optional.empty(), which -> 0, JournalSettings.ofDefaults());
      List<UUID> accepted = new ArrayList<>();
      while (accepted.size() < EVENTS) {
        DeferredAuditEvent event =
            DeferredAuditEvent.of(
                "agent:alice",
                new Bash("x".repeat(EVENT_BYTES)),
                new Refuse("R001", "no"),
                Optional.empty());
        if (journal.offer(event)) {
          accepted.add(event.id());
        }
      }

      List<byte[]> ballast = fill();
      int ranOut = 0;
      Optional<EventBatch> batch = Optional.empty();
      while (batch.isEmpty()) {
        try {
          batch = Optional.of(journal.peek(EVENTS));
        } catch (OutOfMemoryError e) {
          ranOut++;
          ballast.remove(ballast.size() - 1);
        }
      }
      ballast.clear();

      List<UUID> read = new ArrayList<>();
      for (EventBatch next = batch.get(); !next.events().isEmpty(); next = journal.peek(EVENTS)) {
        next.events().stream().map(AuditEvent::id).forEach(read::add);
        journal.settle(next.events().size());
      }
      System.out.println(
          (ranOut > 0 ? "ran out" : "did not run out")
              + (read.equals(accepted)
                  ? ", and read all in order"
                  : ", and read " + read.size() + " of " + EVENTS));
      System.exit(0);
    }

    private static List<byte[]> fill() {
      List<byte[]> ballast = new ArrayList<>(10_000);
      try {
        while (true) {
          ballast.add(new byte[EVENT_BYTES]);
        }
      } catch (OutOfMemoryError e) {
        return ballast;
      }
    }
  }
}
