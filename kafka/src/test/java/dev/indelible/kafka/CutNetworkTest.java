// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.drain.SinkException;
import dev.indelible.event.AuditEvent;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.postgres.TestServer;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.TestNetwork;
import dev.indelible.testkit.TestNetwork.Cut;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The network between two parts of a fleet is cut while gates decide: each part is in a network
 * namespace of its own, and PostgreSQL is on the test's host. Decisions go on, and each accepted
 * event becomes one row, in order (promises D1, D2, D3, D6, D11).
 */
@Tag("any-jdk")
class CutNetworkTest {
  private static final String GATE = "gate";
  private static final String DIRECT = "direct";
  private static final List<String> WRITERS = List.of("writer-0", "writer-1");
  private static final String POSTGRESQL = TestNetwork.TEST;

  @TempDir private Path temp;

  private TestNetwork network;
  private List<String> brokers;
  private TestServer server;
  private TestBroker broker;
  private TestFleet fleet;
  private FleetPart gate;
  private FleetPart direct;
  private List<FleetPart> writers;

  /**
   * Starts every part.
   *
   * @param options options of the driver of PostgreSQL, each after an {@code &}
   */
  private void start(int count, String options) throws Exception {
    brokers = IntStream.range(0, count).mapToObj(node -> "broker-" + node).toList();
    network =
        TestNetwork.of(
            Stream.of(brokers.stream(), WRITERS.stream(), Stream.of(GATE, DIRECT))
                .flatMap(each -> each)
                .toArray(String[]::new));
    server = TestServer.startIn(Files.createDirectory(temp.resolve("data")), network.subnet());
    broker = TestBroker.start(network, brokers);
    fleet = TestFleet.create(broker, server, 1, GATE);
    String url = fleet.url().replace("localhost", network.address(POSTGRESQL)) + options;
    gate =
        FleetPart.gate(
            FleetPart.gateProcess().under(network.under(GATE)), fleet, GATE, directory(GATE));
    direct =
        FleetPart.directGate(
            FleetPart.gateProcess().under(network.under(DIRECT)), url, DIRECT, directory(DIRECT));
    writers = new ArrayList<>();
    for (String writer : WRITERS) {
      writers.add(
          FleetPart.writer(
              FleetPart.writerProcess().under(network.under(writer)), fleet, url, writer));
    }
    awaitRecovery();
  }

  private Path directory(String part) throws Exception {
    return Files.createDirectory(temp.resolve(part));
  }

  @AfterEach
  void close() throws Exception {
    for (FleetPart part : Stream.of(gate, direct).filter(part -> part != null).toList()) {
      part.close();
    }
    for (FleetPart part : writers == null ? List.<FleetPart>of() : writers) {
      part.close();
    }
    if (broker != null) {
      broker.close();
    }
    if (server != null) {
      server.close();
    }
    if (network != null) {
      network.close();
    }
  }

  private FleetPart owner() {
    return writers.stream().filter(part -> part.health().startsWith("READING")).findAny().get();
  }

  private FleetPart other(FleetPart writer) {
    return writers.get(1 - writers.indexOf(writer));
  }

  /** Waits until everything that was accepted before is recorded, and every part is well. */
  private void awaitRecovery() {
    for (FleetPart each : List.of(gate, direct)) {
      each.awaitDecisions();
      int accepted = each.accepted().size();
      FleetPart.await(
          () ->
              assertThat(recorded(each))
                  .as(() -> this + ", recorded of " + each.name())
                  .isGreaterThanOrEqualTo(accepted));
      each.awaitHealth("RECORDING", "");
    }
    FleetPart.await(
        () ->
            assertThat(writers.stream().map(writer -> writer.health().strip()))
                .as(this::toString)
                .containsExactlyInAnyOrder("READING", "STANDBY"));
  }

  private int recorded(FleetPart part) throws Exception {
    return Integer.parseInt(
        server.text(
            "SELECT count(*) FROM %s.signed_events WHERE agent_id = '%s'"
                .formatted(fleet.schema(), part.name())));
  }

  private void requireEachOnce() throws Exception {
    gate.stop();
    direct.stop();
    for (FleetPart writer : writers) {
      writer.stop();
    }
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    gate.requireRecorded(fleet);
    direct.requireRecorded(fleet);
    assertThat(fleet.deadLetters()).isZero();
    assertThat(fleet.details("audit.gap")).isEmpty();
    assertThat(fleet.details("group.refused")).isEmpty();
    fleet.requireIntact();
  }

  /** Packets vanish until each part reports it. A ledger writer that is cut off is replaced. */
  @Test
  void cutsLoseAndRepeatNothing() throws Exception {
    start(1, "&socketTimeout=4");
    FleetPart first = owner();
    network.cut(Cut.SILENT, GATE, brokers.get(0));
    network.cut(Cut.SILENT, DIRECT, POSTGRESQL);
    network.cut(Cut.SILENT, first.name(), brokers.get(0));
    gate.awaitHealth("DEGRADED", "the brokers (do not answer|have not accepted a group)");
    direct.awaitHealth("DEGRADED", "the server cannot be reached");
    first.awaitHealth("FAILED", "the brokers do not answer");
    other(first).awaitHealth("READING", "");
    gate.awaitDecisions();
    direct.awaitDecisions();
    network.heal();
    awaitRecovery();

    // The server executes what it gets, but its answers vanish.
    FleetPart zombie = owner();
    network.cut(Cut.ANSWERS_LOST, zombie.name(), POSTGRESQL);
    other(zombie).awaitHealth("READING", "");
    zombie.awaitHealth("FAILED", "the server cannot be reached");
    network.heal();
    awaitRecovery();
    requireEachOnce();
  }

