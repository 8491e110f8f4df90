// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.KeyEvents;
import dev.indelible.append.RowSigning;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.GateKey;
import dev.indelible.pending.EventStore;
import dev.indelible.postgres.PostgresLedger;
import dev.indelible.postgres.TestServer;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;

/**
 * A topic, and a ledger in PostgreSQL, with the operations that tests share.
 *
 * @param broker the brokers
 * @param server the database server
 * @param queue the topic
 * @param schema the schema of the ledger
 */
record TestFleet(TestBroker broker, TestServer server, KafkaQueue queue, String schema) {
  /** Longer than any step takes, so that a slow machine fails no test. */
  static final Duration PATIENCE = Duration.ofSeconds(180);

  /** A short lease, because a killed ledger writer does not free it. */
  static final Duration LEASE = Duration.ofSeconds(2);

  static final SigningKey LOG_KEY = key("the log");
  static final KeyRing LOG_KEYS = KeyRing.of(List.of(LOG_KEY.verificationKey()));

  private static final UUID QUEUE = new UUID(0x1000, 17);
  private static final AtomicInteger TOPICS = new AtomicInteger();

  /** Creates topics and a ledger in which gates are enrolled. */
  static TestFleet create(TestBroker broker, TestServer server, int partitions, String... gates)
      throws Exception {
    String topic = "audit-" + TOPICS.incrementAndGet();
    broker.createTopics(topic, partitions);
    KafkaQueue queue = KafkaQueue.at("kafka://" + broker.address() + "/" + topic);
    TestFleet fleet = new TestFleet(broker, server, queue, server.createLedger());
    for (String gate : gates) {
      fleet.enroll(gate);
    }
    return fleet;
  }

  static TestFleet create(int partitions, String... gates) throws Exception {
    return create(TestBroker.shared(), TestServer.shared(), partitions, gates);
  }

  static SigningKey key(String name) {
    return SigningKey.fromSeed(String.format("%-32.32s", name).getBytes(StandardCharsets.UTF_8));
  }

  PostgresLedger ledger() throws LedgerException {
    return ledger(url());
  }

  static PostgresLedger ledger(String url) throws LedgerException {
    return PostgresLedger.at(url);
  }

  String url() {
    return server.url(schema, TestServer.WRITER);
  }

  void enroll(String gate) throws Exception {
    try (KeyEvents events = KeyEvents.of(ledger().openWriter(), CheckpointFile.none(), LOG_KEYS)) {
      events.enroll(LOG_KEY, new GateKey(gate, key(gate).verificationKey()));
    }
  }

  void remove(String gate) throws Exception {
    try (KeyEvents events = KeyEvents.of(ledger().openWriter(), CheckpointFile.none(), LOG_KEYS)) {
      events.remove(LOG_KEY, new GateKey(gate, key(gate).verificationKey()));
    }
  }

  static AppendSettings settings() {
    return new AppendSettings(
        RowSigning.everyRow(LOG_KEY),
        LOG_KEYS,
        () -> LOG_KEYS,
        Checkpoints.Settings.of(LOG_KEY),
        Duration.ofSeconds(2),
        true);
  }

  LedgerFeed feed(Integer... partitions) throws Exception {
    return feed(queue, url(), partitions);
  }

  static LedgerFeed feed(KafkaQueue queue, String url, Integer... partitions) throws Exception {
    return LedgerFeed.start(
        queue, Set.of(partitions), ledger(url).drainer(null), settings(), LEASE);
  }

  /** A gate that records through the topic. */
  record Gate(GateQueue queue, DeferredAudit audit) implements AutoCloseable {
    boolean submit(AuditEvent event) {
      return audit.queue().submit(event);
    }

    void drain() {
      assertThat(audit.queue().drainPending(PATIENCE))
          .as(() -> audit.queue().metrics().toString())
          .isTrue();
    }

    @Override
    public void close() {
      audit.closeAndFlush(Duration.ZERO, Duration.ZERO);
      queue.close();
    }

    /** Closes after everything is settled, and checks that the counters reconcile (D10). */
    void closeDrained() {
      drain();
      DrainReport report = audit.closeAndFlush(PATIENCE);
      assertThat(report.pending()).isZero();
      assertThat(audit.queue().metrics().isBalanced()).isTrue();
      queue.close();
    }
  }

  Gate gate(String name, Path directory) throws Exception {
    return gate(queue, GateSettings.of(name, key(name), () -> LOG_KEYS), directory);
  }

  static Gate gate(KafkaQueue queue, GateSettings settings, Path directory) throws Exception {
    GateQueue end = GateQueue.open(queue, settings, directory.resolve("queue"));
    EventStore store =
        Journal.open(
            directory.resolve("journal"),
            Optional.of(QUEUE),
            journal -> settled(end, journal),
            JournalSettings.ofDefaults());
    return new Gate(
        end,
        DeferredAudit.start(
            store, end, new AuditCounters(), DrainSettings.ofDefaults().withShutdownHook(false)));
  }

  private static long settled(GateQueue end, UUID journal) throws JournalException {
    try {
      return end.settled(journal);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  /** Sends a message as anyone who can write to the topic does. */
  void send(int partition, byte[] value) throws Exception {
    try (Producer<byte[], byte[]> producer = queue.producer()) {
      producer.send(new ProducerRecord<>(queue.topic(), partition, null, value)).get();
    }
  }

  /** Waits for a number of rows of a type. */
  void awaitRows(String type, int count) {
    Awaitility.await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(details(type)).hasSize(count));
  }

  /** Returns the details of every row of a type, as text. */
  List<String> details(String type) throws SQLException {
    return server.texts(
        "SELECT payload::JSON ->> 'details' FROM %s.signed_events WHERE event_type = '%s' ORDER BY sequence"
            .formatted(schema, type));
  }

  List<String> commands(String agent) throws SQLException {
    return server.texts(
        "SELECT payload::JSON #>> '{action,command}' FROM %s.signed_events WHERE agent_id = '%s' ORDER BY sequence"
            .formatted(schema, agent));
  }

  List<String> ids() throws SQLException {
    return server.texts("SELECT id FROM " + schema + ".signed_events ORDER BY sequence");
  }

  long deadLetters() throws SQLException {
    return Long.parseLong(server.text("SELECT count(*) FROM " + schema + ".signed_events_dlq"));
  }

  void requireIntact() throws LedgerException {
    try (StoredLedger reader = ledger().open()) {
      VerificationReport report = new Verifier(reader, VerificationOptions.of(LOG_KEYS)).verify();
      assertThat(report.verdict())
          .as(() -> report.findings().toString())
          .isEqualTo(VerificationReport.Verdict.INTACT);
    }
  }

  static DeferredAuditEvent refusal(String agent, String command) {
    return DeferredAuditEvent.of(
        agent, new Bash(command), new Refuse("R001", "not here"), Optional.empty());
  }

  static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(i -> "n" + i).toList();
  }

  /** Returns an agent whose events belong to a partition. */
  static String agentOf(int partition, int partitions) {
    return IntStream.iterate(0, i -> i + 1)
        .mapToObj(i -> "agent:" + i)
        .filter(agent -> Shard.partitionOf(agent, partitions) == partition)
        .findFirst()
        .orElseThrow();
  }
}
