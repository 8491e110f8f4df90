// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.BatchAppend;
import dev.indelible.append.ChainEnd;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.drain.DeferredAuditSink;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** A log in a directory, with operations that tests share. */
final class TestLog {
  /** Longer than any step takes, so that a slow machine fails no test. */
  static final Duration PATIENCE = Duration.ofSeconds(60);

  static final SigningKey KEY = SigningKey.fromSeed("the log's own key of these tests".getBytes());
  static final SigningKey FOREIGN_KEY =
      SigningKey.fromSeed("a key that is not the log's own.".getBytes());

  static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));

  final Path file;
  final AuditCounters counters = new AuditCounters();

  TestLog(Path file) {
    this.file = file;
  }

  static TestLog in(Path directory) {
    return new TestLog(directory.resolve("indelible.db"));
  }

  DeferredAudit start() {
    return LedgerAudit.start(
        SqliteWriter.drainer(file, null),
        AppendSettings.of(KEY, KEYS),
        new MemoryStore(),
        DrainSettings.ofDefaults());
  }

  /** Starts an audit with the sinks of a test. */
  DeferredAudit start(DeferredAuditSink.Factory sinks) {
    return DeferredAudit.start(new MemoryStore(), sinks, counters, DrainSettings.ofDefaults());
  }

  LedgerSink sink() {
    return sink(RowSigning.everyRow(KEY));
  }

  LedgerSink sink(RowSigning signing) {
    HeadGuard guard = new HeadGuard(new RowCheck(KEYS));
    return new LedgerSink(
        new LedgerRun(
            SqliteWriter.drainer(file, null),
            signing,
            guard,
            new Checkpoints(
                Checkpoints.Settings.of(KEY).withInterval(Duration.ofHours(1)), guard, counters),
            new Tallies(null, guard, counters),
            counters));
  }

  /** Creates only the tables. */
  TestLog create() throws LedgerException {
    SqliteWriter.open(file).close();
    return this;
  }

  /** Appends a batch as another process does: with a new sink, which is closed afterwards. */
  List<AppendOutcome> append(List<? extends AuditEvent> batch) throws Exception {
    try (LedgerSink sink = sink()) {
      return sink.append(EventBatch.of(List.copyOf(batch)));
    }
  }

  List<AppendOutcome> append(AuditEvent... batch) throws Exception {
    return append(List.of(batch));
  }

  /**
   * Appends events as a person with a key and their own code can, including events that a queue
   * refuses.
   */
  void forge(SigningKey key, List<? extends AuditEvent> events) throws Exception {
    HeadGuard guard = new HeadGuard(new RowCheck(KEYS));
    try (SqliteWriter writer = SqliteWriter.open(file)) {
      BatchAppend append =
          new BatchAppend(new ChainEnd(writer, guard), new RowSealer(key), counters);
      writer.inTransaction(
          () -> {
            append.run(List.copyOf(events), List.of());
            return Optional.of(append.head());
          });
      guard.committed(append.head());
      new Checkpoints(
              Checkpoints.Settings.of(KEY).withInterval(Duration.ofHours(1)), guard, counters)
          .signIfNew(new ChainEnd(writer, guard));
    }
  }

  /**
   * Cuts the tail of a short chain, together with the checkpoints and the part of the tree that
   * would show it.
   */
  void cutTailWithItsTree(int rows) throws SQLException {
    Sql.run(
        file,
        "DELETE FROM signed_events WHERE sequence > " + rows,
        "DELETE FROM indelible_checkpoints",
        "UPDATE indelible_tree SET size = %d, sequence = %d".formatted(rows, rows),
        "UPDATE indelible_tiles SET hashes = substr(hashes, 1, 32 * " + rows + ")");
  }

  VerificationReport verify() throws LedgerException {
    return verify(KEYS);
  }

  VerificationReport verify(KeyRing keys) throws LedgerException {
    try (SqliteLedger ledger = SqliteLedger.open(file)) {
      return new Verifier(ledger, VerificationOptions.of(keys)).verify();
    }
  }

  /**
   * Checks that the verifier and the independent {@link PlainChain} find the chain intact, and
   * returns its rows. First drops the triggers by which a test refuses rows, because a trigger on a
   * ledger table is a fault.
   */
  List<PlainChain.Row> requireIntact() throws Exception {
    for (String trigger :
        Sql.texts(file, "SELECT name FROM sqlite_schema WHERE type = 'trigger'")) {
      Sql.run(file, "DROP TRIGGER " + trigger);
    }
    VerificationReport report = verify();
    assertThat(report.verdict())
        .as(() -> report.findings().toString())
        .isEqualTo(VerificationReport.Verdict.INTACT);
    List<PlainChain.Row> rows = PlainChain.requireValid(file, KEY.verificationKey().raw());
    assertThat(report.rows()).isEqualTo(rows.size());
    return rows;
  }

  long rows() throws SQLException {
    return Sql.number(file, "SELECT count(*) FROM signed_events NOT INDEXED");
  }

  long deadLetters() throws SQLException {
    return Sql.number(file, "SELECT count(*) FROM signed_events_dlq NOT INDEXED");
  }

  List<String> ids() throws SQLException {
    return Sql.texts(file, "SELECT id FROM signed_events ORDER BY sequence");
  }

  List<String> letterIds() throws SQLException {
    return Sql.texts(file, "SELECT id FROM signed_events_dlq ORDER BY letter");
  }

  /**
   * Waits until all submitted events are settled, and checks that the counters reconcile (promise
   * D10).
   */
  static DeferredAuditMetrics settle(DeferredAudit audit) {
    assertThat(audit.queue().drainPending(PATIENCE)).as("drained").isTrue();
    DeferredAuditMetrics metrics = audit.queue().metrics();
    assertThat(metrics.isBalanced()).as(metrics::toString).isTrue();
    assertThat(metrics.pending()).isZero();
    return metrics;
  }

  /** Closes and flushes, and checks that the counters reconcile and nothing is pending (D10). */
  static DrainReport close(DeferredAudit audit) {
    DrainReport report = audit.closeAndFlush(PATIENCE);
    assertThat(report.submitted())
        .as(report::toString)
        .isEqualTo(report.appended() + report.dead() + report.rejected() + report.pending());
    assertThat(report.pending()).as(report::toString).isZero();
    return report;
  }

  static DeferredAuditEvent refusal(String agent, String command) {
    return event(agent, new Bash(command), new Refuse("R001", "not here"));
  }

  static DeferredAuditEvent event(String agent, AgentAction action, Decision decision) {
    return DeferredAuditEvent.of(agent, action, decision, Optional.empty());
  }

  static List<DeferredAuditEvent> refusals(String agent, int count) {
    List<DeferredAuditEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(refusal(agent, "command " + i));
    }
    return events;
  }

  /** Returns an event with the id of this event and different content. */
  static DeferredAuditEvent withCommand(DeferredAuditEvent event, String command) {
    return new DeferredAuditEvent(
        event.id(),
        event.agentId(),
        new Bash(command),
        event.decision(),
        event.policy(),
        event.timestamp());
  }

  /** Returns events of every kind of action and decision, with realistic texts. */
  static List<DeferredAuditEvent> mixed(int count) {
    List<AgentAction> actions =
        List.of(
            new Bash("rm -rf \"$HOME\"\t# \u0007", Optional.of("/srv/app")),
            new FilesystemWrite("/etc/pässwörd", OptionalLong.of(4096)),
            new NetworkRequest("例え.jp", "https", OptionalInt.of(8443), Optional.of("/a?b=c")),
            new ProcessSpawn("/usr/bin/curl", List.of("-s", "", "https://x.example")),
            new ToolCall("send_mail", json("{\"to\":[\"a@b.example\"],\"cost\":0.1,\"n\":null}")),
            new Read("memory", Optional.of("secrets"), Optional.of("pass\u2028word 🔑")),
            new Custom("memory_write", json("{\"namespace\":\"a\",\"title\":\"\\u0000\"}")));
    List<Decision> decisions =
        List.of(
            new Refuse("R001", "no recursive delete"),
            new Allow(),
            new Escalate("R002", "ask a person – now"),
            new Warn("R003", ""));
    // U+FFFD replaces bytes that could not be decoded. The log treats it as any other character.
    List<String> agents =
        List.of("agent:alice", "агент:боб", "agent \\ \"quoted\"", "gar\ufffdled");
    List<DeferredAuditEvent> events = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      events.add(
          DeferredAuditEvent.of(
              agents.get(i % agents.size()),
              actions.get(i % actions.size()),
              decisions.get(i % decisions.size()),
              i % 3 == 0 ? Optional.of("sha256:" + "0".repeat(64)) : Optional.empty()));
    }
    return events;
  }

  private static JsonValue json(String text) {
    try {
      return JsonValue.parse(text);
    } catch (JsonFormatException e) {
      throw new AssertionError(e);
    }
  }
}
