// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.DeadLetters;
import dev.indelible.crypto.Sha256;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationReport;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A replayed dead letter is appended under its own id at most once, or stays a dead letter
 * (promises D2, D4 and D6).
 */
class DeadLetterReplayTest {
  private static final String TRIGGER =
      "CREATE TRIGGER refuse BEFORE INSERT ON signed_events WHEN NEW.agent_id = 'agent:refused'"
          + " BEGIN SELECT RAISE(ABORT, 'not this one'); END";

  @TempDir Path directory;

  private TestLog log;
  private DeferredAuditEvent refusedEvent;

  @BeforeEach
  void recordOneDeadLetterAndTwoRows() throws Exception {
    log = TestLog.in(directory).create();
    Sql.run(log.file, TRIGGER);
    refusedEvent = TestLog.refusal("agent:refused", "rm -rf /");
    log.append(
        TestLog.refusal("agent:a", "before"), refusedEvent, TestLog.refusal("agent:a", "after"));
    assertThat(log.letterIds()).containsExactly(refusedEvent.id().toString());
  }

  @Test
  void replayAppendsUnderTheOwnIdAndIsRecorded() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(letter())).isEmpty();
      // A second replay does nothing.
      assertThat(letters.replay(letter())).isEmpty();
    }
    assertThat(log.ids()).hasSize(4).contains(refusedEvent.id().toString());
    assertThat(letter().replayedAs()).contains(refusedEvent.id().toString());
    assertThat(types()).endsWith(DeferredAuditEvent.REFUSAL, SystemEvent.DEAD_LETTER_REPLAYED);
    log.requireIntact();
    // The replayed event, submitted again, matches its existing row (D4).
    log.append(refusedEvent);
    assertThat(log.ids()).hasSize(4);
    assertThat(log.deadLetters()).isEqualTo(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UPDATE signed_events_dlq SET replayed_as = NULL | waits to be replayed",
        "UPDATE signed_events_dlq SET failure_reason = 'constraint: other' | its content was changed",
        "UPDATE signed_events_dlq SET agent_id = 'agent:other' | its content was changed",
        "UPDATE signed_events_dlq SET payload_hash = zeroblob(32) | its content was changed",
        "UPDATE signed_events_dlq SET letter = 9 | no event in the chain records that",
        "DELETE FROM signed_events_dlq | is missing, and no purge"
      })
  void contradictionToTheReplayIsNamed(String sql, String finding) throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(letter())).isEmpty();
    }
    log.requireIntact();

    Sql.run(log.file, sql);

    requireDeadLetterFinding(finding);
  }

  @Test
  void restoredPurgedDeadLetterIsNamed() throws Exception {
    Sql.run(
        log.file, "DROP TRIGGER refuse", "CREATE TABLE kept AS SELECT * FROM signed_events_dlq");
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      letters.purge(letter(), "tried");
    }
    log.requireIntact();

    Sql.run(log.file, "INSERT INTO signed_events_dlq SELECT * FROM kept");

    requireDeadLetterFinding("is recorded as purged, but is there again");
  }

  private void requireDeadLetterFinding(String message) throws Exception {
    assertThat(log.verify().findings())
        .anySatisfy(
            found -> {
              assertThat(found.check()).isEqualTo("dead_letters");
              assertThat(found.status()).isEqualTo(Finding.Status.BROKEN);
              assertThat(found.message()).contains(message);
            });
  }

  @Test
  void stillRefusedDeadLetterIsNotReplayed() throws Exception {
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(letter()).orElseThrow()).contains("not this one");
    }
    assertThat(log.deadLetters()).isEqualTo(1);
    assertThat(letter().replayedAs()).isEmpty();
    assertThat(log.ids()).hasSize(2);
    log.requireIntact();
  }

  @Test
  void deadLetterWithAUsedIdIsNotReplayed() throws Exception {
    DeferredAuditEvent first = TestLog.refusal("agent:b", "first");
    log.append(first);
    log.append(TestLog.withCommand(first, "second"));
    DeadLetter reused = readLetters().get(1);
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(reused)).contains(DeadLetter.ID_REUSED);
    }
    assertThat(log.deadLetters()).isEqualTo(2);
    log.requireIntact();
  }

  @Test
  void changedDeadLetterIsNotReplayed() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    Sql.run(
        log.file, "UPDATE signed_events_dlq SET payload = replace(payload, 'rm -rf', 'ls -la')");
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(letter()).orElseThrow())
          .contains("was changed after it was written");
    }
    assertThat(log.verify().findings())
        .filteredOn(finding -> finding.check().equals("dead_letters"))
        .singleElement()
        .satisfies(
            found -> {
              assertThat(found.status()).isEqualTo(Finding.Status.BROKEN);
              assertThat(found.message()).contains("was changed after it was written");
            });
    assertThat(log.ids()).hasSize(2);
  }

  /**
   * The payload hash does not cover the event type, but a refusal must not be replayed as a check.
   */
  @Test
  void deadLetterOfAnotherTypeIsNotReplayed() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    assertThat(log.verify().verdict()).isEqualTo(VerificationReport.Verdict.INTACT);
    for (String type : List.of("governance.check", "audit.gap")) {
      Sql.run(log.file, "UPDATE signed_events_dlq SET event_type = '" + type + "'");
      try (DeadLetters letters =
          new DeadLetters(
              SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
        assertThat(letters.replay(letter())).isPresent();
      }
      assertThat(log.verify().findings())
          .anyMatch(
              finding ->
                  finding.check().equals("dead_letters")
                      && finding.status() == Finding.Status.BROKEN);
    }
    assertThat(log.ids()).hasSize(2);
  }

  /**
   * A person who can write to the file but has no key cannot make the log sign a note that rows may
   * be unsigned (D11).
   */
  @Test
  void plantedSystemEventIsNotSigned() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse", "DELETE FROM signed_events_dlq");
    SystemEvent words = new RowSignatureNote(false).toEvent();
    byte[] payload = words.content().payload(new byte[16]);
    Sql.run(
        log.file,
        "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp, payload,"
            + " failure_reason, failed_at, attempts) VALUES ('%s', '%s', '%s', x'%s', '%s', '%s',"
                .formatted(
                    words.id(),
                    words.agentId(),
                    words.eventType(),
                    HexFormat.of().formatHex(Sha256.hash(payload)),
                    Timestamps.format(words.timestamp()),
                    new String(payload, StandardCharsets.UTF_8))
            + " 'constraint: x', '2026-11-23T01:02:03.456789Z', 6)");

    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "next"));
    TestLog.settle(audit);
    TestLog.close(audit);

    assertThat(types()).hasSize(3).doesNotContain(SystemEvent.ROW_SIGNATURES);
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(letter()).orElseThrow()).contains(SystemEvent.ROW_SIGNATURES);
    }
    log.requireIntact();
  }

  /** An event of the log itself that came through the queue is not lost (D2). */
  @ParameterizedTest
  @ValueSource(
      strings = {
        SystemEvent.GAP,
        SystemEvent.POLICY_LOADED,
        SystemEvent.TOOL_ACCEPTED,
        SystemEvent.ACCESS_LOG_READ,
        SystemEvent.ACCESS_OPERATED
      })
  void eventOfTheLogThatWasQueuedIsReplayed(String type) throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse", TRIGGER.replace("'agent:refused'", "'indelible'"));
    SystemEvent event =
        type.equals(SystemEvent.POLICY_LOADED)
            ? PolicyText.ofFile("version: 1\n").toEvent(Clock.systemUTC())
            : SystemEvent.of(
                type, new CanonicalWriter().beginObject().member("a", "b").endObject());
    log.append(event);
    assertThat(log.letterIds()).contains(event.id().toString());
    Sql.run(log.file, "DROP TRIGGER refuse");

    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      assertThat(letters.replay(readLetters().get(1))).isEmpty();
    }

    assertThat(log.ids()).contains(event.id().toString());
    log.requireIntact();
  }

  @Test
  void purgeIsRecordedAndRemovesTheDeadLetter() throws Exception {
    try (DeadLetters letters =
        new DeadLetters(
            SqliteWriter.open(log.file), CheckpointFile.none(), TestLog.KEY, TestLog.KEYS)) {
      letters.purge(letter(), "seen by the auditor");
    }
    assertThat(log.deadLetters()).isZero();
    assertThat(types()).endsWith(SystemEvent.DEAD_LETTER_PURGED);
    assertThat(
            Sql.texts(log.file, "SELECT payload FROM signed_events ORDER BY sequence DESC LIMIT 1"))
        .singleElement()
        .asString()
        .contains(refusedEvent.id().toString(), "seen by the auditor");
    log.requireIntact();
  }

  @Test
  void startReplaysDeadLettersAcceptedNow() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "next"));
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(letter().replayedAs()).contains(refusedEvent.id().toString());
    assertThat(log.ids()).hasSize(5).contains(refusedEvent.id().toString());
    log.requireIntact();
  }

  /** A locked ledger only delays the replay of dead letters (D6). */
  @Test
  void deadLettersAreReplayedAfterALock() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse");
    DeferredAudit audit;
    try (Connection other = Sql.connect(log.file)) {
      Sql.run(other, "BEGIN IMMEDIATE");
      audit = log.start();
      audit.queue().submit(TestLog.refusal("agent:a", "next"));
      await()
          .atMost(TestLog.PATIENCE)
          .until(() -> audit.queue().metrics().health().state() == AuditHealth.State.DEGRADED);
      Sql.run(other, "COMMIT");
    }
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(letter().replayedAs()).contains(refusedEvent.id().toString());
    log.requireIntact();
  }

  /**
   * A dead letter whose insert rolls back the transaction is skipped and stays a dead letter (D8).
   */
  @Test
  void startSkipsDeadLetterThatRollsBack() throws Exception {
    Sql.run(log.file, "DROP TRIGGER refuse", TRIGGER.replace("ABORT", "ROLLBACK"));
    DeferredAudit audit = log.start();
    audit.queue().submit(TestLog.refusal("agent:a", "next"));
    TestLog.settle(audit);
    TestLog.close(audit);
    assertThat(audit.queue().metrics().appendFailures()).isZero();
    assertThat(letter().replayedAs()).isEmpty();
    assertThat(log.ids()).hasSize(3);
    log.requireIntact();
  }

  /** A page of dead letters costs as much as its dead letters, and not as much as all. */
  @Test
  void pageReadsNoEarlierDeadLetter() throws Exception {
    try (Connection connection = Sql.connect(log.file)) {
      for (int number : List.of(7, 9)) {
        Sql.run(
            connection,
            "INSERT INTO signed_events_dlq SELECT "
                + number
                + ", 'id-' || letter, agent_id, event_type, payload_hash, timestamp, payload,"
                + " failure_reason, failed_at, attempts, NULL FROM signed_events_dlq LIMIT 1");
      }
      Sql.run(
          connection,
          "UPDATE signed_events_dlq SET payload = CAST(zeroblob(5000000) AS TEXT) WHERE letter = 1");
    }
    List<Long> numbers = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachDeadLetter(2, each -> numbers.add(each.number()));
      ledger.forEachDeadLetter(8, each -> numbers.add(each.number()));

      assertThat(numbers).containsExactly(7L, 9L, 9L);
      assertThatThrownBy(() -> ledger.forEachDeadLetter(each -> numbers.add(each.number())))
          .isInstanceOf(LedgerException.class)
          .hasMessageContaining("dead letter 1 has more bytes");
    }
  }

  private DeadLetter letter() throws Exception {
    return readLetters().get(0);
  }

  private List<DeadLetter> readLetters() throws Exception {
    List<DeadLetter> letters = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ledger.forEachDeadLetter(letters::add);
    }
    return letters;
  }

  private List<String> types() throws Exception {
    return Sql.texts(log.file, "SELECT event_type FROM signed_events ORDER BY sequence");
  }
}
