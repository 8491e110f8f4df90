// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A log in a schema of a server, with operations that tests share.
 *
 * @param server the server, for statements of a superuser
 * @param schema the ledger's schema
 * @param ledger the ledger, as its role sees it
 */
record TestLog(TestServer server, String schema, PostgresLedger ledger) {
  /** Longer than any step takes, so that a slow machine fails no test. */
  static final Duration PATIENCE = Duration.ofSeconds(120);

  static final SigningKey KEY =
      SigningKey.fromSeed("the log's own key of these tests".getBytes(StandardCharsets.UTF_8));

  static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));

  /** Creates a ledger, to be used with the role that records. */
  static TestLog create(TestServer server) throws Exception {
    return of(server, server.createLedger(), TestServer.WRITER);
  }

  static TestLog of(TestServer server, String schema, String role) throws LedgerException {
    return new TestLog(server, schema, PostgresLedger.at(server.url(schema, role)));
  }

  /** Returns this log as another role sees it. */
  TestLog as(String role) throws LedgerException {
    return of(server, schema, role);
  }

  DeferredAudit start() {
    return start(ledger);
  }

  static DeferredAudit start(PostgresLedger ledger) {
    return LedgerAudit.start(
        ledger.drainer(null),
        AppendSettings.of(KEY, KEYS),
        new MemoryStore(),
        DrainSettings.ofDefaults().withShutdownHook(false));
  }

  LedgerSink sink() {
    return sink(Duration.ofHours(1), new AuditCounters());
  }

  /**
   * Returns a sink.
   *
   * @param interval the minimum time between two checkpoints
   */
  LedgerSink sink(Duration interval, AuditCounters counters) {
    HeadGuard guard = new HeadGuard(new RowCheck(KEYS));
    return new LedgerSink(
        new LedgerRun(
            ledger.drainer(null),
            RowSigning.everyRow(KEY),
            guard,
            new Checkpoints(Checkpoints.Settings.of(KEY).withInterval(interval), guard, counters),
            new Tallies(null, guard, counters),
            counters));
  }

  /** Appends a batch as another process does: with a new sink, which is closed afterwards. */
  List<AppendOutcome> append(List<? extends AuditEvent> batch) throws Exception {
    try (LedgerSink sink = sink()) {
      return sink.append(EventBatch.of(List.copyOf(batch)));
    }
  }

  VerificationReport verify() throws LedgerException {
    try (StoredLedger reader = ledger.open()) {
      return new Verifier(reader, VerificationOptions.of(KEYS)).verify();
    }
  }

  void requireIntact() throws LedgerException {
    VerificationReport report = verify();
    assertThat(report.verdict())
        .as(() -> report.findings().toString())
        .isEqualTo(VerificationReport.Verdict.INTACT);
  }

  /** Returns the text of the findings that break the log. */
  String findings() throws LedgerException {
    VerificationReport report = verify();
    assertThat(report.verdict()).isNotEqualTo(VerificationReport.Verdict.INTACT);
    return report.findings().toString();
  }

  List<String> ids() throws SQLException {
    return server.texts("SELECT id FROM " + schema + ".signed_events ORDER BY sequence");
  }

  List<String> commands(String agent) throws SQLException {
    return server.texts(
        "SELECT payload::JSON #>> '{action,command}' FROM %s.signed_events WHERE agent_id = '%s' ORDER BY sequence"
            .formatted(schema, agent));
  }

  long deadLetters() throws SQLException {
    return Long.parseLong(server.text("SELECT count(*) FROM " + schema + ".signed_events_dlq"));
  }

  /** Runs SQL as the owner, with the schema first on the path. */
  void run(String sql) throws SQLException {
    server.run("SET search_path = " + schema + "; " + sql);
  }

  static DeferredAuditEvent refusal(String agent, String command) {
    return DeferredAuditEvent.of(
        agent, new Bash(command), new Refuse("R001", "not here"), Optional.empty());
  }

  static List<DeferredAuditEvent> refusals(String agent, int count) {
    return IntStream.range(0, count).mapToObj(i -> refusal(agent, "n" + i)).toList();
  }

  static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(i -> "n" + i).toList();
  }

  /** Closes and flushes, and checks that nothing is pending and the counters reconcile (D10). */
  static DrainReport close(DeferredAudit audit) {
    assertThat(audit.queue().drainPending(PATIENCE)).as("drained").isTrue();
    DrainReport report = audit.closeAndFlush(PATIENCE);
    DeferredAuditMetrics metrics = audit.queue().metrics();
    assertThat(metrics.isBalanced()).as(metrics::toString).isTrue();
    assertThat(report.pending()).isZero();
    return report;
  }
}
