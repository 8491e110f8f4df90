// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.Durability;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.SmallDisk;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Processes on one data directory submit without a pause, and are killed at random moments and
 * restarted, while other processes lock the database and the disk fills up (promises D1 and D10).
 * At the end every accepted event is recorded once, in order, and the counters reconcile. {@code
 * -Dsoak.minutes} sets the length of the long run, 10 by default.
 */
@Tag("any-jdk")
class SoakTest {
  private static final int WRITERS = 2;
  private static final long ROOM = 4L << 30;
  private static final int CANNOT_OPEN = 3;

  /** A run with fewer accepted events shows little. */
  private static final int ENOUGH_EVENTS = 1_000;

  /** The longest wait, beyond the given time, for enough events and for each fault. */
  private static final Duration LONGEST_EXTENSION = Duration.ofMinutes(2);

  /** The length of an id with its line end. */
  private static final int NOTE_BYTES = 37;

  /**
   * Errors that may prevent a log from opening: the disk is full, or the database is locked for too
   * long.
   */
  private static final Pattern TRANSIENT_FAULT =
      Pattern.compile("No space left|disk is full|SQLITE_FULL|SQLITE_BUSY");

  @TempDir Path temp;

  private final AtomicInteger kills = new AtomicInteger();
  private final AtomicInteger cleanEnds = new AtomicInteger();
  private final AtomicInteger refusedStarts = new AtomicInteger();
  private final AtomicInteger locks = new AtomicInteger();
  private final AtomicInteger fullDisks = new AtomicInteger();
  private Path data;
  private Path notes;
  private volatile boolean over;

  @Test
  void fifteenSecondsOfFaultsLoseNothing() throws Exception {
    soak(Duration.ofSeconds(15));
  }

  @Test
  @Tag("full")
  void tenMinutesOfFaultsLoseNothing() throws Exception {
    soak(Duration.ofMinutes(Long.getLong("soak.minutes", 10)));
  }

