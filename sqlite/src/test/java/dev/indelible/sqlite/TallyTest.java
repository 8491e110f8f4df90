// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static dev.indelible.sqlite.TestLog.event;
import static dev.indelible.sqlite.TestLog.refusal;
import static dev.indelible.sqlite.TestLog.refusals;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.DeadLetters;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.LedgerAudit;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSigning;
import dev.indelible.append.Tallies;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.RowCheck;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.EventStore;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The chain records every requested decision and its outcome, and the verifier reports missing
 * ones. The tests read tallies with SQLite's own JSON functions.
 */
class TallyTest {
  private static final Duration ONLY_AT_THE_END = Duration.ofDays(1);
  private static final Duration OFTEN = Duration.ofMillis(1);

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void createLog() {
    log = TestLog.in(directory);
  }

  @Test
  void manyThreadsAreCountedExactly() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    AtomicLong[] submitted = {
      new AtomicLong(), new AtomicLong(), new AtomicLong(), new AtomicLong()
    };
    submitFromThreads(audit, submitted, 8, 2_000);
    TestLog.close(audit);

    assertThat(lastTally("attempts", "allow")).isEqualTo(submitted[0].get());
    assertThat(lastTally("attempts", "warn")).isEqualTo(submitted[1].get());
    assertThat(lastTally("attempts", "refuse")).isEqualTo(submitted[2].get());
    assertThat(lastTally("attempts", "escalate")).isEqualTo(submitted[3].get());
    assertThat(lastTally("outcomes", "appended", "check"))
        .isEqualTo(submitted[0].get() + submitted[1].get());
    assertThat(lastTally("outcomes", "appended", "refusal"))
        .isEqualTo(submitted[2].get() + submitted[3].get());
    assertThat(lastTally("covers", "decisions", "refusal")).isEqualTo(rows("governance.refusal"));
    assertThat(lastTally("covers", "first")).isEqualTo(1);
    assertThat(lastTally("covers", "last")).isEqualTo(log.rows() - 1);
    assertThat(lastTally("pending")).isZero();
    assertThat(lastTally("closed")).isEqualTo(1);
    requireComplete("16000 decisions asked for in 1 run");
  }

  @Test
  void talliesWrittenWhileManyThreadsSubmitAddUp() throws Exception {
    DeferredAudit audit = start(OFTEN);
    AtomicLong[] submitted = {
      new AtomicLong(), new AtomicLong(), new AtomicLong(), new AtomicLong()
    };
    submitFromThreads(audit, submitted, 4, 2_000);
    TestLog.settle(audit);
    submitFromThreads(audit, submitted, 4, 2_000);
    TestLog.close(audit);

    assertThat(rows("audit.tally")).isGreaterThan(1);
    assertThat(sum("covers", "decisions", "refusal")).isEqualTo(rows("governance.refusal"));
    assertThat(sum("covers", "decisions", "check")).isEqualTo(rows("governance.check"));
    requireComplete("16000 decisions asked for in 1 run");
  }

  /**
   * Tallies are written only to a ledger with a tree, so a missing tree is reported at any schema
   * version.
   */
  @Test
  void missingTreeIsReported() throws Exception {
    run(5);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
    Sql.run(
        log.file,
        "DROP TABLE indelible_tiles",
        "DROP TABLE indelible_tree",
        "DROP TABLE indelible_checkpoints",
        "UPDATE indelible_schema SET version = 1");

    assertThat(log.verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(log.verify().findings())
        .filteredOn(finding -> finding.check().equals("tree"))
        .singleElement()
        .satisfies(found -> assertThat(found.message()).startsWith("it is missing"));
  }

  @Test
  void runOfOneDecisionWritesNoTally() throws Exception {
    log.append(refusals("agent:a", Tallies.MIN_DECISIONS_FOR_TALLY - 2));
    run(1);
    assertThat(rows("audit.tally")).isZero();
    assertThat(completeness(log.verify()).status()).isEqualTo(Status.UNKNOWN);
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);

    run(1);
    assertThat(rows("audit.tally")).as("tallies after one hundred decisions").isEqualTo(1);
    assertThat(lastTally("covers", "decisions", "refusal"))
        .isEqualTo(Tallies.MIN_DECISIONS_FOR_TALLY);
    Finding found = completeness(log.verify());
    assertThat(found.status()).isEqualTo(Status.UNKNOWN);
    assertThat(found.message()).startsWith("99 decisions in rows are counted by no run");
  }

  @Test
  void unusedRunWritesNoLedger() throws Exception {
    TestLog.close(start(ONLY_AT_THE_END));
    assertThat(log.file).doesNotExist();
  }

  @Test
  void tallyCountsDeadLetters() throws Exception {
    log.create();
    refuseRowsOf("agent:refused");
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:good", 5).forEach(audit.queue()::submit);
    refusals("agent:refused", 3).forEach(audit.queue()::submit);
    TestLog.close(audit);

    assertThat(lastTally("outcomes", "dead_lettered", "refusal")).isEqualTo(3);
    assertThat(lastTally("outcomes", "appended", "refusal")).isEqualTo(5);
    requireComplete("5 in rows, 3 dead letters");

    Sql.run(log.file, "DELETE FROM signed_events_dlq WHERE letter = 2");
    assertThat(completeness(log.verify()))
        .matches(broken("3 decisions became dead letters, but only 2 are still there"));
  }

  @Test
  void replayedDeadLettersAreAccountedFor() throws Exception {
    deadLettersAreCounted();
    Sql.run(log.file, "DROP TRIGGER refuse_rows");
    replayAndPurge();
    // The next run replays the last dead letter at its start, and its tally covers both replays.
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:good", 2).forEach(audit.queue()::submit);
    TestLog.close(audit);

    assertThat(lastTally("covers", "decisions", "refusal")).isEqualTo(1 + 1 + 2);
    requireComplete("10 decisions asked for in 2 runs");
  }

  /** A log with unsigned rows still signs its own events, including the note of a replay. */
  @Test
  void replaysWithUnsignedRowsAreAccountedFor() throws Exception {
    log.create();
    refuseRowsOf("agent:refused");
    DeferredAudit first =
        start(ONLY_AT_THE_END, new MemoryStore(), new RowSigning(TestLog.KEY, false));
    refusals("agent:good", 5).forEach(first.queue()::submit);
    refusals("agent:refused", 3).forEach(first.queue()::submit);
    TestLog.close(first);
    Sql.run(log.file, "DROP TRIGGER refuse_rows");
    DeferredAudit second =
        start(ONLY_AT_THE_END, new MemoryStore(), new RowSigning(TestLog.KEY, false));
    refusals("agent:good", 2).forEach(second.queue()::submit);
    TestLog.close(second);

    assertThat(rows("dlq.replayed")).isEqualTo(3);
    assertThat(
            Sql.number(
                log.file,
                "SELECT count(*) FROM signed_events WHERE attest_level = 'unsigned'"
                    + " AND event_type NOT IN ('governance.refusal', 'governance.check')"))
        .isZero();
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
    assertThat(completeness(log.verify()).message()).contains("10 decisions asked for in 2 runs");
    assertThat(completeness(log.verify()).status()).isEqualTo(Status.OK);
  }

  @Test
  void tallyCountsRejectedEvents() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END, new MemoryStore(0));
    assertThat(audit.queue().submit(refusal("agent:a", "rm"))).isFalse();
    assertThat(audit.queue().submit(event("agent:a", new Bash("ls"), new Allow()))).isFalse();
    TestLog.close(audit);

    assertThat(lastTally("attempts", "refuse")).isEqualTo(1);
    assertThat(lastTally("outcomes", "rejected", "refusal")).isEqualTo(1);
    assertThat(lastTally("outcomes", "rejected", "check")).isEqualTo(1);
    assertThat(lastTally("pending")).isZero();
    requireComplete("0 in rows, 2 rejected, so the gate refused them");
  }

  @Test
  void repeatedEventIsOneRowAndSeveralAttempts() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    DeferredAuditEvent event = refusal("agent:a", "rm");
    audit.queue().submit(event);
    audit.queue().submit(event);
    audit.queue().submit(refusal("agent:a", "mv"));
    TestLog.settle(audit);
    audit.queue().submit(event);
    TestLog.close(audit);

    assertThat(lastTally("attempts", "refuse")).isEqualTo(4);
    assertThat(lastTally("outcomes", "appended", "refusal")).isEqualTo(2);
    assertThat(lastTally("outcomes", "repeated", "refusal")).isEqualTo(2);
    requireComplete("4 decisions asked for");
  }

  /** The event is a row of the first run, and an attempt of both runs (promise D4). */
  @Test
  void eventRepeatedInALaterRunAddsNoRow() throws Exception {
    DeferredAuditEvent event = refusal("agent:a", "rm");
    for (int run = 0; run < 2; run++) {
      DeferredAudit audit = start(ONLY_AT_THE_END);
      audit.queue().submit(event);
      audit.queue().submit(refusal("agent:a", "mv " + run));
      TestLog.settle(audit);
      audit.queue().submit(event);
      TestLog.close(audit);
    }

    assertThat(lastTally("outcomes", "appended", "refusal")).isEqualTo(1);
    assertThat(lastTally("outcomes", "repeated", "refusal")).isEqualTo(2);
    requireComplete("6 decisions asked for in 2 runs");
  }

  @Test
  void repeatedBatchIsCountedOnce() throws Exception {
    HeadGuard guard = new HeadGuard(new RowCheck(TestLog.KEYS));
    Tallies tallies = new Tallies(ONLY_AT_THE_END, guard, log.counters);
    AtomicLong calls = new AtomicLong();
    AtomicBoolean speechless = new AtomicBoolean(true);
    LedgerRun run = run(guard, tallies, dyingOnce(speechless));
    // The answer to the first batch is lost twice: once after the commit, before it is counted, and
    // once after the sink has returned it.
    DeferredAudit audit =
        log.start(
            () ->
                new ForgetfulSink(new LedgerSink(run), calls::getAndIncrement, call -> call == 0));
    refusals("agent:a", 7).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    refusals("agent:a", 2).forEach(audit.queue()::submit);
    TestLog.close(audit);

    assertThat(speechless).isFalse();
    assertThat(calls.get()).isGreaterThan(2);
    assertThat(lastTally("outcomes", "appended", "refusal")).isEqualTo(9);
    assertThat(lastTally("outcomes", "repeated", "refusal")).isZero();
    requireComplete("9 decisions asked for in 1 run");
  }

  @Test
  void talliesOfTwoWritersAddUp() throws Exception {
    DeferredAudit one = start(OFTEN);
    DeferredAudit other = start(OFTEN);
    for (int i = 0; i < 300; i++) {
      one.queue().submit(refusal("agent:one", "rm " + i));
      other.queue().submit(event("agent:other", new Bash("ls " + i), new Warn("W", "careful")));
    }
    TestLog.settle(one);
    TestLog.close(other);
    one.queue().submit(refusal("agent:one", "again"));
    TestLog.close(one);

    requireComplete("601 decisions asked for in 2 runs (0 allow, 300 warn, 301 refuse");
  }

  @Test
  void rowsOfRunWithoutTallyAreUnknown() throws Exception {
    run(3);
    // Rows of a process that was killed before its first tally.
    log.append(refusals("agent:killed", 4));
    run(2);

    Finding found = completeness(log.verify());
    assertThat(found.status()).isEqualTo(Status.UNKNOWN);
    assertThat(found.message()).startsWith("4 decisions in rows are counted by no run");
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** A lock during shutdown delays the last tally but does not lose it (D9). */
  @Test
  void lastTallyIsRetriedUntilALockIsReleased() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:a", 3).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    try (Connection other = lock()) {
      Future<DrainReport> closing =
          CompletableFuture.supplyAsync(() -> audit.closeAndFlush(TestLog.PATIENCE));
      await().until(() -> !audit.queue().isOpen());
      // Longer than SQLite itself waits for the lock.
      await()
          .pollDelay(Duration.ofMillis(600))
          .atMost(TestLog.PATIENCE)
          .until(() -> !closing.isDone());
      Sql.run(other, "ROLLBACK");
      assertThat(closing.get().unfinished()).isEmpty();
    }
    assertThat(lastTally("closed")).isEqualTo(1);
    requireComplete("3 decisions asked for in 1 run");
  }

  /** A run that ends without its last tally reports this (D9). */
  @Test
  void missingLastTallyIsReported() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:a", 3).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    try (Connection other = lock()) {
      DrainReport report = audit.closeAndFlush(Duration.ofMillis(100));
      assertThat(report.isComplete()).isTrue();
      assertThat(report.unfinished()).isNotBlank();
      Sql.run(other, "ROLLBACK");
    }
  }

  /** A last tally that the database refuses is also reported. */
  @Test
  void refusedLastTallyIsReported() throws Exception {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:a", 3).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    Sql.run(
        log.file,
        "CREATE TRIGGER no_last BEFORE INSERT ON signed_events"
            + " WHEN new.event_type = 'audit.tally' BEGIN SELECT RAISE(ROLLBACK, 'no'); END");
    DrainReport report = audit.closeAndFlush(Duration.ofSeconds(2));
    assertThat(report.isComplete()).isTrue();
    assertThat(report.unfinished()).contains(log.file.toString());
  }

  private Connection lock() throws SQLException {
    Connection connection = Sql.connect(log.file);
    Sql.run(connection, "BEGIN IMMEDIATE");
    return connection;
  }

  @Test
  void failedTallyDoesNotDelayRows() throws Exception {
    log.create();
    Sql.run(
        log.file,
        "CREATE TRIGGER no_tally BEFORE INSERT ON signed_events"
            + " WHEN new.event_type = 'audit.tally' BEGIN SELECT RAISE(ABORT, 'no tally'); END");
    DeferredAudit audit = start(OFTEN);
    refusals("agent:a", 50).forEach(audit.queue()::submit);
    TestLog.settle(audit);
    await()
        .atMost(TestLog.PATIENCE)
        .untilAsserted(
            () ->
                assertThat(audit.queue().metrics().health().reason())
                    .contains("no tally can be written"));
    TestLog.close(audit);

    assertThat(log.rows()).isEqualTo(50);
    assertThat(log.deadLetters()).isZero();
  }

  @Test
  void rebuiltChainWithoutARefusalIsNamed() throws Exception {
    run(10);
    run(10);
    TestLog forged = rebuilt(row -> !row.payloadText().contains("command 3\""));

    VerificationReport report = forged.verify();
    assertThat(report.findings())
        .as("every other check passes: the forger has the key")
        .filteredOn(finding -> finding.status() == Status.BROKEN)
        .allMatch(finding -> finding.check().equals("completeness"));
    Finding found = completeness(report);
    assertThat(found)
        .matches(
            broken(
                "rows 1 to 9 have 0 permitted and 9 refused; when the tally in row 10 was written,"
                    + " they had 0 permitted and 10 refused"));
    assertThat(found.sequence()).hasValue(10);
  }

  @Test
  void rebuiltChainWithAnExtraRowIsNamed() throws Exception {
    run(10);
    TestLog forged = rebuilt(row -> true, refusal("agent:forged", "rm"));
    assertThat(completeness(forged.verify())).matches(broken("rows 1 to 11 have"));
  }

  @Test
  void rebuiltChainWithoutATallyIsNamed() throws Exception {
    DeferredAudit audit = start(OFTEN);
    for (int i = 0; i < 3; i++) {
      long before = log.file.toFile().exists() ? rows("audit.tally") : 0;
      audit.queue().submit(refusal("agent:a", "rm " + i));
      TestLog.settle(audit);
      await().atMost(TestLog.PATIENCE).until(() -> rows("audit.tally") > before);
    }
    TestLog.close(audit);
    long second =
        Sql.number(
            log.file,
            "SELECT sequence FROM signed_events WHERE event_type = 'audit.tally'"
                + " ORDER BY sequence LIMIT 1 OFFSET 1");
    TestLog forged = rebuilt(row -> row.sequence() != second);
    assertThat(forged.verify().findings())
        .filteredOn(broken("is number 3 of run")::test)
        .isNotEmpty();
  }

  @Test
  void refusalReplacedWithAnApprovalIsNamed() throws Exception {
    run(5);
    TestLog forged =
        rebuilt(row -> row.sequence() != 2, event("agent:a", new Bash("ls"), new Allow()));
    assertThat(completeness(forged.verify())).matches(broken("have 1 permitted and 4 refused"));
  }

  @Test
  void tallyOfAForeignKeyIsIgnored() throws Exception {
    run(5);
    TestLog forged = new TestLog(directory.resolve("foreign.db"));
    forged.forge(TestLog.FOREIGN_KEY, stored(row -> true));
    assertThat(completeness(forged.verify()).message())
        .contains("no tally is both readable and signed by an accepted key");
  }

  /** A holder of the key cannot erase a tally, even with a signed erasure that names it. */
  @Test
  void erasedTallyIsNamed() throws Exception {
    run(5);
    run(5);
    ErasureNote note;
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      note = ErasureNote.of(ledger.row(6).orElseThrow(), 0, "a test", "the owner");
    }
    log.forge(TestLog.KEY, List.of(note.toEvent()));
    Sql.run(log.file, "UPDATE signed_events SET payload = NULL WHERE sequence = 6");

    VerificationReport report = log.verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals(RowCheck.PAYLOAD))
        .extracting(Finding::message)
        .containsExactly("it has no payload, and no payload.erased event that names it was found");
  }

  /** Tallies with unusable content, signed with the log's key, are all reported. */
  @Test
  void unreadableTallyIsNamed() throws Exception {
    run(5);
    for (String closed : List.of("null", "1", "\"true\"")) {
      log.forge(
          TestLog.KEY,
          List.of(
              SystemEvent.of(
                  SystemEvent.TALLY,
                  new CanonicalWriter().canonical("{\"closed\":" + closed + ",\"run\":\"x\"}"))));
    }
    assertThat(log.verify().findings())
        .filteredOn(broken("the tally is signed, but its content is unreadable")::test)
        .hasSize(3);
  }

  @Test
  void endlessIntervalWritesOneTallyAtTheEnd() throws Exception {
    DeferredAudit audit = start(ChronoUnit.FOREVER.getDuration());
    refusals("agent:a", 5).forEach(audit.queue()::submit);
    TestLog.close(audit);
    assertThat(rows("audit.tally")).isEqualTo(1);
    requireComplete("5 decisions asked for");
  }

  /** An accepted event that is neither written nor rejected has no outcome, and is reported. */
  @Test
  void eventWithoutAnOutcomeIsUnknown() throws Exception {
    run(5);
    DeferredAudit audit = start(ONLY_AT_THE_END, new KeepingStore());
    refusals("agent:a", 2).forEach(audit.queue()::submit);
    assertThat(audit.closeAndFlush(Duration.ofMillis(50)).pending()).isEqualTo(2);
    await().atMost(Duration.ofMinutes(1)).until(() -> rows("audit.tally") == 2);

    assertThat(lastTally("pending")).isEqualTo(2);
    Finding found = completeness(log.verify());
    assertThat(found.status()).isEqualTo(Status.UNKNOWN);
    assertThat(found.message()).startsWith("2 decisions had no outcome when their runs ended");
    assertThat(log.verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  /** A store that accepts events and never returns one. */
  private static final class KeepingStore implements EventStore {
    @Override
    public boolean offer(AuditEvent event) {
      return true;
    }

    @Override
    public EventBatch peek(int max) {
      return EventBatch.EMPTY;
    }

    @Override
    public void settle(int count) {}

    @Override
    public long recovered() {
      return 0;
    }

    @Override
    public Optional<Instant> oldestPending() {
      return Optional.empty();
    }
  }

  @Test
  void checkFromALaterRowFindsAMissingRow() throws Exception {
    run(10);
    run(10);
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(5)).verify();
      assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
      assertThat(completeness(report).status()).isEqualTo(Status.OK);
    }
    TestLog forged = rebuilt(row -> row.sequence() != 15);
    try (SqliteLedger ledger = SqliteLedger.open(forged.file)) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.of(TestLog.KEYS).since(5)).verify();
      assertThat(completeness(report)).matches(broken("rows 12 to 20 have"));
    }
  }

  private DeferredAudit start(Duration tally) {
    return start(tally, new MemoryStore());
  }

  private DeferredAudit start(Duration tally, EventStore store) {
    return start(tally, store, RowSigning.everyRow(TestLog.KEY));
  }

  private DeferredAudit start(Duration tally, EventStore store, RowSigning signing) {
    AppendSettings settings =
        new AppendSettings(
            signing,
            TestLog.KEYS,
            () -> TestLog.KEYS,
            Checkpoints.Settings.of(signing.signer()),
            tally,
            true);
    return LedgerAudit.start(
        SqliteWriter.drainer(log.file, null), settings, store, DrainSettings.ofDefaults());
  }

  /** Starts a run that refuses this number of actions. */
  private void run(int refusals) {
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:a", refusals).forEach(audit.queue()::submit);
    TestLog.close(audit);
  }

  private static Signer dyingOnce(AtomicBoolean dies) {
    return new Signer() {
      @Override
      public VerificationKey verificationKey() {
        return TestLog.KEY.verificationKey();
      }

      @Override
      public byte[] sign(byte[] message) {
        if (dies.getAndSet(false)) {
          throw new OutOfMemoryError("test checkpoint");
        }
        return TestLog.KEY.sign(message);
      }
    };
  }

  private LedgerRun run(HeadGuard guard, Tallies tallies, Signer checkpoints) {
    return new LedgerRun(
        SqliteWriter.drainer(log.file, null),
        RowSigning.everyRow(TestLog.KEY),
        guard,
        new Checkpoints(
            Checkpoints.Settings.of(checkpoints).withInterval(Duration.ZERO), guard, log.counters),
        tallies,
        log.counters);
  }

  private static void submitFromThreads(
      DeferredAudit audit, AtomicLong[] submitted, int threads, int each) throws Exception {
    List<Decision> decisions =
        List.of(
            new Allow(), new Warn("W", "careful"), new Refuse("R", "no"), new Escalate("E", "ask"));
    List<Thread> running = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int seed = t;
      Thread thread =
          new Thread(
              () -> {
                for (int i = 0; i < each; i++) {
                  // A mix of verdicts that depends on the thread.
                  int verdict = Math.floorMod((i + seed) * 31 + i / 7, 4) % (1 + (i + seed) % 4);
                  if (audit
                      .queue()
                      .submit(event("agent:" + seed, new Bash("n" + i), decisions.get(verdict)))) {
                    submitted[verdict].incrementAndGet();
                  }
                }
              });
      running.add(thread);
      thread.start();
    }
    for (Thread thread : running) {
      thread.join();
    }
  }

  private void refuseRowsOf(String agent) throws SQLException {
    Sql.run(
        log.file,
        "CREATE TRIGGER refuse_rows BEFORE INSERT ON signed_events WHEN new.agent_id = '"
            + agent
            + "' BEGIN SELECT RAISE(ABORT, 'not this one'); END");
  }

  private void deadLettersAreCounted() throws Exception {
    log.create();
    refuseRowsOf("agent:refused");
    DeferredAudit audit = start(ONLY_AT_THE_END);
    refusals("agent:good", 5).forEach(audit.queue()::submit);
    refusals("agent:refused", 3).forEach(audit.queue()::submit);
    TestLog.close(audit);
  }

  /** Replays one dead letter and purges another, as a command does between two runs. */
  private void replayAndPurge() throws Exception {
    List<DeadLetter> waiting = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachDeadLetter(waiting::add);
    }
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(waiting.get(0))).isEmpty();
      letters.purge(waiting.get(1), "a test");
    }
  }

  /** A row as the forger reads it. */
  private record Seen(long sequence, String payloadText) {}

  /** Rebuilds the chain like a forger who has the key and leaves the tallies unchanged. */
  private TestLog rebuilt(Predicate<Seen> kept, AuditEvent... planted) throws Exception {
    List<AuditEvent> events = new ArrayList<>(List.of(planted));
    events.addAll(stored(kept));
    TestLog forged = new TestLog(directory.resolve("forged.db"));
    forged.forge(TestLog.KEY, events);
    return forged;
  }

  private List<AuditEvent> stored(Predicate<Seen> kept) throws Exception {
    List<AuditEvent> events = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            if (kept.test(new Seen(row.sequence(), new String(row.payload().orElseThrow())))) {
              events.add(
                  AuditEvent.stored(
                      UUID.fromString(row.id()),
                      row.agentId(),
                      row.eventType(),
                      Instant.parse(row.timestamp()),
                      EventContent.of(row.payload().orElseThrow())));
            }
            return true;
          });
    }
    return events;
  }

  private long rows(String type) throws SQLException {
    return Sql.number(
        log.file, "SELECT count(*) FROM signed_events WHERE event_type = '" + type + "'");
  }

  /** Returns a number from the last tally. */
  private long lastTally(String... path) throws SQLException {
    return Sql.number(
        log.file,
        "SELECT json_extract(payload, '$.details."
            + String.join(".", path)
            + "') FROM signed_events WHERE event_type = 'audit.tally'"
            + " ORDER BY sequence DESC LIMIT 1");
  }

  /** Returns the sum of a number over all tallies. */
  private long sum(String... path) throws SQLException {
    return Sql.number(
        log.file,
        "SELECT sum(json_extract(payload, '$.details."
            + String.join(".", path)
            + "')) FROM signed_events WHERE event_type = 'audit.tally'");
  }

  private void requireComplete(String says) throws Exception {
    log.requireIntact();
    Finding found = completeness(log.verify());
    assertThat(found.status()).as(found::toString).isEqualTo(Status.OK);
    assertThat(found.message()).contains(says);
  }

  private static Predicate<Finding> broken(String says) {
    return finding -> finding.status() == Status.BROKEN && finding.message().contains(says);
  }

  private static Finding completeness(VerificationReport report) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals("completeness"))
        .findFirst()
        .orElseThrow();
  }
}
