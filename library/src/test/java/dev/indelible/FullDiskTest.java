// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.queue.DrainReport;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.SmallDisk;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A disk fills up under the journal, under the database, or under both (promises D1, D2 and D6). No
 * accepted event is lost. The log runs in another process, because writing to a mapped file without
 * disk space kills the process.
 */
@Tag("any-jdk")
class FullDiskTest {
  private static final int MIB = 1 << 20;
  private static final int DISK_MIB = 64;

  @TempDir Path temp;

  private final List<SmallDisk> mounted = new ArrayList<>();
  private Path data;
  private @Nullable ChildJvm child;

  @BeforeEach
  void createDirectories() throws IOException {
    data =
        Files.createDirectory(
            temp.resolve("data"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  @AfterEach
  void unmount() throws Exception {
    if (child != null) {
      child.kill();
    }
    for (int i = mounted.size() - 1; i >= 0; i--) {
      mounted.get(i).unmount();
    }
  }

  @Test
  void fullDiskUnderTheJournalLosesNothing() throws Exception {
    Path journal =
        Files.createDirectory(
            data.resolve("journal"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    mount(journal);
    survive(journal.resolve("ballast"), 3 * MIB, "rejected");
  }

  @Test
  void fullDiskUnderTheDatabaseLosesNothing() throws Exception {
    mount(data);
    Path journal =
        Files.createDirectory(
            data.resolve("journal"),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    mount(journal);
    survive(data.resolve("ballast"), 2 * MIB, "degraded");
  }

  @Test
  void fullDiskUnderBothLosesNothing() throws Exception {
    mount(data);
    survive(data.resolve("ballast"), 5 * MIB, "rejected");
  }

  /**
   * A decision needs only the journal, which already has a segment with space (D9). The row waits
   * until the disk has space again.
   */
  @Test
  void fullDiskDoesNotWithholdDecisions() throws Exception {
    mount(data);
    check("ls");
    mounted.get(0).leaveFree(0);

    Indelible log = Indelible.open(data, new StarterRules());
    assertThat(log.gate().record("agent:alice", new Bash("ls later")).eventId()).isPresent();
    DrainReport report = log.closeAndFlush(Duration.ofSeconds(1));
    assertThat(report.pending()).as(report::toString).isEqualTo(1);
    assertThat(report.describePending()).startsWith("recorded in the journal; 1 event waits");

    mounted.get(0).resize((long) DISK_MIB * MIB);
    check("ls last");
    assertThat(Chain.settle(data).types()).hasSize(3);
  }

  private void check(String command) throws Exception {
    try (Indelible log = Indelible.open(data)) {
      log.gate().check("agent:alice", new Bash(command));
    }
  }

  /** Fills the disk of a running log until the log reports it, and then frees disk space. */
  private void survive(Path ballast, int left, String until) throws Exception {
    Path notes = temp.resolve("notes");
    Path errors = temp.resolve("errors");
    child =
        ChildJvm.running(Submitter.class)
            .with("-Xmx256m")
            .errorsTo(errors)
            .start(data, notes, until);
    assertThat(child.readLine()).isEqualTo("open");
    fill(ballast, left);
    child.writeLine("full");
    assertThat(child.readLine()).isEqualTo(until);
    Files.delete(ballast);
    child.writeLine("room");
    assertThat(child.readLine()).isEqualTo("settled");
    child.requireSuccess();

    Chain chain = Chain.settle(data);
    List<String> accepted = Files.readAllLines(notes);
    chain.requireOnceEach(accepted);
    chain.requireOrder(accepted);
    assertThat(chain.deadLetters()).as("transient faults cause no dead letters").isEmpty();
    assertThat(chain.types()).containsOnly(DeferredAuditEvent.REFUSAL);
  }

  private void mount(Path at) throws Exception {
    Optional<SmallDisk> disk = SmallDisk.mount(at, (long) DISK_MIB * MIB);
    assumeTrue(disk.isPresent(), "skipped: mounting a small disk needs root");
    mounted.add(disk.get());
  }

  private static void fill(Path ballast, int left) throws IOException {
    byte[] block = new byte[64 * 1024];
    try (OutputStream out = Files.newOutputStream(ballast)) {
      while (Files.getFileStore(ballast).getUsableSpace() > left) {
        out.write(block);
      }
    }
  }

  /**
   * A child process that submits until an event is rejected, and again once there is disk space.
   */
  static final class Submitter {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private Submitter() {}

    public static void main(String[] args) throws Exception {
      Indelible indelible = Indelible.open(Path.of(args[0]));
      try (FileOutputStream notes = new FileOutputStream(args[1])) {
        for (int n = 0; n < 20; n++) {
          submit(indelible, n, notes);
        }
        System.out.println("open");
        System.in.read();
        boolean byRejection = args[2].equals("rejected");
        int n = 20;
        boolean full = false;
        while (!full) {
          boolean accepted = submit(indelible, n++, notes);
          full = byRejection ? !accepted : n > 2_000 && isFull(indelible.metrics().health());
          if (n > 40_000) {
            throw new AssertionError("the disk never became full: " + indelible.metrics());
          }
        }
        // A rejection does not wait either (D1).
        long before = System.nanoTime();
        for (int i = 0; i < 100; i++) {
          submit(indelible, n++, notes);
        }
        if (System.nanoTime() - before > Duration.ofSeconds(5).toNanos()) {
          throw new AssertionError("submit took too long");
        }
        Chain.requireReconciled(indelible.metrics());
        System.out.println(args[2]);
        while (System.in.read() != 'r') {}
        int next = n;
        await().atMost(PATIENCE).until(() -> submit(indelible, next, notes));
        DrainReport report = indelible.closeAndFlush(PATIENCE);
        Chain.requireReconciled(report);
        System.out.println("settled");
      } catch (Throwable e) {
        e.printStackTrace();
        Runtime.getRuntime().halt(1);
      }
    }

    private static boolean isFull(AuditHealth health) {
      return health.state() == AuditHealth.State.DEGRADED && health.reason().contains("full");
    }

    private static boolean submit(Indelible indelible, int n, FileOutputStream notes)
        throws IOException {
      DeferredAuditEvent event =
          DeferredAuditEvent.of(
              "agent:a",
              new Bash("n" + n + "x".repeat(5_000)),
              new Refuse("R001", "no"),
              Optional.empty());
      boolean accepted = indelible.queue().submit(event);
      if (accepted) {
        notes.write((event.id() + "\n").getBytes(StandardCharsets.US_ASCII));
      }
      return accepted;
    }
  }
}
