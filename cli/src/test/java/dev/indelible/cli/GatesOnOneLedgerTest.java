// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.ChildJvm;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three gates, each a process with its own data directory, record into one ledger in PostgreSQL,
 * and are killed with SIGKILL at random moments (D2, D3).
 */
@Tag("any-jdk")
@Timeout(600)
class GatesOnOneLedgerTest {
  private static final List<String> GATES = List.of("a", "b", "c");

  @TempDir Path temp;

  @Test
  void acceptedEventsAreInTheChainOnce() throws Exception {
    killRepeatedly(3, new Random(1));
  }

  @Test
  @Tag("full")
  void acceptedEventsSurviveHundredsOfKills() throws Exception {
    killRepeatedly(70, new Random(2));
  }

  private void killRepeatedly(int rounds, Random random) throws Exception {
    TestServer server = TestServer.shared();
    String schema = server.createLedger();
    String url = server.url(schema, TestServer.WRITER);
    Indelible.builder(temp.resolve("a")).ledger(() -> url).open().close();
    for (String gate : List.of("b", "c")) {
      copyKeys(temp.resolve("a"), temp.resolve(gate));
    }
    Path notes = Files.createDirectory(temp.resolve("notes"));
    for (int round = 0; round < rounds; round++) {
      List<ChildJvm> children = new ArrayList<>();
      for (String gate : GATES) {
        children.add(
            ChildJvm.running(Submitter.class)
                .errorsTo(temp.resolve("errors-" + gate))
                .start(temp.resolve(gate), url, notes.resolve(gate + "-" + round)));
      }
      for (ChildJvm child : children) {
        assertThat(child.readLine()).isEqualTo("ready");
      }
      for (ChildJvm child : children) {
        LockSupport.parkNanos(Duration.ofMillis(random.nextInt(300)).toNanos());
        child.kill();
      }
    }
    for (String gate : GATES) {
      // Delivers what the killed processes left in this gate's journal.
      Indelible.open(temp.resolve(gate)).close();
    }
    List<String> recorded =
        server.texts("SELECT id FROM " + schema + ".signed_events ORDER BY sequence");
    assertThat(recorded).doesNotHaveDuplicates();
    int accepted = 0;
    try (Stream<Path> files = Files.list(notes)) {
      for (Path file : files.toList()) {
        String text = Files.readString(file);
        List<String> ids = text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
        HashSet<String> own = new HashSet<>(ids);
        assertThat(recorded.stream().filter(own::contains).toList()).isEqualTo(ids);
        accepted += ids.size();
      }
    }
    assertThat(accepted).isGreaterThan(30 * rounds);
    assertThat(server.text("SELECT count(*) FROM " + schema + ".signed_events_dlq")).isEqualTo("0");
    for (String gate : GATES) {
      Cli.Result verified =
          Cli.runWithoutData("--data", temp.resolve(gate).toString(), "log", "verify");
      assertThat(verified.exit()).as(verified.out() + verified.err()).isZero();
    }
  }

  static void copyKeys(Path from, Path to) throws Exception {
    for (String name : List.of("keys", "policy")) {
      Files.createDirectories(
          to.resolve(name),
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      try (Stream<Path> files = Files.list(from.resolve(name))) {
        for (Path file : files.toList()) {
          Files.copy(
              file,
              to.resolve(name).resolve(file.getFileName()),
              StandardCopyOption.COPY_ATTRIBUTES);
        }
      }
    }
  }

  /** A gate that submits until it is killed, and notes each accepted event. */
  static final class Submitter {
    private Submitter() {}

    public static void main(String[] args) throws Exception {
      Indelible gate = Indelible.builder(Path.of(args[0])).ledger(() -> args[1]).open();
      submit(gate, args[0], args[2], () -> false, Duration.ofNanos(200_000));
    }

    /**
     * Submits events of one agent until the end, and notes the id of each accepted one.
     *
     * @param pause the pause after each event
     */
    static void submit(
        Indelible gate, String directory, String notes, BooleanSupplier ended, Duration pause)
        throws IOException {
      try (FileOutputStream note = new FileOutputStream(notes)) {
        System.out.println("ready");
        for (int n = 0; !ended.getAsBoolean(); n++) {
          DeferredAuditEvent event =
              DeferredAuditEvent.of(
                  "agent:" + directory,
                  new Bash("n" + n),
                  new Refuse("R001", "no"),
                  Optional.empty());
          if (gate.queue().submit(event)) {
            // A single write to the kernel survives SIGKILL.
            note.write((event.id() + "\n").getBytes(StandardCharsets.US_ASCII));
          }
          LockSupport.parkNanos(pause.toNanos());
        }
      }
    }
  }
}
