// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.AppendSettings;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.RowSigning;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.ledger.LedgerException;
import dev.indelible.queue.DrainSettings;
import dev.indelible.verify.Finding;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server is replaced by an earlier copy of itself, as a fail-over to a standby that is behind
 * does. The gate's journal delivers the lost events again; each is in the chain once, in order
 * (promises D2, D3, D10).
 */
@Tag("any-jdk")
class RestoredServerTest {
  private static TestServer server;

  @TempDir Path temp;
  private TestLog log;

  @BeforeAll
  static void startServer() {
    server = TestServer.start();
  }

  @AfterAll
  static void stopServer() throws Exception {
    server.close();
  }

  @BeforeEach
  void createLedger() throws Exception {
    log = TestLog.create(server);
  }

  /** Returns the settings of a gate that writes tallies. */
  private static AppendSettings settings(Duration interval) {
    return new AppendSettings(
        RowSigning.everyRow(TestLog.KEY),
        TestLog.KEYS,
        () -> TestLog.KEYS,
        Checkpoints.Settings.of(TestLog.KEY).withInterval(Duration.ofHours(1)),
        interval,
        true);
  }

  private Journal journal() throws Exception {
    return journal(log.ledger().retain());
  }

  private Journal journal(Duration retain) throws Exception {
    PostgresLedger ledger = log.ledger();
    return Journal.open(
        temp.resolve("journal"),
        ledger.identify(),
        new Journal.Positions() {
          @Override
          public long settled(UUID journal) throws JournalException {
            try {
              return ledger.settled(journal);
            } catch (LedgerException e) {
              throw new JournalException(e.getMessage(), e);
            }
          }

          @Override
          public boolean contradicts(UUID event, boolean isBefore) throws JournalException {
            try {
              return ledger.isRecorded(event) != isBefore;
            } catch (LedgerException e) {
              throw new JournalException(e.getMessage(), e);
            }
          }
        },
        JournalSettings.ofDefaults().withRetain(retain));
  }

  private DeferredAudit start(Journal journal, Duration tallies) {
    return LedgerAudit.start(
        log.ledger().drainer(null),
        settings(tallies),
        journal,
        DrainSettings.ofDefaults().withShutdownHook(false));
  }

  private static List<String> submit(DeferredAudit audit, List<DeferredAuditEvent> events) {
    events.forEach(event -> assertThat(audit.queue().submit(event)).isTrue());
    return events.stream().map(event -> event.id().toString()).toList();
  }

  private static void settle(DeferredAudit audit) {
    assertThat(audit.queue().drainPending(TestLog.PATIENCE)).isTrue();
  }

  private Path copy(String name) throws Exception {
    server.kill();
    Path copy = temp.resolve(name);
    server.copyData(copy);
    server.restart();
    return copy;
  }

  private void restore(Path copy) throws Exception {
    server.kill();
    server.restoreData(copy);
    server.restart();
  }

  private List<String> decisions() throws Exception {
    return server.texts(
        "SELECT id FROM %s.signed_events WHERE event_type LIKE 'governance.%%' ORDER BY sequence"
            .formatted(log.schema()));
  }

  private long count(String type) throws Exception {
    return Long.parseLong(
        server.text(
            "SELECT count(*) FROM %s.signed_events WHERE event_type = '%s'"
                .formatted(log.schema(), type)));
  }

  /** Every finding but that about the rows that are gone, which is true. */
  private void requireComplete() throws Exception {
    List<Finding> findings = log.verify().findings();
    assertThat(findings)
        .as("%s", findings)
        .anyMatch(
            finding ->
                finding.check().equals(Finding.COMPLETENESS)
                    && finding.status() == Finding.Status.OK)
        .allMatch(
            finding ->
                finding.status() != Finding.Status.BROKEN
                    || finding.check().equals(Finding.TAMPER));
    assertThat(count(SystemEvent.GAP)).isZero();
  }

  private static void requireReconciled(DeferredAudit audit, long submitted) {
    DeferredAuditMetrics metrics = audit.queue().metrics();
    assertThat(metrics.isBalanced()).as("%s", metrics).isTrue();
    assertThat(metrics.submitted()).isEqualTo(submitted);
  }

