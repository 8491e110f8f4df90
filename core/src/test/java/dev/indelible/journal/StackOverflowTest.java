// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.AuditBooks;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.EventBatch;
import dev.indelible.queue.MemoryStore;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * D1, D2: a caller whose stack ends within {@code submit} loses its own event and knows it. What
 * others hand in after it still drains.
 */
@Timeout(120)
class StackOverflowTest {
  /** So many stacks end in so many places. */
  private static final int STACKS = 40;

  private static final int EVENTS = 300;
  private static final int STACK_BYTES = 256 << 10;

  @TempDir Path directory;

  @Test
  void aStackThatEndsWithinASubmissionHoldsNothingUp() throws Exception {
    for (int i = 0; i < STACKS; i++) {
      Journal journal =
          Journal.open(
              directory.resolve("journal" + i),
              Optional.empty(),
              which -> 0,
              JournalSettings.ofDefaults());
      Submitter submitter =
          new Submitter(new DeferredAuditQueue(journal, new AuditBooks())).warmedUp();
      int frames = i;
      Thread thread =
          new Thread(null, () -> submitter.submitBehind(frames, 0, 0), "deep", STACK_BYTES);
      thread.start();
      thread.join();

      assertThat(drain(journal)).as("stack %d", i).isEqualTo(submitter.accepted);
      journal.close();
    }
  }

  private static List<UUID> drain(Journal journal) {
    List<UUID> drained = new ArrayList<>();
    EventBatch batch = journal.peek(EVENTS);
    while (!batch.events().isEmpty()) {
      batch.events().stream().map(AuditEvent::id).forEach(drained::add);
      journal.settle(batch.events().size());
      batch = journal.peek(EVENTS);
    }
    return drained;
  }

  /** Submits from the deepest frame there is, then from the one above it, and so on. */
  private static final class Submitter {
    final List<UUID> accepted = new ArrayList<>(EVENTS);
    private final DeferredAuditQueue queue;
    private final Iterator<DeferredAuditEvent> events;

    Submitter(DeferredAuditQueue queue) {
      this.queue = queue;
      List<DeferredAuditEvent> made = new ArrayList<>();
      for (int i = 0; i < EVENTS; i++) {
        made.add(
            DeferredAuditEvent.of(
                "agent:alice", new Bash("ls " + i), new Refuse("R001", "no"), Optional.empty()));
      }
      events = made.iterator();
    }

    /** Both answers once, so that nothing is loaded or linked for the first time further down. */
    Submitter warmedUp() {
      DeferredAuditQueue closed = new DeferredAuditQueue(new MemoryStore(), new AuditBooks());
      closed.close();
      closed.submit(events.next());
      submit(events.next());
      return this;
    }

    /** The larger frames of this method move the end of the stack by less than a whole frame. */
    void submitBehind(int frames, long a, long b) {
      if (frames > 0) {
        submitBehind(frames - 1, a + frames, b - frames);
      } else {
        submitFromTheEndOfTheStackUp();
      }
    }

    private void submitFromTheEndOfTheStackUp() {
      try {
        submitFromTheEndOfTheStackUp();
      } catch (StackOverflowError e) {
        // Here is its end.
      }
      try {
        if (events.hasNext()) {
          submit(events.next());
        }
      } catch (StackOverflowError e) {
        // Not accepted, and its caller knows.
      }
    }

    private void submit(DeferredAuditEvent event) {
      UUID id = event.id();
      if (queue.submit(event)) {
        accepted.add(id);
      }
    }
  }
}
