// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.Durability;
import dev.indelible.testkit.ChildJvm;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes are killed with SIGKILL at random moments while they start, recover or submit, one or
 * two at a time in one directory (promises D2 and D3). They note each id as soon as {@code submit}
 * returns true. No noted event is lost or duplicated.
 */
class KilledProcessTest {
  private static final int THREADS = 4;
  private static final int KILLS = 8;

  @TempDir Path temp;

  @Test
  void acceptedEventsSurviveKillNine() throws Exception {
    killRepeatedly("once", 1);
  }

  /** Uses several logs, because verifying one log after this many kills would take too long. */
  @Test
  @Tag("full")
  void acceptedEventsSurviveTwoHundredKills() throws Exception {
    for (int log = 0; log < 25; log++) {
      killRepeatedly("log-" + log, log);
    }
  }

  private void killRepeatedly(String log, int seed) throws Exception {
    Random random = new Random(seed);
    Path data = temp.resolve(log);
    Path notes = Files.createDirectory(temp.resolve(log + "-notes"));
    for (int round = 0; round < KILLS; round++) {
      List<ChildJvm> children = new ArrayList<>();
      for (int c = 0; c <= round % 3 / 2; c++) {
        children.add(
            ChildJvm.running(Submitter.class)
                .errorsTo(temp.resolve("errors"))
                .start(
                    data,
                    notes,
                    "%03d-%d".formatted(round, c),
                    round % 4 == 0 ? Durability.POWER : Durability.PROCESS));
      }
      if (round % 4 != 3) {
        for (ChildJvm child : children) {
          assertThat(child.readLine()).isEqualTo("ready");
        }
      }
      // The moment of the kill is random.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(300)).toNanos());
      for (ChildJvm child : children) {
        child.kill();
      }
    }
    Chain chain = Chain.settle(data);
    List<List<String>> producers = new ArrayList<>();
    try (Stream<Path> files = Files.list(notes)) {
      for (Path file : files.toList()) {
        // The last id may be incomplete.
        String text = Files.readString(file);
        producers.add(text.substring(0, text.lastIndexOf('\n') + 1).lines().toList());
      }
    }
    assertThat(producers.stream().mapToInt(List::size).sum())
        .as("number of accepted events")
        .isGreaterThan(50 * KILLS);
    chain.requireOnceEach(producers.stream().flatMap(List::stream).toList());
    producers.forEach(chain::requireOrder);
    assertThat(chain.types()).containsOnly(DeferredAuditEvent.REFUSAL);
    assertThat(chain.deadLetters()).isEmpty();
  }

  /** A child process that submits on several threads until it is killed. */
  static final class Submitter {
    private Submitter() {}

    public static void main(String[] args) throws Exception {
      Indelible indelible =
          Indelible.builder(Path.of(args[0])).durability(Durability.valueOf(args[3])).open();
      for (int t = 0; t < THREADS; t++) {
        String producer = args[2] + "-" + t;
        FileOutputStream note = new FileOutputStream(Path.of(args[1], producer).toFile());
        new Thread(() -> submit(indelible, producer, note)).start();
      }
      System.out.println("ready");
    }

    private static void submit(Indelible indelible, String producer, FileOutputStream note) {
      try {
        for (int n = 0; ; n++) {
          DeferredAuditEvent event =
              DeferredAuditEvent.of(
                  "agent:" + producer,
                  new Bash("n" + n + "x".repeat(n % 50 == 0 ? 20_000 : n % 100)),
                  new Refuse("R001", "no"),
                  Optional.empty());
          if (indelible.queue().submit(event)) {
            // A single write to the kernel survives SIGKILL.
            note.write((event.id() + "\n").getBytes(StandardCharsets.US_ASCII));
          }
          LockSupport.parkNanos(100_000);
        }
      } catch (Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }
  }
}
