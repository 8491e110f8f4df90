// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.kafka.TestFleet.Gate;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Events of several gates become one row each, in order, through a topic (D2, D3). */
@Tag("any-jdk")
@SuppressWarnings("try") // A ledger writer works while it is open.
class QueueDeliveryTest {
  @TempDir private Path directory;

  @Test
  void gatesShareOneLedger() throws Exception {
    TestFleet fleet = TestFleet.create(2, "one", "two", "three");
    try (LedgerFeed feed = fleet.feed()) {
      List<Gate> gates = new ArrayList<>();
      for (String name : List.of("one", "two", "three")) {
        gates.add(fleet.gate(name, directory(name)));
      }
      for (int n = 0; n < 300; n++) {
        for (int g = 0; g < gates.size(); g++) {
          String agent = "agent:%s:%s".formatted(g, n % 4);
          assertThat(gates.get(g).submit(TestFleet.refusal(agent, "n" + n / 4))).isTrue();
        }
      }
      gates.forEach(Gate::closeDrained);
      assertThat(feed.status().state()).isEqualTo(FeedStatus.State.READING);
      assertThat(feed.status().refusals()).isZero();
      assertThat(feed.status().gaps()).isZero();
    }
    for (int g = 0; g < 3; g++) {
      for (int a = 0; a < 4; a++) {
        assertThat(fleet.commands("agent:%s:%s".formatted(g, a))).isEqualTo(TestFleet.numbers(75));
      }
    }
    assertThat(fleet.deadLetters()).isZero();
    fleet.requireIntact();
  }

  private Path directory(String gate) throws Exception {
    return Files.createDirectory(directory.resolve(gate));
  }

  /**
   * A gate without the log: the events wait in its journal. A gate that is opened again sends them,
   * also in the process of the first.
   */
  @Test
  void eventsWaitForTheLedgerWriter() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (Gate gate = fleet.gate("one", directory)) {
      for (int n = 0; n < 20; n++) {
        assertThat(gate.submit(TestFleet.refusal("agent:a", "n" + n))).isTrue();
      }
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(gate.audit().queue().metrics().health().reason())
                      .contains("no log has recorded those of partition 0 yet"));
    }
    awaitEndOfDrainers();
    try (LedgerFeed feed = fleet.feed();
        Gate gate = fleet.gate("one", directory)) {
      for (int n = 20; n < 30; n++) {
        assertThat(gate.submit(TestFleet.refusal("agent:a", "n" + n))).isTrue();
      }
      gate.drain();
      assertThat(feed.status().refusals()).isZero();
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(30));
    fleet.requireIntact();
  }

  /**
   * A gate that is closed while it waits for brokers that do not answer gives its slot back, so
   * that a gate that is opened again in this process sends what waits there.
   */
  @Test
  void closedGateGivesItsSlotBack() throws Exception {
    KafkaQueue nowhere = KafkaQueue.at("kafka://127.0.0.1:1/audit");
    GateSettings settings = GateSettings.of("one", TestFleet.key("one"), () -> TestFleet.LOG_KEYS);
    try (Gate gate = TestFleet.gate(nowhere, settings, directory)) {
      assertThat(gate.submit(TestFleet.refusal("agent:a", "n0"))).isTrue();
      Awaitility.await().until(() -> isRunning("kafka-admin-client-thread"));
    }
    awaitEndOfDrainers();
    try (Gate gate = TestFleet.gate(nowhere, settings, directory)) {
      assertThat(gate.audit().queue().metrics().pending()).isEqualTo(1);
    }
    assertThat(directory.resolve("journal/0000")).exists();
    assertThat(directory.resolve("journal/0001")).doesNotExist();
  }

  /** Waits for less than the time that a sink waits for an answer. */
  private static void awaitEndOfDrainers() {
    Awaitility.await().atMost(Duration.ofSeconds(4)).until(() -> !isRunning("indelible-drainer"));
  }

  private static boolean isRunning(String thread) {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(running -> running.getName().startsWith(thread));
  }

  /** The settlement by acknowledgement needs no ledger writer. */
  @Test
  void acknowledgedEventsAreSettled() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    GateSettings settings =
        GateSettings.of("one", TestFleet.key("one"), () -> TestFleet.LOG_KEYS)
            .withSettlement(GateSettings.Settlement.ACKNOWLEDGED);
    Gate gate = TestFleet.gate(fleet.queue(), settings, directory);
    gate.submit(TestFleet.refusal("agent:a", "n0"));
    gate.closeDrained();
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("governance.refusal", 1);
      assertThat(feed.status().groups()).isEqualTo(1);
    }
  }

  /** A gate's own events reach every partition, under the gate's name and a type of its own. */
  @Test
  void gateReportsAboutItself() throws Exception {
    TestFleet fleet = TestFleet.create(2, "one");
    CanonicalWriter details = new CanonicalWriter().beginObject().member("digest", "sha256:0");
    SystemEvent loaded = SystemEvent.of(SystemEvent.POLICY_LOADED, details.endObject());
    try (LedgerFeed feed = fleet.feed();
        Gate gate = fleet.gate("one", directory)) {
      gate.submit(loaded);
      gate.drain();
      assertThat(feed.status().refusals()).isZero();
    }
    assertThat(fleet.details("gate.policy_loaded")).containsExactly("{\"digest\":\"sha256:0\"}");
    assertThat(
            fleet
                .server()
                .text(
                    "SELECT agent_id FROM %s.signed_events WHERE id = '%s'"
                        .formatted(fleet.schema(), loaded.id())))
        .isEqualTo("indelible:gate:one");
    fleet.requireIntact();
  }

  @Test
  void tenantKeepsAgentsTogether() throws Exception {
    TestFleet fleet = TestFleet.create(3, "one");
    GateSettings settings =
        GateSettings.of("one", TestFleet.key("one"), () -> TestFleet.LOG_KEYS).withTenant("acme");
    int partition = Shard.partitionOf("acme", 3);
    try (LedgerFeed feed = fleet.feed(partition);
        Gate gate = TestFleet.gate(fleet.queue(), settings, directory)) {
      for (int n = 0; n < 12; n++) {
        gate.submit(TestFleet.refusal("agent:" + n, "n0"));
      }
      gate.drain();
      assertThat(feed.status().groups()).isPositive();
    }
    assertThat(fleet.details("governance.refusal")).hasSize(12);
  }

  /** A second ledger writer waits, and reads on when the first ends. */
  @Test
  void standbyTakesOver() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    LedgerFeed first = fleet.feed();
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .until(() -> first.status().state() == FeedStatus.State.READING);
    try (LedgerFeed second = fleet.feed();
        Gate gate = fleet.gate("one", directory)) {
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .until(() -> second.status().state() == FeedStatus.State.STANDBY);
      gate.submit(TestFleet.refusal("agent:a", "n0"));
      gate.drain();
      first.close();
      gate.submit(TestFleet.refusal("agent:a", "n1"));
      gate.drain();
      assertThat(second.status().events()).isPositive();
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(2));
    assertThat(fleet.ids()).doesNotHaveDuplicates();
    fleet.requireIntact();
  }

  /** An event of the largest payload, which does not fit into a usual message. */
  @Test
  void largestEventIsDelivered() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    String command = "x".repeat(1024 * 1024 - 1_000) + UUID.randomUUID();
    try (LedgerFeed feed = fleet.feed();
        Gate gate = fleet.gate("one", directory)) {
      gate.submit(TestFleet.refusal("agent:a", command));
      gate.drain();
      assertThat(feed.status().refusals()).isZero();
    }
    assertThat(fleet.commands("agent:a")).containsExactly(command);
  }
}