  /**
   * A writer that vanishes in the middle of its rows, with the lock on the head, locks no other
   * writer out, and itself notices that the server is gone (D6).
   */
  @Test
  @Tag("full")
  void cutInTheMiddleOfRowsEnds() throws Exception {
    network = TestNetwork.of(DIRECT);
    server = TestServer.startIn(Files.createDirectory(temp.resolve("data")), network.subnet());
    String schema = server.createLedger();
    String url = server.url(schema, TestServer.WRITER);
    ChildJvm child =
        ChildJvm.running(LargeBatches.class)
            .with("-Xmx1g")
            .under(network.under(DIRECT))
            .start(url.replace("localhost", network.address(POSTGRESQL)));
    try (LedgerWriter other = TestFleet.ledger(url).openWriter()) {
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .pollInterval(Duration.ofMillis(1))
          .until(
              () -> {
                network.heal();
                FleetPart.await(() -> assertThat(rowsOnTheWay()).isEqualTo(1));
                network.cut(Cut.SILENT, DIRECT, POSTGRESQL);
                // What is on the way arrives in this time.
                LockSupport.parkNanos(Duration.ofMillis(300).toNanos());
                return rowsOnTheWay() == 1;
              });
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .ignoreExceptions()
          .until(
              () -> {
                other.begin();
                other.rollback();
                return true;
              });
      assertThat(child.readLine()).contains("the server cannot be reached");
    } finally {
      child.kill();
    }
  }

  /** Returns the number of sessions that wait for rows of a COPY. */
  private int rowsOnTheWay() throws Exception {
    return Integer.parseInt(
        server.text(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'ClientRead' AND query LIKE 'COPY%'"));
  }

  /** Appends batches of large events, and prints the first failure. */
  static final class LargeBatches {
    private LargeBatches() {}

    public static void main(String[] args) throws Exception {
      LedgerRun run =
          LedgerRun.of(
              TestFleet.ledger(args[0]).drainer(null), TestFleet.settings(), new AuditCounters());
      String large = "x".repeat(1_000_000);
      try (LedgerSink sink = new LedgerSink(run)) {
        while (true) {
          sink.append(
              EventBatch.of(
                  IntStream.range(0, 100)
                      .<AuditEvent>mapToObj(n -> TestFleet.refusal("agent:large", large + n))
                      .toList()));
        }
      } catch (SinkException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  /** Cuts pairs at random, for random times, and prints how often and how long. */
  @Test
  @Tag("full")
  void manyCutsLoseAndRepeatNothing() throws Exception {
    int cuts = Integer.getInteger("indelible.cuts", 200);
    Random random = new Random(cuts);
    Map<String, Count> counts = new TreeMap<>();
    start(3, "");
    for (int n = 0; n < cuts; n++) {
      Cut cut = Cut.values()[random.nextInt(Cut.values().length)];
      String pair = cut(random, cut);
      // One of eight is longer than every time limit of the parts.
      Duration time = Duration.ofMillis(random.nextInt(8) == 0 ? 75_000 : random.nextInt(12_000));
      long end = System.nanoTime() + time.toNanos();
      gate.awaitDecisions();
      direct.awaitDecisions();
      // The time of the cut; it does not wait for a state.
      while (System.nanoTime() < end) {
        LockSupport.parkNanos(end - System.nanoTime());
      }
      String during = this.toString();
      network.heal();
      long healed = System.nanoTime();
      awaitRecovery();
      Duration recovery = Duration.ofNanos(System.nanoTime() - healed);
      System.out.printf(
          "%s %s for %s, recovered after %s; %s%n", pair, cut, time, recovery, during);
      counts.merge(pair + ", " + cut, new Count(1, recovery), Count::and);
    }
    requireEachOnce();
    counts.forEach((pair, count) -> System.out.println("cuts: " + pair + ": " + count));
    assertThat(counts.values().stream().map(Count::longest))
        .allMatch(longest -> longest.compareTo(Duration.ofMinutes(1)) < 0);
  }

  private record Count(int cuts, Duration longest) {
    Count and(Count other) {
      return new Count(
          cuts + other.cuts, longest.compareTo(other.longest) > 0 ? longest : other.longest);
    }
  }

  /** Cuts a pair chosen at random; returns its name. */
  private String cut(Random random, Cut cut) throws Exception {
    String one = brokers.get(random.nextInt(brokers.size()));
    switch (random.nextInt(7)) {
      case 0 -> {
        for (String each : brokers) {
          network.cut(cut, GATE, each);
        }
        return "gate and brokers";
      }
      case 1 -> {
        network.cut(cut, GATE, one);
        return "gate and one broker";
      }
      case 2 -> {
        for (String each : brokers) {
          network.cut(cut, owner().name(), each);
        }
        return "ledger writer and brokers";
      }
      case 3 -> {
        network.cut(cut, owner().name(), POSTGRESQL);
        return "ledger writer and PostgreSQL";
      }
      case 4 -> {
        network.cut(cut, DIRECT, POSTGRESQL);
        return "gate and PostgreSQL";
      }
      case 5 -> {
        for (String each : brokers) {
          if (!each.equals(one)) {
            network.cut(cut, one, each);
          }
        }
        return "one broker and the others";
      }
      default -> {
        network.cut(cut, brokers.get(0), brokers.get(1));
        network.cut(cut, brokers.get(1), brokers.get(2));
        network.cut(cut, brokers.get(2), brokers.get(0));
        return "all brokers";
      }
    }
  }

  @Override
  public String toString() {
    return gate + "; " + direct + "; " + writers;
  }
}
