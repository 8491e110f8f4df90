// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.testkit.FaultyDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.config.ConfigResource;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The clocks of gates and ledger writers are hours off, and jump while they run, through a C
 * library before libc. Order, the lease and the checks of the chain use no clock (promises D2, D3).
 */
@Tag("any-jdk")
class SkewedClockTest {
  private static final int HOUR = 3_600;

  @TempDir private Path temp;

  private final List<FleetPart> parts = new ArrayList<>();
  private @Nullable TestBroker broker;

  @AfterEach
  void close() {
    parts.forEach(FleetPart::close);
    if (broker != null) {
      broker.close();
    }
  }

  /** A part of the fleet, and its clock. */
  private record Clocked(FleetPart part, FaultyDisk clock) {}

  /** Starts a part with its own clock. */
  private interface Start {
    FleetPart on(ChildJvm.Launcher launcher, Path directory) throws Exception;
  }

  private Clocked start(String name, ChildJvm.Launcher launcher, int shift, Start start)
      throws Exception {
    Path directory = Files.createDirectory(temp.resolve(name));
    Map<String, String> library = FaultyDisk.compile(directory);
    FaultyDisk clock = FaultyDisk.in(directory);
    clock.shiftClock(shift);
    FleetPart part = start.on(launcher.environment(library), directory);
    parts.add(part);
    return new Clocked(part, clock);
  }

  private Clocked gate(TestFleet fleet, String name, int shift) throws Exception {
    return start(
        name,
        FleetPart.gateProcess(),
        shift,
        (launcher, directory) -> FleetPart.gate(launcher, fleet, name, directory));
  }

  private Clocked writer(TestFleet fleet, String name, int shift) throws Exception {
    return start(
        name,
        FleetPart.writerProcess(),
        shift,
        (launcher, directory) -> FleetPart.writer(launcher, fleet, fleet.url(), name));
  }

  private static void awaitRecorded(TestFleet fleet, FleetPart gate) {
    gate.awaitDecisions();
    String last = gate.lastAccepted();
    FleetPart.await(() -> assertThat(fleet.commands(gate.name())).contains(last));
  }

  @Test
  @Tag("full")
  void skewedClocksChangeNothing() throws Exception {
    broker = TestBroker.start(1);
    TestFleet fleet = TestFleet.create(broker, TestServer.shared(), 1, "ahead", "behind");
    Clocked writer = writer(fleet, "writer-ahead", HOUR);
    writer.part.awaitHealth("READING", "");
    Clocked standby = writer(fleet, "writer-behind", -HOUR);
    standby.part.awaitHealth("STANDBY", "");
    Clocked ahead = gate(fleet, "ahead", 2 * HOUR);
    Clocked behind = gate(fleet, "behind", -2 * HOUR);
    awaitRecorded(fleet, ahead.part);
    awaitRecorded(fleet, behind.part);

    // The lease of the killed writer ends hours later on the clock of its standby.
    writer.part.kill();
    standby.part.awaitHealth("READING", "");
    awaitRecorded(fleet, ahead.part);

    Clocked third = writer(fleet, "writer-right", 0);
    FleetPart.await(
        () ->
            assertThat(List.of(third.part.health().strip(), standby.part.health().strip()))
                .containsExactlyInAnyOrder("READING", "STANDBY"));
    standby.clock.shiftClock(3 * HOUR);
    ahead.clock.shiftClock(-3 * HOUR);
    behind.clock.shiftClock(3 * HOUR);
    awaitRecorded(fleet, ahead.part);
    awaitRecorded(fleet, behind.part);
    // The clients of the broker connect again after a jump back.
    broker.kill(0);
    third.clock.shiftClock(-3 * HOUR);
    standby.clock.shiftClock(-3 * HOUR);
    ahead.clock.shiftClock(-6 * HOUR);
    broker.restart(0);
    awaitRecorded(fleet, ahead.part);
    FleetPart.await(
        () ->
            assertThat(List.of(third.part.health().strip(), standby.part.health().strip()))
                .containsExactlyInAnyOrder("READING", "STANDBY"));

    for (Clocked each : List.of(ahead, behind, third, standby)) {
      each.part.stop();
    }
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    ahead.part.requireRecorded(fleet);
    behind.part.requireRecorded(fleet);
    assertThat(fleet.deadLetters()).isZero();
    assertThat(fleet.details("audit.gap")).isEmpty();
    assertThat(fleet.details("group.refused")).isEmpty();
    fleet.requireIntact();
    // A row has the time of the gate's clock, whatever the ledger writer's clock shows.
    assertThat(jumps(fleet, "ahead")).containsExactly(-5L, -3L);
    assertThat(jumps(fleet, "behind")).containsExactly(5L);
  }

  /** Returns the hours by which the time of a gate's rows jumps from one row to the next. */
  private static List<Long> jumps(TestFleet fleet, String agent) throws Exception {
    List<Instant> times =
        fleet
            .server()
            .texts(
                "SELECT timestamp FROM %s.signed_events WHERE agent_id = '%s' ORDER BY sequence"
                    .formatted(fleet.schema(), agent))
            .stream()
            .map(Instant::parse)
            .toList();
    return IntStream.range(1, times.size())
        .mapToObj(n -> Duration.between(times.get(n - 1), times.get(n)))
        .map(jump -> Math.round(jump.toMinutes() / 60.0))
        .filter(hours -> hours != 0)
        .toList();
  }

  /**
   * Somebody sets the clock of an idle ledger writer back. The limit by which Kafka's consumer
   * waits for messages then does not end. The ledger writer goes on with a new consumer, and still
   * ends when it is stopped.
   */
  @Test
  @Tag("full")
  void clockSetBackStopsNoLedgerWriter() throws Exception {
    TestFleet fleet = TestFleet.create(1, "right");
    Clocked writer = writer(fleet, "writer", 0);
    writer.part.awaitHealth("READING", "");
    writer.clock.shiftClock(-HOUR);
    writer.part.awaitHealth("FAILED", "set the clock of this host back");
    writer.part.awaitHealth("READING", "");
    writer.clock.shiftClock(-2 * HOUR);
    writer.part.stop();
    fleet.requireIntact();
  }

  /**
   * In a topic that keeps the time of the sender, brokers refuse messages that are more than an
   * hour ahead. The gate's health names that, and its events wait until its clock is right.
   */
  @Test
  void refusedTimestampIsNamed() throws Exception {
    TestFleet fleet = TestFleet.create(1, "ahead");
    try (Admin admin = fleet.broker().admin()) {
      admin
          .incrementalAlterConfigs(
              Map.of(
                  new ConfigResource(ConfigResource.Type.TOPIC, fleet.queue().topic()),
                  List.of(
                      new AlterConfigOp(
                          new ConfigEntry("message.timestamp.type", "CreateTime"),
                          AlterConfigOp.OpType.SET))))
          .all()
          .get();
    }
    Clocked writer = writer(fleet, "writer", 0);
    Clocked gate = gate(fleet, "ahead", 2 * HOUR);
    gate.part.awaitHealth("DEGRADED", "InvalidTimestampException");
    gate.part.awaitDecisions();
    gate.clock.shiftClock(0);
    awaitRecorded(fleet, gate.part);
    gate.part.stop();
    writer.part.stop();
    gate.part.requireRecorded(fleet);
    assertThat(fleet.deadLetters()).isZero();
    fleet.requireIntact();
  }
}