  private void soak(Duration time) throws Exception {
    data =
        Files.createDirectory(
            temp.resolve("data"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    notes = Files.createDirectory(temp.resolve("notes"));
    // The notes are on another disk. Without a small disk, no disk fills up.
    Optional<SmallDisk> disk = SmallDisk.mount(data, ROOM);
    try {
      List<Callable<Void>> faults = new ArrayList<>();
      for (int writer = 0; writer < WRITERS; writer++) {
        String name = "w" + writer;
        faults.add(() -> runAndKillWriters(name, new Random(name.hashCode())));
      }
      faults.add(() -> lockRepeatedly(new Random(1)));
      disk.ifPresent(small -> faults.add(() -> fillDiskRepeatedly(small, new Random(2))));
      runAll(faults, time);

      Chain chain = Chain.settle(data);
      int accepted = requireRecorded(chain);
      System.out.printf(
          "soak of %s: %d accepted, %d on record; %d kills, %d clean ends, %d refused starts,"
              + " %d locks, %d times a full disk%n",
          time,
          accepted,
          chain.ids().size(),
          kills.get(),
          cleanEnds.get(),
          refusedStarts.get(),
          locks.get(),
          fullDisks.get());
      assertThat(accepted).isGreaterThan(ENOUGH_EVENTS);
      assertThat(kills).hasPositiveValue();
      assertThat(locks).hasPositiveValue();
      assertThat(disk.isEmpty() || fullDisks.get() > 0).isTrue();
    } finally {
      if (disk.isPresent()) {
        disk.get().unmount();
      }
    }
  }

  /**
   * Runs all faults concurrently for the given time, and on a busy machine for longer, until each
   * fault has happened and enough events are accepted. The first failure ends the run.
   */
  private void runAll(List<Callable<Void>> faults, Duration time) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(faults.size());
    try {
      long deadline = System.nanoTime() + time.toNanos();
      List<Future<Void>> running = faults.stream().map(threads::submit).toList();
      while ((System.nanoTime() - deadline < 0 || !isEnough(faults.size()))
          && System.nanoTime() - deadline < LONGEST_EXTENSION.toNanos()
          && running.stream().noneMatch(Future::isDone)) {
        LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
      }
      over = true;
      for (Future<Void> each : running) {
        each.get();
      }
    } finally {
      over = true;
      threads.shutdown();
    }
  }

  private boolean isEnough(int faults) throws IOException {
    boolean fills = faults > WRITERS + 1;
    return kills.get() > 0
        && locks.get() > 0
        && (!fills || fullDisks.get() > 0)
        && noted() > ENOUGH_EVENTS;
  }

  /** Returns the number of ids in the notes of all writers. */
  private long noted() throws IOException {
    long bytes = 0;
    try (Stream<Path> files = Files.list(notes)) {
      for (Path file : files.toList()) {
        bytes += Files.size(file);
      }
    }
    return bytes / NOTE_BYTES;
  }

  /** Starts one writer after another. Most are killed; the others end on request. */
  private Void runAndKillWriters(String name, Random random) throws Exception {
    for (int life = 0; !over; life++) {
      Durability durability = random.nextInt(4) == 0 ? Durability.POWER : Durability.PROCESS;
      ChildJvm child =
          ChildJvm.running(Writer.class)
              .errorsTo(temp.resolve(name + "-errors"))
              .start(data, notes, "%s-%05d".formatted(name, life), durability);
      try {
        // The kill comes at a random moment, possibly during the start.
        boolean killed = random.nextInt(5) > 0;
        String said = killed && random.nextInt(4) == 0 ? "open" : child.readLineOrEnd();
        boolean alive = child.runsFor(Duration.ofMillis(random.nextInt(4_000)));
        if (killed && alive && "open".equals(said)) {
          child.kill();
          kills.incrementAndGet();
        } else if (alive && "open".equals(said)) {
          child.writeLine("end");
          assertThat(child.readLine()).isEqualTo("balanced");
          child.requireSuccess();
          cleanEnds.incrementAndGet();
        } else {
          assertThat(child.exitCode())
              .as(() -> "the writer ended by itself: " + said + child.errors())
              .isEqualTo(CANNOT_OPEN);
          // The child may have printed this line before the kill.
          String reason = "open".equals(said) ? child.readLine() : said;
          assertThat(reason).startsWith("cannot open").containsPattern(TRANSIENT_FAULT);
          refusedStarts.incrementAndGet();
        }
      } finally {
        child.kill();
      }
    }
    return null;
  }

  /** Locks the database, for moments or for longer than the writers wait. */
  private Void lockRepeatedly(Random random) {
    Path database = new DataDirectory(data).database();
    while (!over) {
      pauseFor(random.nextInt(3_000));
      for (int lock = random.nextInt(6); lock >= 0 && Files.exists(database) && !over; lock--) {
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + database);
            Statement statement = other.createStatement()) {
          statement.execute("BEGIN EXCLUSIVE");
          locks.incrementAndGet();
          pauseFor(random.nextInt(10) == 0 ? 2_500 : random.nextInt(200));
          statement.execute("COMMIT");
        } catch (SQLException e) {
          // Another process holds the lock, or the disk is full.
          pauseFor(10);
        }
      }
    }
    return null;
  }

  private Void fillDiskRepeatedly(SmallDisk disk, Random random) throws Exception {
    while (!over) {
      pauseFor(random.nextInt(4_000));
      disk.leaveFree(random.nextInt(3 << 20));
      fullDisks.incrementAndGet();
      pauseFor(random.nextInt(2_500));
      disk.resize(ROOM);
    }
    return null;
  }

  private static void pauseFor(int millis) {
    LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
  }

  /** Checks that each noted id is in the chain once, in the order of the notes (D2, D3, D6). */
  private int requireRecorded(Chain chain) throws IOException {
    assertThat(chain.deadLetters()).as("transient faults cause no dead letters").isEmpty();
    assertThat(chain.types()).containsOnly(DeferredAuditEvent.REFUSAL);
    Map<String, Integer> places = new HashMap<>();
    for (String id : chain.ids()) {
      assertThat(places.put(id, places.size())).as("id %s is recorded twice", id).isNull();
    }
    int accepted = 0;
    try (Stream<Path> files = Files.list(notes)) {
      for (Path file : files.toList()) {
        // The last id may be incomplete.
        String text = Files.readString(file);
        int last = -1;
        for (String id : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
          Integer place = places.get(id);
          assertThat(place).as("id %s of %s was accepted but not recorded", id, file).isNotNull();
          assertThat(place).as("id %s of %s is out of order", id, file).isGreaterThan(last);
          last = place;
          accepted++;
        }
      }
    }
    return accepted;
  }

  /** A child process that submits on two threads, notes accepted ids, and ends on request. */
  static final class Writer {
    private static volatile boolean ended;

    private Writer() {}

    public static void main(String[] args) throws Exception {
      Indelible indelible;
      try {
        indelible =
            Indelible.builder(Path.of(args[0])).durability(Durability.valueOf(args[3])).open();
      } catch (OpenException e) {
        // The disk is full, or the database is locked for longer than a start waits.
        System.out.println("cannot open: " + e.getMessage());
        Runtime.getRuntime().halt(CANNOT_OPEN);
        return;
      }
      List<Thread> producers = new ArrayList<>();
      for (int t = 0; t < 2; t++) {
        String producer = args[2] + "-" + t;
        FileOutputStream note = new FileOutputStream(Path.of(args[1], producer).toFile());
        Thread thread = new Thread(() -> submit(indelible, producer, note));
        thread.start();
        producers.add(thread);
      }
      System.out.println("open");
      System.in.read();
      ended = true;
      for (Thread producer : producers) {
        producer.join();
      }
      // During a transient fault some events may stay pending; the next process delivers them.
      DrainReport report = indelible.closeAndFlush(Duration.ofSeconds(5));
      long settled = report.appended() + report.rejected() + report.pending();
      System.out.println(report.submitted() == settled ? "balanced" : report);
    }

    private static void submit(Indelible indelible, String producer, FileOutputStream note) {
      try {
        Random random = new Random(producer.hashCode());
        for (int n = 0; !ended; n++) {
          int padding = random.nextInt(100) == 0 ? random.nextInt(50_000) : random.nextInt(200);
          DeferredAuditEvent event =
              DeferredAuditEvent.of(
                  "agent:" + producer,
                  new Bash("n" + n + "x".repeat(padding)),
                  new Refuse("R001", "no"),
                  Optional.empty());
          if (indelible.queue().submit(event)) {
            // A single write to the kernel survives SIGKILL.
            note.write((event.id() + "\n").getBytes(StandardCharsets.US_ASCII));
          }
          LockSupport.parkNanos(2_000_000);
        }
      } catch (Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }
  }
}
