// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.event;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.EventBatch;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several processes take, adopt, drain, retire and reuse slots at once, and each is killed at a
 * random moment (promise D2). The ledger is a file; one write appends a batch and its position.
 */
@Timeout(600)
class SlotKillTest {
  private static final int PROCESSES = 2;
  private static final int THREADS = 3;

  /** The line that a child prints when it has opened a journal. */
  private static final String OPENED = "opened";

  @TempDir Path temp;

  @Test
  void killedProcessesLoseAndRepeatNothing() throws Exception {
    kill(4);
  }

  @Test
  @Tag("full")
  void manyKilledProcessesLoseAndRepeatNothing() throws Exception {
    kill(200);
  }

  private void kill(int rounds) throws Exception {
    Path accepted = Files.createFile(temp.resolve("accepted"));
    Path ledger = Files.createFile(temp.resolve("ledger"));
    Random random = new Random(11);
    for (int round = 0; round < rounds; round++) {
      List<ChildJvm> children = new ArrayList<>();
      for (int child = 0; child < PROCESSES; child++) {
        children.add(start(round * PROCESSES + child));
      }
      for (ChildJvm child : children) {
        assertThat(child.readLine()).isEqualTo(OPENED);
      }
      // The moment of the kill is random.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(400)).toNanos());
      for (ChildJvm child : children) {
        assertThat(child.runsFor(Duration.ZERO)).as(child::errors).isTrue();
        child.kill();
      }
    }
    FileLedger recorded = new FileLedger(ledger);
    Journal last = recorded.open(temp.resolve("journal"));
    recorded.drain(last);
    last.close();

    List<String> ids = recorded.ids();
    assertThat(ids).doesNotHaveDuplicates();
    Set<String> found = new HashSet<>(ids);
    List<String> noted = Files.readAllLines(accepted);
    assertThat(noted).hasSizeGreaterThan(rounds).allMatch(found::contains);
    // The number of slots depends on the processes that run at one time, not on the journals that
    // were opened.
    assertThat(recorded.positions()).hasSizeLessThanOrEqualTo(4 * PROCESSES * THREADS);
    System.out.printf(
        "%d events of %d processes in %d journals%n",
        noted.size(), rounds * PROCESSES, recorded.positions().size());
  }

  private ChildJvm start(int number) throws IOException {
    return ChildJvm.running(Child.class).errorsTo(temp.resolve("errors")).start(temp, number);
  }

  /**
   * A process that opens journals, submits, drains and closes, on several threads, until it is
   * killed.
   */
  static final class Child {
    private Child() {}

    public static void main(String[] args) throws Exception {
      Path temp = Path.of(args[0]);
      for (int thread = 0; thread < THREADS; thread++) {
        String agent = "agent:" + args[1] + "-" + thread;
        new Thread(() -> live(temp, agent)).start();
      }
    }

    private static void live(Path temp, String agent) {
      try (FileChannel notes =
          FileChannel.open(
              temp.resolve("accepted"), StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
        Random random = new Random(agent.hashCode());
        FileLedger ledger = new FileLedger(temp.resolve("ledger"));
        for (int n = 0; ; ) {
          Journal journal = ledger.open(temp.resolve("journal"));
          System.out.println(OPENED);
          for (int more = random.nextInt(5); more >= 0; more--) {
            DeferredAuditEvent event = event(agent, n++);
            if (journal.offer(event)) {
              notes.write(ByteBuffer.wrap((event.id() + "\n").getBytes(StandardCharsets.US_ASCII)));
            }
          }
          if (random.nextInt(4) > 0) {
            ledger.drain(journal);
          }
          journal.close();
        }
      } catch (Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }
  }

  /** A ledger in a file. Each line has a journal, a position and the ids of a batch. */
  private record FileLedger(Path file) {
    Journal open(Path directory) throws JournalException {
      return Journal.open(
          directory,
          Optional.of(TestJournal.LEDGER),
          journal -> positions().getOrDefault(journal, 0L),
          JournalSettings.ofDefaults(),
          TestJournal.UNSYNCED);
    }

    void drain(Journal journal) throws IOException {
      try (FileChannel ledger =
          FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
        for (EventBatch batch = journal.peek(50);
            batch.mark().isPresent();
            batch = journal.peek(50)) {
          StringBuilder line = new StringBuilder();
          line.append(batch.mark().get().journal()).append(' ');
          line.append(batch.mark().get().position());
          for (AuditEvent event : batch.events()) {
            line.append(' ').append(event.id());
          }
          ledger.write(
              ByteBuffer.wrap(line.append('\n').toString().getBytes(StandardCharsets.US_ASCII)));
          journal.settle(batch.events().size());
        }
      }
    }

    Map<UUID, Long> positions() {
      Map<UUID, Long> positions = new HashMap<>();
      for (String line : lines()) {
        String[] words = line.split(" ");
        positions.put(UUID.fromString(words[0]), Long.valueOf(words[1]));
      }
      return positions;
    }

    List<String> ids() {
      List<String> ids = new ArrayList<>();
      for (String line : lines()) {
        String[] words = line.split(" ");
        ids.addAll(List.of(words).subList(2, words.length));
      }
      return ids;
    }

    private List<String> lines() {
      try {
        return Files.readAllLines(file);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
