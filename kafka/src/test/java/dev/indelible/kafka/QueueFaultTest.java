// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.indelible.action.Bash;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.MarkMovedException;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.kafka.TestFleet.Gate;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.JournalMark;
import dev.indelible.postgres.TestServer;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;
import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
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
    return stored(agent, type, content, content.length() - 1);
  }

  private static AuditEvent stored(String agent, String type, String content, int nonceAt) {
    DeferredAuditEvent like = TestFleet.refusal("agent:a", "x");
    return AuditEvent.stored(
        like.id(),
        agent,
        type,
        like.timestamp(),
        new EventContent(content.getBytes(StandardCharsets.UTF_8), nonceAt));
  }

  /** What the gate has accepted and the log may not record is in the dead letters, once (D2). */
  @Test
  void refusedEventsAreDeadLetters() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    SystemEvent gap =
        SystemEvent.of(
            SystemEvent.GAP, new CanonicalWriter().beginObject().member("x", 1).endObject());
    AuditEvent good = TestFleet.refusal("agent:a", "n0");
    AuditEvent contradiction =
        stored("agent:a", "governance.refusal", "{\"agent_id\":\"agent:b\",\"id\":\"x\"}", 22);
    // Its id is that of a genuine event, which must not be lost with it.
    AuditEvent hostile =
        AuditEvent.stored(
            good.id(), "agent:a", "audit.gap", good.timestamp(), contradiction.content());
    // No ledger can keep these as text.
    AuditEvent binary =
        AuditEvent.stored(
            UUID.randomUUID(),
            "agent:a",
            "governance.refusal",
            good.timestamp(),
            new EventContent(new byte[] {(byte) 0xff, 0}, 1));
    AuditEvent nul = stored("agent:\0", "governance.refusal", "{}");
    byte[] message =
        group(fleet, "one", 0, 1, 1, List.of(gap, hostile, contradiction, binary, nul, good))
            .encode(TestFleet.key("one"));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, message);
      awaitRefused(feed, Refusal.RESERVED_EVENT, 3);
      awaitRefused(feed, Refusal.CONTRADICTION, 2);
      fleet.awaitRows("governance.refusal", 1);
      fleet.send(0, message);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() >= 4);
    }
    String query = "SELECT %s FROM %s.signed_events_dlq ORDER BY letter";
    assertThat(fleet.server().texts(query.formatted("failure_reason", fleet.schema())))
        .hasSize(3)
        .allMatch(reason -> reason.startsWith("refused: "))
        .anyMatch(reason -> reason.contains("reserved_event: gate one: a gate does not record"))
        .anyMatch(reason -> reason.contains("contradiction: gate one: its payload is of another"));
    assertThat(fleet.server().texts(query.formatted("id", fleet.schema())))
        .containsExactly(gap.id().toString(), good.id().toString(), contradiction.id().toString());
    // A start retries dead letters, but not these: the log's key must not sign them.
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 7).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 4);
    }
    assertThat(fleet.details("audit.gap")).isEmpty();
    assertThat(fleet.deadLetters()).isEqualTo(3);
    fleet.requireIntact();
  }

  /**
   * A gate sends the event of another gate, so that it is refused. The other gate's event is
   * recorded, also under a number that was used before, as after its state was lost (D2).
   */
  @Test
  void refusedEventHidesNoEventOfOtherGate() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one", "two");
    List<AuditEvent> genuine =
        List.of(TestFleet.refusal("agent:a", "n0"), TestFleet.refusal("agent:a", "n1"));
    List<AuditEvent> stolen =
        genuine.stream()
            .map(
                event ->
                    AuditEvent.stored(
                        event.id(),
                        "agent:b",
                        event.eventType(),
                        event.timestamp(),
                        event.content()))
            .toList();
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "two", 0, 1, 1, stolen).encode(TestFleet.key("two")));
      awaitRefused(feed, Refusal.CONTRADICTION, 2);
      fleet.send(
          0, group(fleet, "one", 0, 1, 1, genuine.subList(0, 1)).encode(TestFleet.key("one")));
      fleet.send(
          0, group(fleet, "one", 0, 1, 1, genuine.subList(1, 2)).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 2);
    }
    assertThat(fleet.commands("agent:a")).isEqualTo(TestFleet.numbers(2));
    assertThat(fleet.deadLetters()).isEqualTo(2);
    fleet.requireIntact();
  }

  /**
   * A gate whose state was restored uses a number again, for an event that is refused and whose id
   * another gate has had refused, in an earlier batch or in the same one: it is a dead letter (D2).
   */
  @Test
  void refusedEventHidesNoRefusedEventOfOtherGate() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one", "two");
    String wrong = "{\"agent_id\":\"agent:%s\",\"id\":\"x\"}";
    int nonceAt = wrong.formatted("bb").indexOf(',') + 1;
    List<AuditEvent> own = new ArrayList<>();
    List<AuditEvent> others = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      own.add(stored("agent:a", "governance.refusal", wrong.formatted("bb"), nonceAt));
      others.add(
          AuditEvent.stored(
              own.get(i).id(),
              "agent:a",
              "governance.refusal",
              own.get(i).timestamp(),
              stored("agent:a", "governance.refusal", wrong.formatted("cc"), nonceAt).content()));
    }
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.send(
          0, group(fleet, "two", 0, 1, 1, others.subList(0, 1)).encode(TestFleet.key("two")));
      awaitRefused(feed, Refusal.CONTRADICTION, 1);
      byte[] two = group(fleet, "two", 0, 1, 2, others.subList(1, 2)).encode(TestFleet.key("two"));
      byte[] one = group(fleet, "one", 0, 1, 1, own).encode(TestFleet.key("one"));
      fleet.send(0, two);
      fleet.send(0, one);
      awaitRefused(feed, Refusal.CONTRADICTION, 4);
      fleet.send(0, one);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() >= 2);
    }
    assertThat(fleet.deadLetters()).isEqualTo(4);
    fleet.requireIntact();
  }

  /** Events that are sent again are recognised by one query for their group. */
  @Test
  void repeatedGroupCostsOneQuery() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    List<AuditEvent> events =
        IntStream.range(0, 500)
            .<AuditEvent>mapToObj(i -> TestFleet.refusal("agent:a", "n" + i))
            .toList();
    byte[] message = group(fleet, "one", 0, 1, 1, events).encode(TestFleet.key("one"));
    Map<String, Integer> calls = new ConcurrentHashMap<>();
    LedgerFactory ledger = fleet.ledger().drainer(null);
    try (LedgerFeed feed =
        LedgerFeed.start(
            fleet.queue(),
            Set.of(),
            () -> counting(ledger.open(), calls),
            TestFleet.settings(),
            TestFleet.LEASE)) {
      fleet.send(0, message);
      fleet.awaitRows("governance.refusal", 500);
      calls.clear();
      fleet.send(0, message);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() == 500);
      assertThat(calls).containsEntry("known", 1).doesNotContainKeys("row", "deadLetters");
    }
  }

  private static LedgerWriter counting(LedgerWriter writer, Map<String, Integer> calls) {
    return (LedgerWriter)
        Proxy.newProxyInstance(
            QueueFaultTest.class.getClassLoader(),
            new Class<?>[] {LedgerWriter.class},
            (proxy, method, arguments) -> {
              calls.merge(method.getName(), 1, Integer::sum);
              try {
                return method.invoke(writer, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
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
      byte[] late = group(fleet, "late", 0, 1, 1).encode(TestFleet.key("late"));
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .untilAsserted(
              () -> {
                fleet.send(0, late);
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

  private static void recreate(TestFleet fleet) throws Exception {
    fleet.broker().deleteTopic(fleet.queue().topic());
    fleet.broker().deleteTopic(fleet.queue().positionsTopic());
    Awaitility.await()
        .atMost(TestFleet.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> fleet.broker().createTopics(fleet.queue().topic(), 1));
  }

  /**
   * A topic that was deleted and created again is read from its beginning, although it has the
   * offset that the log has, and nothing is recorded twice.
   */
  @Test
  void replacedTopicIsOnRecord() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    byte[] first = group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one"));
    byte[] second = group(fleet, "one", 0, 1, 4).encode(TestFleet.key("one"));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, first);
      fleet.awaitRows("governance.refusal", 3);
      assertThat(feed.status().gaps()).isZero();
    }
    recreate(fleet);
    fleet.send(0, second);
    fleet.send(0, first);
    fleet.send(0, second);
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("governance.refusal", 6);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() == 6);
      assertThat(feed.status().gaps()).isEqualTo(1);
    }
    assertThat(fleet.details("audit.gap"))
        .singleElement()
        .asString()
        .contains("the topic was deleted and created again", "partition 0")
        .contains("of the earlier topic up to offset 1");
    // The next start finds the topic that it knows.
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 7).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 9);
      assertThat(feed.status().gaps()).isZero();
    }
    fleet.requireIntact();
  }

  /** The topic ends before the offset that the log has, as after a restore of the brokers. */
  @Test
  void restoredTopicIsOnRecord() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    byte[] message = group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one"));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, message);
      fleet.awaitRows("governance.refusal", 3);
    }
    fleet
        .server()
        .run(
            "UPDATE %s.indelible_journals SET position = 2 WHERE journal = '%s'"
                .formatted(fleet.schema(), new Shard(fleet.queue().topic(), 0, 1).offsetMark()));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("audit.gap", 1);
      Awaitility.await().atMost(TestFleet.PATIENCE).until(() -> feed.status().repeated() == 3);
    }
    assertThat(fleet.details("audit.gap").get(0))
        .contains("the log has partition 0 up to offset 2, but the topic ends at offset 1");
    assertThat(fleet.details("governance.refusal")).hasSize(3);
    fleet.requireIntact();
  }

  /** Kafka's consumer itself goes on with the new topic, at the offset of the old one. */
  @Test
  void topicReplacedWhileItIsReadIsOnRecord() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 3);
      recreate(fleet);
      fleet.send(0, group(fleet, "one", 0, 1, 4).encode(TestFleet.key("one")));
      fleet.send(0, group(fleet, "one", 0, 1, 7).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 9);
      assertThat(feed.status().gaps()).isEqualTo(1);
    }
    assertThat(fleet.details("audit.gap").toString()).contains("deleted and created again");
    fleet.requireIntact();
  }

  /** A topic whose brokers keep compressed messages is not read: they can expand without limit. */
  @Test
  void compressedTopicIsNotRead() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    compress(fleet, "producer");
    try (LedgerFeed feed = fleet.feed()) {
      Awaitility.await()
          .atMost(TestFleet.PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(feed.status().reason())
                      .contains("compression.type=producer", "kafka-configs.sh --alter"));
      compress(fleet, "uncompressed");
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 3);
    }
    // The brokers expand what a client compressed, and refuse what is too large then.
    Map<String, Object> settings =
        Map.of(
            "bootstrap.servers",
            fleet.broker().address(),
            "compression.type",
            "gzip",
            "max.request.size",
            Integer.toString(2 * EventGroup.MAX_BYTES));
    byte[] zeros = new byte[EventGroup.MAX_BYTES + 1_000];
    try (Producer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      assertThatThrownBy(
              () ->
                  producer.send(new ProducerRecord<>(fleet.queue().topic(), 0, null, zeros)).get())
          .hasCauseInstanceOf(RecordTooLargeException.class);
    }
  }

  private static void compress(TestFleet fleet, String type) throws Exception {
    ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, fleet.queue().topic());
    AlterConfigOp set =
        new AlterConfigOp(new ConfigEntry("compression.type", type), AlterConfigOp.OpType.SET);
    try (Admin admin = fleet.broker().admin()) {
      admin.incrementalAlterConfigs(Map.of(topic, List.of(set))).all().get();
    }
  }

  /** Only a gate with a ledger of its own explains its decisions to the verifier. */
  @Test
  void membersOfOtherGatesAreRefused() {
    for (String member : List.of("approval", "policy_seen")) {
      String json = "{\"%s\":\"never\",\"id\":\"x\"}".formatted(member);
      assertThat(
              GateEvents.objection(
                      stored("agent:a", "governance.refusal", json, json.indexOf("\"id\"")), "one")
                  .orElseThrow()
                  .reason())
          .isEqualTo("a gate of a queue does not state " + member);
      String within = "{\"a\":{\"%s\":1},\"id\":\"x\"}".formatted(member);
      assertThat(
              GateEvents.objection(
                      stored("agent:a", "governance.refusal", within, within.indexOf("\"id\"")),
                      "one")
                  .orElseThrow()
                  .refusal())
          .isEqualTo(Refusal.CONTRADICTION);
    }
  }

  /** The event that costs most: as many values as a message can have. */
  @Test
  void hostileEventCostsLittleMemory() {
    String json = "{\"a\":[" + "[],".repeat(EventGroup.MAX_BYTES / 3 - 20) + "[]],\"id\":\"x\"}";
    AuditEvent hostile = stored("agent:a", "governance.refusal", json, json.indexOf("\"id\""));
    GateEvents.objection(hostile, "one");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    assertThat(GateEvents.objection(hostile, "one").orElseThrow().reason())
        .contains("more than 100000 values");
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(64 << 20);
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
          .contains("it was restored from an earlier state");
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

  /** Groups are read while the ledger lacks their gate, which has settled them already. */
  @Test
  void lostEnrolmentIsAGap() throws Exception {
    TestFleet fleet = TestFleet.create(1);
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      awaitRefused(feed, Refusal.UNKNOWN_GATE, 1);
      fleet.enroll("one");
    }
    fleet.send(0, group(fleet, "one", 0, 1, 4).encode(TestFleet.key("one")));
    try (LedgerFeed feed = fleet.feed()) {
      fleet.awaitRows("governance.refusal", 3);
    }
    assertThat(fleet.details("audit.gap"))
        .singleElement()
        .asString()
        .contains("events 1 to 3 that gate one sent");
    fleet.requireIntact();
  }

  /**
   * The ledger goes back under an idle ledger writer whose connections stay open, as behind a pool.
   */
  @Test
  void idleWriterNoticesALedgerThatGoesBack() throws Exception {
    TestFleet fleet = TestFleet.create(1, "one");
    try (LedgerFeed feed = fleet.feed()) {
      fleet.send(0, group(fleet, "one", 0, 1, 1).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 3);
      List<String> tables =
          fleet
              .server()
              .texts(
                  "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = '%s'::regnamespace ORDER BY relname <> 'indelible_head'"
                      .formatted(fleet.schema()));
      String earlier = fleet.schema() + "_earlier";
      StringBuilder copy = new StringBuilder("CREATE SCHEMA " + earlier);
      StringBuilder back = new StringBuilder("SET LOCAL session_replication_role = replica");
      back.append("; TRUNCATE ").append(fleet.schema()).append('.');
      back.append(String.join(", " + fleet.schema() + ".", tables));
      for (String table : tables) {
        copy.append(
            "; CREATE TABLE %s.%s AS TABLE %s.%s".formatted(earlier, table, fleet.schema(), table));
        back.append(
            "; INSERT INTO %s.%s OVERRIDING SYSTEM VALUE TABLE %s.%s"
                .formatted(fleet.schema(), table, earlier, table));
      }
      fleet.server().run("BEGIN ISOLATION LEVEL REPEATABLE READ; " + copy + "; COMMIT");
      fleet.send(0, group(fleet, "one", 0, 1, 4).encode(TestFleet.key("one")));
      fleet.awaitRows("governance.refusal", 6);

      fleet.server().run("BEGIN; " + back + "; COMMIT");

      fleet.awaitRows("audit.tamper", 1);
      fleet.awaitRows("governance.refusal", 6);
    }
    assertThat(fleet.commands(TestFleet.agentOf(0, 1))).isEqualTo(TestFleet.numbers(6));
    assertThat(fleet.details("audit.gap")).isEmpty();
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
