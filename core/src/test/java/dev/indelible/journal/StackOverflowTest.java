// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.Durability;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * If the stack of a caller ends anywhere within {@code submit}, the caller gets an error or a
 * rejection and blocks no other thread (promises D1, D2, D3 and D10). A child process submits from
 * every depth near the end of many stacks; each JVM mode has its own process.
 */
@Timeout(300)
class StackOverflowTest {
  @TempDir Path directory;

  /** Tries few stacks, in the modes that differ most. */
  @ParameterizedTest(name = "{0}, {1}")
  @CsvSource({"MEMORY, -Xint, 0", "PROCESS, -Xint, 0", "POWER, -XX:+TieredCompilation, 2000"})
  void stackOverflowInSubmitBlocksNobody(Durability durability, String flag, int warmUp)
      throws Exception {
    submitNearTheEndOfStacks(durability, flag, warmUp, 6);
  }

  /** Tries many stacks, in all modes. */
  @ParameterizedTest(name = "{0}, {1}")
  @MethodSource("waysToRun")
  @Tag("full")
  void manyStackOverflowsInSubmitBlockNobody(Durability durability, String flag, int warmUp)
      throws Exception {
    submitNearTheEndOfStacks(durability, flag, warmUp, 20);
  }

  static Stream<Arguments> waysToRun() {
    return Stream.of(Durability.values())
        .flatMap(
            durability ->
                Stream.of(
                    Arguments.of(durability, "-Xint", 0),
                    Arguments.of(durability, "-XX:TieredStopAtLevel=1", 20_000),
                    Arguments.of(durability, "-XX:-TieredCompilation", 20_000),
                    Arguments.of(durability, "-XX:+TieredCompilation", 2_000)));
  }

  private void submitNearTheEndOfStacks(Durability durability, String flag, int warmUp, int stacks)
      throws Exception {
    // Uses all compilers, unless the flag selects one.
    String output =
        ChildJvm.running(Overflowing.class)
            .with("-XX:TieredStopAtLevel=4", "-Xmx1g", flag)
            .start(directory, durability, warmUp, stacks)
            .output();

    assertThat(output.lines().toList()).last().asString().as(output).startsWith("balanced");
  }

  /** A process that submits near the end of one stack after another, and drains in between. */
  static final class Overflowing {
    private static final int EVENTS = 400;
    private static final int STACK_BYTES = 320 << 10;

    private final DeferredAuditQueue queue;
    private final EventStore store;
    private final AuditCounters counters = new AuditCounters();
    private final List<UUID> drained = new ArrayList<>();
    private int answered;
    private int accepted;
    private int refused;
    private int thrown;

    private Overflowing(EventStore store) {
      this.store = store;
      this.queue = new DeferredAuditQueue(store, counters);
    }

    public static void main(String[] args) throws Exception {
      Durability durability = Durability.valueOf(args[1]);
      TestJournal journal = new TestJournal(Path.of(args[0]).resolve("journal"));
      EventStore store =
          durability == Durability.MEMORY
              ? new MemoryStore()
              : journal.open(TestJournal.settings(durability));
      String fault =
          new Overflowing(store).run(Integer.parseInt(args[2]), Integer.parseInt(args[3]));
      System.out.println(fault);
      System.exit(fault.startsWith("balanced") ? 0 : 1);
    }

