// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.postgres.TestServer;
import dev.indelible.testkit.SmallDisk;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The disk of one part of a fleet fills up: events wait, or are rejected where the gate's own disk
 * is full. The reason is reported, and each accepted event becomes one row (promises D1, D2, D3,
 * D6, D11).
 */
@Tag("any-jdk")
class FullDiskFleetTest {
  private static final long MIB = 1 << 20;

  @TempDir private Path temp;

  private final List<AutoCloseable> open = new ArrayList<>();
  private final List<SmallDisk> mounted = new ArrayList<>();

  private <T extends AutoCloseable> T opened(T part) {
    open.add(part);
    return part;
  }

  private SmallDisk mount(Path at, long bytes) throws Exception {
    SmallDisk disk = SmallDisk.require(at, bytes);
    mounted.add(disk);
    return disk;
  }

  private Path directory(String name) throws Exception {
    return Files.createDirectory(temp.resolve(name));
  }

  @AfterEach
  void close() throws Exception {
    for (int i = open.size() - 1; i >= 0; i--) {
      open.get(i).close();
    }
    for (SmallDisk disk : mounted) {
      disk.unmount();
    }
  }

  private static void requireEachOnce(TestFleet fleet, List<FleetPart> gates, FleetPart writer)
      throws Exception {
    for (FleetPart gate : gates) {
      gate.stop();
    }
    writer.stop();
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    for (FleetPart gate : gates) {
      gate.requireRecorded(fleet);
    }
    assertThat(fleet.deadLetters()).isZero();
    assertThat(fleet.details("audit.gap")).isEmpty();
    assertThat(fleet.details("group.refused")).isEmpty();
    fleet.requireIntact();
  }

  @Test
  void fullDiskOfTheDatabaseLosesNothing() throws Exception {
    Path data = directory("data");
    SmallDisk disk = mount(data, 512 * MIB);
    TestServer server = opened(TestServer.startIn(data, ""));
    TestFleet fleet = TestFleet.create(TestBroker.shared(), server, 1, "gate");
    FleetPart gate =
        opened(FleetPart.gate(FleetPart.gateProcess(), fleet, "gate", directory("gate")));
    FleetPart direct =
        opened(
            FleetPart.directGate(
                FleetPart.gateProcess(), fleet.url(), "direct", directory("direct")));
    FleetPart writer =
        opened(FleetPart.writer(FleetPart.writerProcess(), fleet, fleet.url(), "writer"));
    writer.awaitHealth("READING", "");
    gate.awaitDecisions();

    disk.leaveFree(0);
    // The server stops if its write-ahead log does not fit.
    String cause =
        "the server's disk is full|the server cannot be reached|the server is starting or stopping";
    direct.awaitHealth("DEGRADED", cause);
    writer.awaitHealth("FAILED", cause);
    gate.awaitHealth("DEGRADED", "no log has recorded those of partition 0 yet");
    gate.awaitDecisions();
    direct.awaitDecisions();

    disk.resize(1024 * MIB);
    if (!server.isRunning()) {
      server.restart();
    }
    for (FleetPart each : List.of(gate, direct)) {
      each.awaitHealth("RECORDING", "");
    }
    writer.awaitHealth("READING", "");
    requireEachOnce(fleet, List.of(gate, direct), writer);
  }

  /** A broker whose only disk is full stops itself. */
  @Test
  @Tag("full")
  void fullDiskOfTheBrokerLosesNothing() throws Exception {
    Path data = directory("broker");
    SmallDisk disk = mount(data, 256 * MIB);
    TestBroker broker = opened(TestBroker.startIn(data));
    TestFleet fleet = TestFleet.create(broker, TestServer.shared(), 1, "gate");
    FleetPart gate =
        opened(FleetPart.gate(FleetPart.gateProcess(), fleet, "gate", directory("gate")));
    FleetPart writer =
        opened(FleetPart.writer(FleetPart.writerProcess(), fleet, fleet.url(), "writer"));
    writer.awaitHealth("READING", "");
    gate.awaitDecisions();

    disk.leaveFree(0);
    FleetPart.await(() -> assertThat(broker.isRunning(0)).isFalse());
    gate.awaitHealth("DEGRADED", "the brokers (do not answer|have not accepted a group)");
    writer.awaitHealth("FAILED", "the brokers do not answer");
    gate.awaitDecisions();

    disk.resize(512 * MIB);
    broker.restart(0);
    gate.awaitHealth("RECORDING", "");
    writer.awaitHealth("READING", "");
    requireEachOnce(fleet, List.of(gate), writer);
  }

  /** What the journal cannot keep is rejected, so that the gate fails closed. */
  @Test
  void fullDiskOfTheGateRejects() throws Exception {
    Path data = directory("gate");
    SmallDisk disk = mount(data, 64 * MIB);
    TestFleet fleet = TestFleet.create(1, "gate");
    FleetPart gate =
        opened(
            FleetPart.gate(
                FleetPart.gateProcess().with("-D" + FleetPart.PADDING + "=50000"),
                fleet,
                "gate",
                data));
    FleetPart writer =
        opened(FleetPart.writer(FleetPart.writerProcess(), fleet, fleet.url(), "writer"));
    writer.awaitHealth("READING", "");
    gate.awaitDecisions();
    gate.awaitHealth("RECORDING", "");

    disk.leaveFree(0);
    gate.awaitHealth("DEGRADED", "No space left on device");
    gate.awaitRejection();

    disk.resize(128 * MIB);
    gate.awaitHealth("RECORDING", "");
    gate.awaitDecisions();
    requireEachOnce(fleet, List.of(gate), writer);
  }
}
