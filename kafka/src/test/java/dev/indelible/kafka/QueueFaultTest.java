// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.MarkMovedException;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.kafka.TestFleet.Gate;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.postgres.TestServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a topic may bring that it should not: a clear line each, and nothing else is affected. */
@Tag("any-jdk")
@SuppressWarnings("try") // A ledger writer works while it is open.
class QueueFaultTest {
  private static final UUID RUN = new UUID(17, 0x8000_0000_0000_0000L);

  @TempDir private Path directory;

  private static EventGroup group(TestFleet fleet, String gate, int partition, int of, long first) {
    String agent = TestFleet.agentOf(partition, of);
    List<AuditEvent> events =
        IntStream.range(0, 3)
            .<AuditEvent>mapToObj(i -> TestFleet.refusal(agent, "n" + (first - 1 + i)))
            .toList();
    return group(fleet, gate, partition, of, first, events);
  }

  private static EventGroup group(
      TestFleet fleet, String gate, int partition, int of, long first, List<AuditEvent> events) {
    Shard shard = new Shard(fleet.queue().topic(), partition, of);
    return new EventGroup(new Lane(gate, RUN, shard), "", first - 1, first, events);
  }

  private static void awaitRefused(LedgerFeed feed, Refusal refusal, long count) {
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .untilAsserted(() -> assertThat(feed.status().refused()).containsEntry(refusal, count));
  }

