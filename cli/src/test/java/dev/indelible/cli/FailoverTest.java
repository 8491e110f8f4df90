// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.postgres.TestServer;
import dev.indelible.postgres.TestServerPair;
import dev.indelible.testkit.ChildJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * The primary of two gates is killed under load and its standby promoted, again and again. Each
 * gate is a process with its own data directory, journal and anchor file.
 */
@Tag("any-jdk")
@Timeout(1800)
class FailoverTest {
  private static final List<String> GATES = List.of("a", "b");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir Path temp;
  private TestServerPair servers;
  private String schema = "";
  private final List<ChildJvm> gates = new ArrayList<>();

  private void start(boolean isSynchronous) throws Exception {
    servers = TestServerPair.start(isSynchronous);
    schema = servers.primary().createLedger();
    String url = servers.url(schema, TestServer.WRITER);
    Indelible.builder(temp.resolve("a")).ledger(() -> url).open().close();
    GatesOnOneLedgerTest.copyKeys(temp.resolve("a"), temp.resolve("b"));
    for (String gate : GATES) {
      gates.add(
          ChildJvm.running(Recorder.class)
              .errorsTo(temp.resolve("errors-" + gate))
              .start(temp.resolve(gate), url, notes(gate), anchor(gate)));
    }
    for (ChildJvm gate : gates) {
      assertThat(gate.readLine()).isEqualTo("ready");
    }
  }

  @AfterEach
  void stop() throws Exception {
    for (ChildJvm gate : gates) {
      gate.kill();
    }
    if (servers != null) {
      servers.close();
    }
  }

  private Path notes(String gate) {
    return temp.resolve("notes-" + gate);
  }

  private Path anchor(String gate) {
    return temp.resolve("anchor-" + gate);
  }

  private Path lastCheckpoint(String gate) {
    return temp.resolve(gate).resolve("last-checkpoint");
  }

  @Test
  void synchronousFailOverLosesNothing() throws Exception {
    failOver(2);
  }

  @Test
  @Tag("full")
  void synchronousFailOversLoseNothing() throws Exception {
    failOver(40);
  }

  private void failOver(int rounds) throws Exception {
    start(true);
    Random random = new Random(rounds);
    for (int round = 0; round < rounds; round++) {
      long before = events();
      Awaitility.await().atMost(PATIENCE).until(() -> events() > before + 20);
      // The pause is the random moment of the kill; it does not wait for a state.
      LockSupport.parkNanos(Duration.ofMillis(random.nextInt(500)).toNanos());
      servers.failOver();
      servers.addStandby();
    }
    end();
    requireEachAcceptedOnce();
    assertThat(
            texts(
                "SELECT sequence FROM %s.signed_events WHERE event_type IN ('audit.gap', 'audit.tamper')"))
        .isEmpty();
    for (String gate : GATES) {
      Cli.Result verified = verify(gate);
      assertThat(verified.exit()).as(verified.out() + verified.err()).isZero();
      assertThat(verified.out()).contains("anchor");
    }
  }

  /**
   * The standby receives nothing for a while before the primary is killed. No checkpoint that left
   * the server is of rows that the standby lacks, so signing goes on; the lost rows are on record,
   * and the operator's answer ends the alert and leaves the verdict unknown.
   */
  @Test
  void asynchronousFailOverContradictsNoCheckpoint() throws Exception {
    start(false);
    awaitCheckpoints(0);
    servers.holdReplication();
    long held = Long.parseLong(servers.standby().text(count()));
    Awaitility.await().atMost(PATIENCE).until(() -> events() > held + 200);
    for (String gate : GATES) {
      assertThat(size(lastCheckpoint(gate))).isLessThanOrEqualTo(held);
    }
    servers.failOver();
    assertThat(events()).isEqualTo(held);
    long signed = Math.max(size(lastCheckpoint("a")), size(lastCheckpoint("b")));
    assertThat(signed).isPositive().isLessThanOrEqualTo(held);

    Awaitility.await().atMost(PATIENCE).until(() -> notedRows().size() == GATES.size());
    awaitCheckpoints(held + GATES.size());
    end();
    requireEachAcceptedOnce();
    for (String gate : GATES) {
      Cli.Result verified = verify(gate);
      assertThat(verified.exit()).as(verified.out()).isEqualTo(1);
      List<String> broken = broken(verified);
      assertThat(broken).isEqualTo(Collections.nCopies(GATES.size(), "tamper"));
      assertThat(run(gate, "status").out()).contains("tampered");
    }
    for (String note : notedRows()) {
      run("a", "log", "answer", note, "--rows-lost", "--reason", "fail-over").ok();
    }
    for (String gate : GATES) {
      run(gate, "status").ok();
      Cli.Result verified = run(gate, "log", "verify", "--output", "json");
      assertThat(verified.exit()).as(verified.out()).isEqualTo(3);
      assertThat(broken(verified)).isEmpty();
      assertThat(verified.out()).contains("states that rows are lost");
    }
  }