  @Test
  void busyGateDeliversLostEventsAgain() throws Exception {
    Journal journal = journal();
    DeferredAudit audit = start(journal, Duration.ofMillis(50));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 200)));
    settle(audit);
    AtomicBoolean stopped = new AtomicBoolean();
    CompletableFuture<List<String>> producer =
        CompletableFuture.supplyAsync(() -> submitUntil(audit, stopped));
    await().untilAsserted(() -> assertThat(decisions()).hasSizeGreaterThan(400));
    Path copy = copy("first");
    for (int restores = 1; restores <= 2; restores++) {
      int before = decisions().size();
      await().untilAsserted(() -> assertThat(decisions()).hasSizeGreaterThan(before + 500));
      restore(copy);
    }
    int before = decisions().size();
    await().untilAsserted(() -> assertThat(decisions()).hasSizeGreaterThan(before + 100));
    stopped.set(true);
    ids.addAll(producer.get());
    TestLog.close(audit);

    assertThat(decisions()).containsExactlyElementsOf(ids);
    assertThat(log.deadLetters()).isZero();
    assertThat(audit.queue().metrics().submitted()).isGreaterThan(ids.size() + 500L);
    requireComplete();
  }

  private static List<String> submitUntil(DeferredAudit audit, AtomicBoolean stopped) {
    List<String> ids = new ArrayList<>();
    while (!stopped.get()) {
      ids.addAll(submit(audit, TestLog.refusals("agent:b", 4)));
      // The rate, so that the journal stays small.
      LockSupport.parkNanos(Duration.ofMillis(2).toNanos());
    }
    return ids;
  }

  /** No event comes that would make the gate look at the ledger. */
  @Test
  void idleGateDeliversLostEventsAgain() throws Exception {
    DeferredAudit audit = start(journal(), Duration.ofMillis(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 20)));
    settle(audit);
    await().untilAsserted(() -> assertThat(count(SystemEvent.TALLY)).isEqualTo(1));
    Path copy = copy("idle");
    ids.addAll(submit(audit, TestLog.refusals("agent:b", 30)));
    settle(audit);
    await().untilAsserted(() -> assertThat(count(SystemEvent.TALLY)).isGreaterThan(1));

    restore(copy);

    await()
        .atMost(TestLog.PATIENCE)
        .untilAsserted(() -> assertThat(decisions()).containsExactlyElementsOf(ids));
    settle(audit);
    requireReconciled(audit, 80);
    TestLog.close(audit);
    assertThat(decisions()).containsExactlyElementsOf(ids);
    requireComplete();
  }

  /** A rollback that costs no event may still cost the tally after the last one. */
  @Test
  @Tag("full")
  void tallyThatTheLedgerLostIsNotMissed() throws Exception {
    Journal journal = journal();
    DeferredAudit audit = start(journal, Duration.ofHours(1));
    List<String> ids = submit(audit, TestLog.refusals("agent:a", 200));
    settle(audit);
    Path copy = copy("tally");
    TestLog.close(audit);
    assertThat(count(SystemEvent.TALLY)).isEqualTo(1);
    restore(copy);
    assertThat(count(SystemEvent.TALLY)).isZero();

    DeferredAudit next = start(journal(), Duration.ofHours(1));
    assertThat(next.queue().metrics().submitted()).isZero();
    submit(next, TestLog.refusals("agent:b", 1));
    TestLog.close(next);

    assertThat(decisions()).startsWith(ids.toArray(String[]::new)).hasSize(201);
    requireOnlyNotedLoss();
  }

  /** A closing gate does not compare; its last tally would count decisions that are gone. */
  @Test
  void closingGateCountsNothingThatTheLedgerLost() throws Exception {
    DeferredAudit audit = start(journal(), Duration.ofHours(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 20)));
    settle(audit);
    Path copy = copy("closing");
    ids.addAll(submit(audit, TestLog.refusals("agent:b", 30)));
    settle(audit);

    restore(copy);
    TestLog.close(audit);
    Journal journal = journal();
    DeferredAudit next = start(journal, Duration.ofHours(1));
    ids.addAll(submit(next, TestLog.refusals("agent:c", 1)));
    TestLog.close(next);

    assertThat(decisions()).containsExactlyElementsOf(ids);
    requireOnlyNotedLoss();
  }

  /** The process ended before the server was replaced; the next one delivers the lost events. */
  @Test
  @Tag("full")
  void nextProcessDeliversLostEventsAgain() throws Exception {
    DeferredAudit audit = start(journal(), Duration.ofHours(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 20)));
    settle(audit);
    Path copy = copy("ended");
    ids.addAll(submit(audit, TestLog.refusals("agent:b", 30)));
    TestLog.close(audit);
    assertThat(decisions()).hasSize(50);

    restore(copy);
    assertThat(decisions()).hasSize(20);
    Journal journal = journal();
    assertThat(journal.recovered()).isEqualTo(30);
    DeferredAudit next = start(journal, Duration.ofHours(1));
    ids.addAll(submit(next, TestLog.refusals("agent:c", 1)));
    TestLog.close(next);

    assertThat(decisions()).containsExactlyElementsOf(ids);
    assertThat(count(SystemEvent.GAP)).isZero();
  }

  /** The earlier copy does not have the trigger that made events dead letters, or the reverse. */
  @Test
  void lostDeadLettersAreSettledAgain() throws Exception {
    DeferredAudit audit = start(journal(), Duration.ofMillis(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 10)));
    settle(audit);
    Path copy = copy("dead");
    log.run(
        """
        CREATE FUNCTION no_b() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          IF new.agent_id = 'agent:b' THEN
            RAISE check_violation USING MESSAGE = 'no agent:b';
          END IF;
          RETURN new;
        END $$;
        CREATE TRIGGER no_b BEFORE INSERT ON signed_events FOR EACH ROW EXECUTE FUNCTION no_b()
        """);
    ids.addAll(submit(audit, TestLog.refusals("agent:b", 5)));
    ids.addAll(submit(audit, TestLog.refusals("agent:c", 5)));
    settle(audit);
    assertThat(log.deadLetters()).isEqualTo(5);
    assertThat(audit.queue().metrics().dlqLanded()).isEqualTo(5);

    restore(copy);
    ids.addAll(submit(audit, TestLog.refusals("agent:d", 5)));
    settle(audit);

    requireReconciled(audit, 35);
    TestLog.close(audit);
    assertThat(log.deadLetters()).isZero();
    assertThat(decisions()).containsExactlyElementsOf(ids);
    requireComplete();
  }

  /** Without retention, as with a ledger in a file, the gate goes on and the events are gone. */
  @Test
  @Tag("full")
  void withoutRetentionTheGateGoesOn() throws Exception {
    DeferredAudit audit = start(journal(Duration.ZERO), Duration.ofHours(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 10)));
    settle(audit);
    Path copy = copy("without");
    submit(audit, TestLog.refusals("agent:b", 5));
    settle(audit);
    restore(copy);
    ids.addAll(submit(audit, TestLog.refusals("agent:c", 5)));
    TestLog.close(audit);

    assertThat(decisions()).containsExactlyElementsOf(ids);
  }

  /** The segments that had the lost events are gone, so the loss is on record (promise D7). */
  @Test
  @Tag("full")
  void eventsBeyondTheRetainedSegmentsBecomeGap() throws Exception {
    DeferredAudit audit = start(journal(Duration.ofNanos(1)), Duration.ofHours(1));
    List<String> ids = new ArrayList<>(submit(audit, TestLog.refusals("agent:a", 10)));
    settle(audit);
    Path copy = copy("beyond");
    // More than one segment, of which only the last one stays.
    String large = "x".repeat(500_000);
    for (int n = 0; n < 12; n++) {
      submit(audit, List.of(TestLog.refusal("agent:b", large + n)));
      settle(audit);
    }
    try (var files = Files.walk(temp.resolve("journal"))) {
      assertThat(files.filter(file -> file.toString().endsWith(".seg")).count()).isBetween(1L, 2L);
    }

    restore(copy);
    ids.addAll(submit(audit, TestLog.refusals("agent:c", 5)));
    TestLog.close(audit);

    assertThat(count(SystemEvent.GAP)).isEqualTo(1);
    assertThat(decisions()).startsWith(ids.subList(0, 10).toArray(String[]::new));
    assertThat(decisions()).endsWith(ids.subList(10, 15).toArray(String[]::new));
    assertThat(log.verify().findings())
        .anyMatch(finding -> finding.check().equals(Finding.GAP))
        .noneMatch(
            finding ->
                finding.check().equals(Finding.COMPLETENESS)
                    && finding.status() == Finding.Status.BROKEN);
    assertThat(audit.queue().metrics().isBalanced()).isTrue();
  }

  /** Requires that nothing is broken except by the note that rows are gone. */
  private void requireOnlyNotedLoss() throws Exception {
    assertThat(log.verify().findings())
        .noneMatch(
            finding ->
                finding.status() == Finding.Status.BROKEN
                    && !finding.check().equals(Finding.TAMPER));
  }
}