  /** Each refusal is counted and recorded, and the genuine group after them is appended. */
  @Test
  void refusedMessagesAffectNoOthers() throws Exception {
    TestFleet fleet = TestFleet.create(2, "one");
    byte[] genuine = group(fleet, "one", 0, 2, 1).encode(TestFleet.key("one"));
    byte[] tampered = genuine.clone();
    tampered[tampered.length - 80] ^= 1;
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, "hello".getBytes(StandardCharsets.UTF_8));
      fleet.send(0, null);
      fleet.send(0, tampered);
      fleet.send(0, group(fleet, "two", 0, 2, 1).encode(TestFleet.key("two")));
      fleet.send(0, group(fleet, "one", 0, 2, 1).encode(TestFleet.key("a stolen name")));
      // A group copied to another partition, and one whose gate counts other partitions.
      fleet.send(1, genuine);
      fleet.send(0, group(fleet, "one", 0, 3, 1).encode(TestFleet.key("one")));
      // An agent of partition 1 in partition 0.
      List<AuditEvent> misplaced = List.of(TestFleet.refusal(TestFleet.agentOf(1, 2), "elsewhere"));
      fleet.send(0, group(fleet, "one", 0, 2, 1, misplaced).encode(TestFleet.key("one")));
      fleet.send(0, genuine);
      fleet.awaitRows("governance.refusal", 3);
      awaitRefused(feed, Refusal.NOT_A_GROUP, 2);
      awaitRefused(feed, Refusal.WRONG_SIGNATURE, 1);
      awaitRefused(feed, Refusal.UNKNOWN_GATE, 2);
      awaitRefused(feed, Refusal.WRONG_PLACE, 1);
      awaitRefused(feed, Refusal.WRONG_PARTITION_COUNT, 1);
      awaitRefused(feed, Refusal.WRONG_SHARD_KEY, 1);
    }
    assertThat(fleet.details("group.refused").toString())
        .contains("gate two with key", "'indelible gates add' enrols it")
        .contains("gate one signed it for partition 0 of " + fleet.queue().topic())
        .contains("gate one counts 3 partitions, but the topic has 2")
        .contains("its shard key maps to partition 1")
        .contains("that key did not sign it");
    fleet.requireIntact();
  }

  /** A gate reports about itself only, and the log's own events never come from a topic. */
  @Test
  void reservedEventsAreRefusedOneByOne() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one", "two");
    AuditEvent good = TestFleet.refusal("agent:a", "n0");
    List<AuditEvent> events =
        List.of(
            stored("indelible", "key.compromised", "{}"),
            stored("indelible", "audit.gap", "{}"),
            stored("indelible:gate:two", "gate.gap", "{}"),
            stored("indelible:gate:one", "gate.enrolled", "{}"),
            stored("agent:a", "approval.granted", "{}"),
            stored("agent:a", "governance.refusal", "{\"agent_id\":\"agent:b\"}"),
            good,
            stored("agent:a", "governance.check", "{}"),
            AuditEvent.stored(
                UUID.randomUUID(),
                "indelible:gate:one",
                "gate.gap",
                good.timestamp(),
                new EventContent("{\"details\":{}}".getBytes(StandardCharsets.UTF_8), 1)));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1, events).encode(TestFleet.key("one")));
      awaitRefused(feed, Refusal.RESERVED_EVENT, 5);
      awaitRefused(feed, Refusal.CONTRADICTION, 2);
      fleet.awaitRows("governance.refusal", 1);
      fleet.awaitRows("gate.gap", 1);
      // The numbers of the refused events are used up.
      fleet.send(0, group(fleet, "one", 0, 1, 10).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 4);
      assertThat(feed.status().gaps()).isZero();
    }
    assertThat(fleet.details("gate.enrolled")).hasSize(2);
  }

  private static AuditEvent stored(String agent, String type, String content) {
    DeferredAuditEvent like = TestFleet.refusal("agent:a", "x");
    byte[] json = content.getBytes(StandardCharsets.UTF_8);
    return AuditEvent.stored(
        like.id(), agent, type, like.timestamp(), new EventContent(json, json.length - 1));
  }

  @Test
  void missingNumberIsAGap() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.send(0, group(fleet, "one", 0, 1, 8).encode(TestFleet.key("one")));
      fleet.awaitRows("audit.gap", 1);
      assertThat(feed.status().gaps()).isEqualTo(1);
    }
    assertThat(fleet.details("audit.gap").get(0))
        .contains("events 4 to 7 that gate one sent to partition 0 are missing")
        .contains("\"count\":4", "\"gate\":\"one\"");
    fleet.requireIntact();
  }

  /** A group whose predecessor failed waits until the gate has sent both again. */
  @Test
  void groupsAreAppendedInOrder() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    List<AuditEvent> events =
        IntStream.range(0, 6)
            .<AuditEvent>mapToObj(i -> TestFleet.refusal("agent:a", "n" + i))
            .toList();
    Lane lane = new Lane("one", RUN, new Shard(fleet.queue().topic(), 0, 1));
    byte[] first =
        new EventGroup(lane, "", 0, 1, events.subList(0, 3)).encode(TestFleet.key("one"));
    byte[] second =
        new EventGroup(lane, "", 0, 4, events.subList(3, 6)).encode(TestFleet.key("one"));
    try (LedgerFeed feed = fleet.feed()) {
      for (byte[] message : List.of(second, first, second)) {
        fleet.send(0, message);
      }
      fleet.awaitRows("governance.refusal", 6);
      assertThat(feed.status().gaps()).isZero();
      assertThat(feed.status().refusals()).isZero();
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(6));
  }

  /** A group that is delivered again is skipped, also if it is cut in another way. */
  @Test
  void repeatedNumbersAreSkipped() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    List<AuditEvent> events =
        IntStream.range(0, 6)
            .<AuditEvent>mapToObj(i -> TestFleet.refusal("agent:a", "n" + i))
            .toList();
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(
          0, group(fleet, "one", 0, 1, 1, events.subList(0, 3)).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 3);
      fleet.send(
          0, group(fleet, "one", 0, 1, 1, events.subList(0, 3)).encode(TestFleet.key("one")));
      fleet.send(
          0, group(fleet, "one", 0, 1, 2, events.subList(1, 6)).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 6);
      assertThat(feed.status().repeated()).isEqualTo(5);
      assertThat(feed.status().refusals()).isZero();
      // Other events under these numbers, as of a gate that was restored from a copy.
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      awaitRefused(feed, Refusal.NUMBER_REUSED, 3);
    }
    fleet.awaitRows("governance.refusal", 9);
    assertThat(fleet.commands("agent:a").subList(0, 6)).isEqualTo(TestFleet.numbers(6));
    assertThat(fleet.details("group.refused").toString()).contains("was copied or restored");
    fleet.requireIntact();
  }

  /** An enrolled gate can send any content; the refusal quotes it, and the writer goes on. */
  @Test
  void hostileContentDoesNotStopTheWriter() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    String json = "{\"a\":\uD83D\uDE00,\"id\":\"x\"}";
    byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
    AuditEvent genuine = TestFleet.refusal("agent:a", "n0");
    AuditEvent hostile =
        AuditEvent.stored(
            UUID.randomUUID(),
            "agent:a",
            genuine.eventType(),
            genuine.timestamp(),
            new EventContent(bytes, "{\"a\":".length() + 4 + ",".length()));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(
          0, group(fleet, "one", 0, 1, 1, List.of(hostile, genuine)).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 1);
      awaitRefused(feed, Refusal.CONTRADICTION, 1);
    }
    assertThat(fleet.details("group.refused").toString()).contains("contradiction");
    fleet.requireIntact();
  }

  @Test
  void numberThatJsonCannotStateIsNotAGroup() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    assertThatThrownBy(() -> group(fleet, "one", 0, 1, 1L << 53))
        .isInstanceOf(IllegalArgumentException.class);
  }

  /** A gate may record from the row of its enrolment to the row of its removal. */
  @Test
  void removedGateIsRefused() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "late", 0, 1, 1).encode(TestFleet.key("late")));
      awaitRefused(feed, Refusal.UNKNOWN_GATE, 1);
      fleet.enroll("late");
      fleet.remove("one");
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .untilAsserted(
              () -> {
                fleet.send(0, group(fleet, "late", 0, 1, 1).encode(TestFleet.key("late")));
                assertThat(fleet.details("governance.refusal")).hasSize(3);
              });
      long before = feed.status().refusals();
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().refusals() > before);
    }
    assertThat(fleet.details("governance.refusal")).hasSize(3);
  }

  /** The broker removed messages before they were read. */
  @Test
  void trimmedTopicIsAGap() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 3);
    }
    fleet.send(0, group(fleet, "one", 0, 1, 4).encode(TestFleet.key("one")));
    fleet.send(0, group(fleet, "one", 0, 1, 7).encode(TestFleet.key("one")));
    fleet.broker().trim(fleet.queue().topic(), 0, 2);
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("governance.refusal", 6);
      assertThat(feed.status().gaps()).isEqualTo(2);
    }
    assertThat(fleet.details("audit.gap"))
        .hasSize(2)
        .satisfies(
            gaps -> assertThat(gaps.get(0)).contains("from offset 1 to 1 of partition 0"),
            gaps -> assertThat(gaps.get(1)).contains("events 4 to 6 that gate one sent"));
    fleet.requireIntact();
  }

  /** A topic that was replaced is read from its beginning, and nothing is recorded twice. */
  @Test
  void replacedTopicIsOnRecord() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    List<AuditEvent> events = List.of(TestFleet.refusal("agent:a", "n0"));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1, events).encode(TestFleet.key("one")));
      fleet.send(0, "noise".getBytes(StandardCharsets.UTF_8));
      awaitRefused(feed, Refusal.NOT_A_GROUP, 1);
    }
    fleet.broker().deleteTopic(fleet.queue().topic());
    fleet.broker().deleteTopic(fleet.queue().positionsTopic());
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> fleet.broker().createTopics(fleet.queue().topic(), 1));
    // The topic as it was before its second message.
    fleet.send(0, group(fleet, "one", 0, 1, 1, events).encode(TestFleet.key("one")));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("audit.gap", 1);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() == 1);
      fleet.send(0, group(fleet, "one", 0, 1, 2).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 4);
    }
    assertThat(fleet.details("audit.gap").get(0))
        .contains("the log has partition 0 up to offset 2, but the topic ends at offset 1");
    fleet.requireIntact();
  }

  /** A broker whose files were restored from an old copy, while gates and ledger writers run. */
  @Test
  void restoredBrokerIsOnRecord() throws Exception {
    try (TestBroker broker = TestBroker.start(1)) {
      TestFleet fleet = TestFleet.create(broker, TestServer.shared(), 1, "one");
      Path copy = directory.resolve("copy");
      try (LedgerFeed feed = fleet.feed();
          Gate gate = fleet.gate("one", Files.createDirectory(directory.resolve("gate")))) {
        submit(gate, 0, 5);
        broker.kill(0);
        copy(broker.log(0), copy);
        broker.restart(0);
        for (int n = 5; n < 10; n++) {
          submit(gate, n, n + 1);
        }
        broker.kill(0);
        Files.move(broker.log(0), directory.resolve("newer"));
        copy(copy, broker.log(0));
        broker.restart(0);
        fleet.awaitRows("audit.gap", 1);
        submit(gate, 10, 15);
        assertThat(feed.status().refusals()).isZero();
      }
      assertThat(fleet.details("audit.gap"))
          .singleElement()
          .asString()
          .contains("it was replaced, or restored from an earlier state");
      assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(15));
      assertThat(fleet.deadLetters()).isZero();
      fleet.requireIntact();
    }
  }

  private static void submit(Gate gate, int from, int to) {
    for (int n = from; n < to; n++) {
      assertThat(gate.submit(TestFleet.refusal("agent:a", "n" + n))).isTrue();
    }
    gate.drain();
  }

  private static void copy(Path from, Path to) throws Exception {
    assertThat(
            new ProcessBuilder("cp", "-a", from.toString(), to.toString())
                .inheritIO()
                .start()
                .waitFor())
        .isZero();
  }

  /** Of two ledger writers that both believe to be the owner, one commits (the fence). */
  @Test
  void zombieCommitsNothing() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    UUID offset = new Shard(fleet.queue().topic(), 0, 1).offsetMark();
    try (LedgerSink zombie = sink(fleet);
        LedgerSink owner = sink(fleet)) {
      zombie.append(batch(offset, 0, 5));
      owner.append(batch(offset, 5, 9));
      assertThatThrownBy(() -> zombie.append(batch(offset, 5, 8)))
          .isInstanceOf(MarkMovedException.class)
          .hasMessageContaining("position 9 in place of 5");
      owner.append(batch(offset, 9, 10));
    }
    assertThat(fleet.details("governance.refusal")).hasSize(3);
    fleet.requireIntact();
  }

  private static EventBatch batch(UUID mark, long from, long to) {
    return new EventBatch(
        List.of(
            DeferredAuditEvent.of(
                "agent:a", new Bash("ls"), new Refuse("R001", "no"), Optional.empty())),
        List.of(new JournalMark(mark, to, from)),
        List.of());
  }

  private static LedgerSink sink(TestFleet fleet) throws Exception {
    return new LedgerSink(
        LedgerRun.of(fleet.ledger().drainer(null), TestFleet.settings(), new AuditCounters()));
  }

  /** Two feeds with a lease that never holds: they depose each other, and each event is one row. */
  @Test
  void feedsWithoutALeaseAppendOnce() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed one = hasty(fleet);
        LedgerFeed two = hasty(fleet);
        Gate gate = fleet.gate("one", directory)) {
      for (int n = 0; n < 60; n++) {
        gate.submit(TestFleet.refusal("agent:a", "n" + n));
        if (n % 5 == 4) {
          gate.drain();
        }
      }
      gate.drain();
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(60));
    assertThat(fleet.details("audit.gap")).isEmpty();
    fleet.requireIntact();
  }

  private static LedgerFeed hasty(TestFleet fleet) throws Exception {
    return LedgerFeed.start(
        fleet.queue(),
        Set.of(),
        fleet.ledger().drainer(null),
        TestFleet.settings(),
        Duration.ofMillis(1));
  }

  /**
   * A gate whose journal was copied or restored: its events are recorded, and the reuse as well.
   */
  @Test
  void copiedGateLosesNothing() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    Path original = Files.createDirectory(directory.resolve("original"));
    try (LedgerFeed feed = fleet.feed()) {
      try (Gate gate = fleet.gate("one", original)) {
        gate.submit(TestFleet.refusal("agent:a", "n0"));
        gate.drain();
      }
      Path state = Files.list(original.resolve("queue")).findFirst().orElseThrow();
      byte[] before = Files.readAllBytes(state);
      try (Gate gate = fleet.gate("one", original)) {
        gate.submit(TestFleet.refusal("agent:a", "n1"));
        gate.drain();
      }
      GateState restored =
          new GateState(
              GateState.read(original.resolve("queue"), UUID.fromString(name(state))).position(),
              UUID.fromString(line(before, "run ")),
              "",
              List.of(1L));
      restored.write(original.resolve("queue"), UUID.fromString(name(state)));
      try (Gate gate = fleet.gate("one", original)) {
        gate.submit(TestFleet.refusal("agent:a", "n2"));
        awaitRefused(feed, Refusal.NUMBER_REUSED, 1);
      }
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(3));
  }

  private static String name(Path file) {
    return file.getFileName().toString();
  }

  private static String line(byte[] text, String prefix) {
    return new String(text, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith(prefix))
        .findFirst()
        .orElseThrow()
        .substring(prefix.length());
  }

  @Test
  void badAddressesAreNamed() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    assertThatThrownBy(() -> KafkaQueue.at("kafka://user:secret@host:9092/audit"))
        .hasMessageContaining("the URL of a queue has no user or password")
        .hasMessageNotContaining("secret");
    assertThatThrownBy(() -> KafkaQueue.at("kafka://host/audit"))
        .hasMessageContaining("kafka://HOST:PORT[,HOST:PORT]/TOPIC");
    String brokers = fleet.broker().address();
    assertThatThrownBy(() -> KafkaQueue.at("kafka://" + brokers + "/absent").describe())
        .isInstanceOf(QueueException.class)
        .hasMessageContaining("there is no topic absent, the topic of groups");
    assertThatThrownBy(() -> KafkaQueue.at("kafka://localhost:1/audit").describe())
        .hasMessageContaining("the brokers do not answer");
    Path file = directory.resolve("client.properties");
    Files.writeString(file, "security.protocol=NONSENSE\n");
    assertThatThrownBy(() -> fleet.queue().withClientProperties(file).describe())
        .hasMessageContaining("security.protocol");
    try (LedgerFeed feed = fleet.feed(3)) {
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(feed.status().reason())
                      .contains("the topic has 1 partitions, so there is no partition 3"));
    }
  }
}