    private String run(int warmUp, int stacks) throws Exception {
      for (int i = 0; i < warmUp; i++) {
        submitWithEnoughStack(i);
      }
      for (int i = 0; i < stacks; i++) {
        List<EndOfStack> ends = List.of(new EndOfStack(queue), new EndOfStack(queue));
        List<Thread> threads = new ArrayList<>();
        for (EndOfStack end : ends) {
          int frames = i + threads.size();
          threads.add(
              new Thread(null, () -> end.submitBelow(frames, 0, 0), "deep" + i, STACK_BYTES));
        }
        threads.forEach(Thread::start);
        for (Thread thread : threads) {
          thread.join();
        }
        drained.clear();
        drain();
        int expected = 0;
        for (EndOfStack end : ends) {
          List<UUID> accepted = enter(end);
          expected += accepted.size();
          if (!drained.stream().filter(accepted::contains).toList().equals(accepted)) {
            return "stack %d: %s accepted, %s drained".formatted(i, accepted, drained);
          }
        }
        if (drained.size() != expected) {
          return "stack %d: %d accepted, %d drained".formatted(i, expected, drained.size());
        }
        if (!submitWithEnoughStack(i)) {
          return "stack %d: no event was accepted afterwards".formatted(i);
        }
      }
      DeferredAuditMetrics end = queue.metrics();
      // At the very end of a stack neither a submission nor its rejection is counted.
      boolean balanced =
          end.isBalanced()
              && end.sendFailures() <= refused
              && end.sendFailures() > 0
              && end.appended() == accepted
              && end.pending() == 0;
      return (balanced && thrown + refused > 0 ? "balanced: " : "out of balance: ")
          + "%d answered, %d refused, %d thrown, %s".formatted(answered, refused, thrown, end);
    }

    private boolean submitWithEnoughStack(int number) {
      DeferredAuditEvent event = TestJournal.event("agent:alice", number);
      boolean taken = false;
      // With enough stack, a rejection means that the next segment was not ready in time.
      for (int attempt = 0; attempt < 60 && !taken; attempt++) {
        taken = queue.submit(event);
        answered++;
        if (taken) {
          accepted++;
        } else {
          refused++;
        }
      }
      drain();
      return taken;
    }

    /** Counts the outcomes of all submissions and returns the accepted ids in order. */
    private List<UUID> enter(EndOfStack end) {
      List<UUID> ids = new ArrayList<>();
      for (int i = 0; i < end.next; i++) {
        if (end.answers[i] == EndOfStack.THROWN) {
          thrown++;
        } else {
          answered++;
        }
        if (end.answers[i] == EndOfStack.ACCEPTED) {
          accepted++;
          ids.add(end.events[i].id());
        } else if (end.answers[i] == EndOfStack.REFUSED) {
          refused++;
        }
      }
      return ids;
    }

    private void drain() {
      for (EventBatch batch = store.peek(EVENTS);
          !batch.events().isEmpty() || batch.mark().isPresent();
          batch = store.peek(EVENTS)) {
        batch.events().stream().map(AuditEvent::id).forEach(drained::add);
        store.settle(batch.events().size());
        counters.count(AuditCounters.Counter.APPENDED, batch.events().size());
      }
    }
  }

  /** Submits from the deepest stack frame, then from each frame above it. */
  private static final class EndOfStack {
    static final byte THROWN = 0;
    static final byte ACCEPTED = 1;
    static final byte REFUSED = 2;

    final DeferredAuditEvent[] events = new DeferredAuditEvent[Overflowing.EVENTS];
    final byte[] answers = new byte[Overflowing.EVENTS];
    int next;
    private final DeferredAuditQueue queue;

    EndOfStack(DeferredAuditQueue queue) {
      this.queue = queue;
      for (int i = 0; i < events.length; i++) {
        events[i] =
            DeferredAuditEvent.of(
                "agent:alice", new Bash("ls " + i), new Refuse("R001", "no"), Optional.empty());
      }
    }

    /** Adds frames of another size first, to shift the point at which the stack ends. */
    void submitBelow(int frames, long a, long b) {
      if (frames > 0) {
        submitBelow(frames - 1, a + frames, b - frames);
      } else {
        submitFromTheEndOfTheStackUp();
      }
    }

    private void submitFromTheEndOfTheStackUp() {
      try {
        submitFromTheEndOfTheStackUp();
      } catch (StackOverflowError e) {
        // The stack ends here.
      }
      int i = next;
      if (i < events.length) {
        next = i + 1;
        try {
          answers[i] = queue.submit(events[i]) ? ACCEPTED : REFUSED;
        } catch (StackOverflowError e) {
          // The stack had no space for the call itself.
        }
      }
    }
  }
}
