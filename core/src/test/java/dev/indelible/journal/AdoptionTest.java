// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal.Positions;
import dev.indelible.queue.Durability;
import dev.indelible.testkit.ChildJvm;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Several journals in one directory, of live and dead processes. */
@Timeout(120)
class AdoptionTest {
  @TempDir Path temp;

  private TestJournal test;
  private final List<Journal> opened = new ArrayList<>();

  @BeforeEach
  void createJournal() {
    test = new TestJournal(temp.resolve("journal"));
  }

  @AfterEach
  void closeAll() {
    opened.forEach(Journal::close);
  }

  private Journal open() throws JournalException {
    Journal journal = test.open();
    opened.add(journal);
    return journal;
  }

  /**
   * The next process adopts all events of dead processes (promises D2 and D3). The events of each
   * journal keep their order and come before new events.
   */
  @Test
  void eventsOfDeadProcessesAreDrainedFirst() throws Exception {
    List<List<DeferredAuditEvent>> left = new ArrayList<>();
    for (int p = 0; p < 4; p++) {
      Journal journal = open();
      left.add(events("agent:" + p, 100 + p));
      left.get(p).forEach(journal::offer);
    }
    closeAll();

    Journal next = open();
    DeferredAuditEvent after = event("agent:new", 1);
    assertThat(next.recovered()).isEqualTo(406);
    assertThat(next.offer(after)).isTrue();
    List<AuditEvent> found = test.drain(next);
    // The new process takes slot 0, so the events of slot 0 come last, just before the new event.
    List<String> expected = new ArrayList<>();
    for (int p : new int[] {1, 2, 3, 0}) {
      expected.addAll(bytes(left.get(p)));
    }
    expected.add(bytes(after));
    assertThat(bytes(found)).isEqualTo(expected);
    for (int p = 1; p < 4; p++) {
      assertThat(test.slotDirectory(p)).as("directory of a drained slot").doesNotExist();
    }
  }

  /** The next process adopts the events that a dead adopter had not drained (D2). */
  @Test
  void deathOfAdopterLosesAndRepeatsNoEvent() throws Exception {
    open();
    Journal second = open();
    List<DeferredAuditEvent> events = events("agent:b", 300);
    events.forEach(second::offer);
    closeAll();
    opened.clear();

    Journal adopter = open();
    List<AuditEvent> found = new ArrayList<>();
    var batch = adopter.peek(120);
    found.addAll(batch.events());
    test.positions.put(batch.mark().orElseThrow().journal(), batch.mark().get().position());
    // The adopter dies after the commit, before it settles the events.
    adopter.close();
    found.addAll(test.recover());
    assertThat(bytes(found)).isEqualTo(bytes(events));
  }

  /** A process that starts does not touch the slot of a live process. */
  @Test
  void journalOfLiveProcessIsLeftAlone() throws Exception {
    Journal alive = open();
    List<DeferredAuditEvent> events = events("agent:a", 50);
    events.subList(0, 25).forEach(alive::offer);
    for (int n = 0; n < 5; n++) {
      Journal beside = open();
      assertThat(beside.recovered()).isZero();
      assertThat(test.drain(beside)).isEmpty();
      beside.close();
    }
    events.subList(25, 50).forEach(event -> assertThat(alive.offer(event)).isTrue());
    assertThat(bytes(test.drain(alive))).isEqualTo(bytes(events));
  }

  /**
   * A log that was opened while another of this process still held its slot adopts that slot once
   * it is released, because no next process may start for long (D2).
   */
  @Test
  void slotReleasedInThisProcessIsAdopted() throws Exception {
    Journal hanging = open();
    List<DeferredAuditEvent> events = events("agent:a", 30);
    events.forEach(hanging::offer);
    Journal running = open();
    List<Long> adopted = new ArrayList<>();
    drainOne(running);
    running.adopt(adopted::add);
    assertThat(adopted).as("while the slot is held").isEmpty();
    assertThat(running.isPartial()).isFalse();

    hanging.close();
    drainOne(running);
    running.adopt(adopted::add);
    running.adopt(adopted::add);
    assertThat(adopted).containsExactly(30L);
    assertThat(bytes(test.drain(running))).isEqualTo(bytes(events));
    assertThat(running.recovered()).isZero();
  }

  /** The same, of a log that was opened later. */
  @Test
  void slotOfALaterLogOfThisProcessIsAdopted() throws Exception {
    Journal running = open();
    Journal later = open();
    List<DeferredAuditEvent> events = events("agent:a", 30);
    events.forEach(later::offer);
    later.close();

    List<Long> adopted = new ArrayList<>();
    drainOne(running);
    running.adopt(adopted::add);
    assertThat(adopted).containsExactly(30L);
    assertThat(bytes(test.drain(running))).isEqualTo(bytes(events));
  }