  /** Returns the checks that failed. */
  private static List<String> broken(Cli.Result verified) {
    List<String> broken = new ArrayList<>();
    for (JsonNode finding : Cli.json(verified.out()).path("findings")) {
      if (finding.path("status").asString().equals("broken")) {
        broken.add(finding.path("check").asString());
      }
    }
    return broken;
  }

  /** Waits until the last checkpoint of each gate, or of the other, is over more rows. */
  private void awaitCheckpoints(long rows) {
    for (String gate : GATES) {
      Awaitility.await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .until(() -> size(lastCheckpoint(gate)) > rows);
    }
  }

  private static long size(Path file) throws Exception {
    return SignedCheckpoint.parse(Files.readAllBytes(file)).unverified().size();
  }

  private String count() {
    return "SELECT count(*) FROM " + schema + ".signed_events";
  }

  private long events() throws Exception {
    return Long.parseLong(servers.primary().text(count()));
  }

  private List<String> notedRows() throws Exception {
    return texts("SELECT sequence FROM %s.signed_events WHERE event_type = 'audit.tamper'");
  }

  private List<String> texts(String query) throws Exception {
    return servers.primary().texts(query.formatted(schema));
  }

  /** Lets each gate deliver what it accepted, and close. */
  private void end() throws Exception {
    for (ChildJvm gate : gates) {
      gate.writeLine("end");
    }
    for (ChildJvm gate : gates) {
      assertThat(gate.readLine()).isEqualTo("delivered");
    }
  }

  /** Requires that each accepted event has one row, in the order of its gate. */
  private void requireEachAcceptedOnce() throws Exception {
    requireInOrder();
    List<String> recorded = texts("SELECT id FROM %s.signed_events");
    for (String gate : GATES) {
      assertThat(recorded).containsAll(Files.readAllLines(notes(gate)));
    }
  }

  /** Requires that the rows of each gate have its order, once each, without a dead letter. */
  private void requireInOrder() throws Exception {
    List<String> recorded = texts("SELECT id FROM %s.signed_events ORDER BY sequence");
    assertThat(recorded).doesNotHaveDuplicates();
    HashSet<String> all = new HashSet<>(recorded);
    for (String gate : GATES) {
      List<String> ids = Files.readAllLines(notes(gate));
      HashSet<String> own = new HashSet<>(ids);
      assertThat(recorded.stream().filter(own::contains).toList())
          .isEqualTo(ids.stream().filter(all::contains).toList());
    }
    assertThat(texts("SELECT letter FROM %s.signed_events_dlq")).isEmpty();
  }

  private Cli.Result run(String gate, String... args) {
    List<String> all = new ArrayList<>(List.of("--data", temp.resolve(gate).toString()));
    all.addAll(List.of(args));
    return Cli.runWithoutData(all.toArray(String[]::new));
  }

  private Cli.Result verify(String gate) {
    return run(
        gate,
        "log",
        "verify",
        "--output",
        "json",
        "--anchor",
        anchor("a").toString(),
        "--anchor",
        anchor("b").toString());
  }

  /** A gate that submits until it is asked to end, and notes each accepted event. */
  static final class Recorder {
    private Recorder() {}

    public static void main(String[] args) throws Exception {
      AtomicBoolean ended = new AtomicBoolean();
      Indelible gate =
          Indelible.builder(Path.of(args[0]))
              .ledger(() -> args[1])
              .anchor(Path.of(args[3]))
              .index(false)
              .open();
      Thread end =
          new Thread(
              () -> {
                try {
                  ended.set(System.in.read() >= 0);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      end.setDaemon(true);
      end.start();
      GatesOnOneLedgerTest.Submitter.submit(
          gate, args[0], args[2], ended::get, Duration.ofMillis(5));
      boolean delivered = gate.queue().drainPending(PATIENCE);
      gate.close();
      System.out.println(delivered ? "delivered" : "not delivered");
    }
  }
}