  /**
   * While another ledger is in the place of the right one, its positions say nothing about the
   * events of a released slot.
   */
  @Test
  void slotIsNotAdoptedWithThePositionsOfAnotherLedger() throws Exception {
    Journal hanging = open();
    List<DeferredAuditEvent> events = events("agent:a", 30);
    events.forEach(hanging::offer);
    AtomicBoolean isReplaced = new AtomicBoolean(true);
    Positions ifInPlace =
        journal -> {
          if (isReplaced.get()) {
            throw new JournalException("another ledger");
          }
          return test.positions.getOrDefault(journal, 0L);
        };
    Journal running =
        Journal.open(
            test.directory,
            Optional.of(TestJournal.LEDGER),
            any -> 0,
            ledger -> ifInPlace,
            test.settings);
    opened.add(running);
    hanging.close();
    List<Long> adopted = new ArrayList<>();
    drainOne(running);
    running.adopt(adopted::add);
    assertThat(adopted).isEmpty();

    isReplaced.set(false);
    drainOne(running);
    running.adopt(adopted::add);
    assertThat(adopted).containsExactly(30L);
    assertThat(bytes(test.drain(running))).isEqualTo(bytes(events));
  }

  /** Settles an event; the ledger answers then, so the next adoption is due. */
  private void drainOne(Journal journal) {
    assertThat(journal.offer(event("agent:new", 1))).isTrue();
    assertThat(test.drain(journal)).hasSize(1);
  }

  /**
   * A POSIX process loses its lock when it closes any descriptor of the locked file (D2). This
   * process opens and closes a third journal; even then another process must not get a slot of the
   * first two.
   */
  @Test
  void heldSlotIsNotTakenByAnotherProcess() throws Exception {
    Journal first = open();
    Journal second = open();
    events("agent:a", 10).forEach(first::offer);
    events("agent:b", 10).forEach(second::offer);
    open().close();
    assertThat(recoveredByAnotherProcess()).isZero();
    assertThat(test.drain(first)).hasSize(10);
    assertThat(test.drain(second)).hasSize(10);
  }

  @Test
  void releasedSlotIsTakenByAnotherProcess() throws Exception {
    Journal first = open();
    Journal second = open();
    events("agent:a", 10).forEach(first::offer);
    events("agent:b", 7).forEach(second::offer);
    second.close();
    assertThat(recoveredByAnotherProcess()).isEqualTo(7);
  }

  private long recoveredByAnotherProcess() throws Exception {
    ChildJvm other =
        ChildJvm.running(RecoveringProcess.class)
            .errorsTo(temp.resolve("errors"))
            .start(test.directory);
    return Long.parseLong(other.output());
  }

  /** A process that opens the journal and prints the number of recovered events. */
  static final class RecoveringProcess {
    private RecoveringProcess() {}

    public static void main(String[] args) throws Exception {
      Journal journal = new TestJournal(Path.of(args[0])).open();
      System.out.println(journal.recovered());
      journal.close();
    }
  }

  /**
   * When several journals are opened at once, exactly one of them gets each event of a dead process
   * (D2).
   */
  @Test
  void concurrentStartsAdoptEachEventOnce() throws Exception {
    for (int round = 0; round < 25; round++) {
      TestJournal each = new TestJournal(temp.resolve("round" + round));
      List<String> left = new ArrayList<>();
      List<Journal> dead = new ArrayList<>();
      for (int p = 0; p < 3; p++) {
        Journal journal = each.open();
        List<DeferredAuditEvent> events = events("agent:" + p, 40);
        events.forEach(journal::offer);
        left.addAll(bytes(events));
        dead.add(journal);
      }
      dead.forEach(Journal::close);

      int starts = 4;
      CyclicBarrier together = new CyclicBarrier(starts);
      ExecutorService threads = Executors.newFixedThreadPool(starts);
      List<Future<Journal>> running = new ArrayList<>();
      for (int s = 0; s < starts; s++) {
        running.add(
            threads.submit(
                () -> {
                  together.await(20, TimeUnit.SECONDS);
                  return each.open();
                }));
      }
      List<String> found = new ArrayList<>();
      for (Future<Journal> start : running) {
        Journal journal = start.get(20, TimeUnit.SECONDS);
        opened.add(journal);
        found.addAll(bytes(each.drain(journal)));
      }
      threads.shutdown();
      assertThat(found).as("round %d", round).containsExactlyInAnyOrderElementsOf(left);
    }
  }

  /** Each start reads every slot while a live journal creates and removes segments. */
  @Test
  void startsWhileAJournalIsBusySucceed() throws Exception {
    Journal busy = test.open(TestJournal.settings(Durability.PROCESS, 8L << 20));
    opened.add(busy);
    ExecutorService producer = Executors.newSingleThreadExecutor();
    try {
      Future<Integer> rotations =
          producer.submit(
              () -> {
                int offered = 0;
                while (!Thread.currentThread().isInterrupted()) {
                  offered += busy.offer(event("agent:a", offered, 200_000)) ? 1 : 0;
                  test.drain(busy);
                }
                return offered;
              });
      for (int n = 0; n < 150; n++) {
        TestJournal beside = new TestJournal(test.directory);
        beside.open().close();
      }
      assertThat(rotations.isDone()).isFalse();
    } finally {
      producer.shutdownNow();
      assertThat(producer.awaitTermination(20, TimeUnit.SECONDS)).isTrue();
    }
  }
}
