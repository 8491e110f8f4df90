// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.TamperAnswer;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code log answer}: an audit.tamper event is answered only if the row that it names is valid. */
class LogAnswerTest {
  @TempDir Path temp;
  private Cli cli;
  private DataDirectory data;

  @BeforeEach
  void recordOneDecision() {
    cli = new Cli(temp.resolve("data"));
    data = new DataDirectory(cli.data());
    cli.run("check", Cli.bash("ls")).ok();
  }

  /** A writer that lacks the key reports the last row as changed, although it is valid. */
  @Test
  void falseNoteIsAnsweredAndBothAreShown() throws Exception {
    accuseFalsely();
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
    assertThat(cli.run("status").out()).contains("tampered");

    cli.run("log", "answer", "3", "--reason", "the key was not mounted").ok();

    Cli.Result verified = cli.run("log", "verify");
    assertThat(verified.exit()).as(verified.out()).isZero();
    assertThat(verified.out()).contains("answered by row 5", "the key was not mounted");
    Cli.Result status = cli.run("status");
    assertThat(status.exit()).as(status.out()).isZero();
    assertThat(status.out()).contains("noted by row 3", "answered by row 5");
    assertThat(cli.run("status", "--output", "json").json().path("tamper_notes").get(0))
        .isEqualTo(Cli.json("{\"answered_by\":5,\"rows_lost\":false,\"sequence\":3}"));
    assertThat(cli.run("log", "answer", "3", "--reason", "again").complaint(2))
        .contains("answered already, by row 5");
    assertThat(cli.run("log", "answer", "1", "--reason", "no note").complaint(2))
        .contains("not an audit.tamper event");
  }

  @Test
  void rowThatDoesNotVerifyIsNotAnswered() throws Exception {
    accuseFalsely();
    cli.sql("UPDATE signed_events SET agent_id = 'agent:mallory' WHERE sequence = 2");
    assertThat(cli.run("log", "answer", "3", "--reason", "it was me").complaint(1))
        .contains("cannot be answered, and nothing was written: row 2: ");
    assertThat(rows()).isEqualTo(4);
  }

  /** A change of the row after the answer makes the answer invalid. */
  @Test
  void answeredRowIsCheckedAgain() throws Exception {
    accuseFalsely();
    cli.run("log", "answer", "3", "--reason", "the key was not mounted").ok();
    cli.sql("UPDATE signed_events SET agent_id = 'agent:mallory' WHERE sequence = 2");
    assertThat(cli.run("log", "verify").out()).contains("tamper ").doesNotContain("answered by");
    assertThat(cli.run("status").out()).contains("tampered").doesNotContain("answered by");
  }

  /** Without a tile the note counts as unanswered, and a change of a later row is still found. */
  @Test
  void missingTileHidesNoChangedRow() throws Exception {
    accuseFalsely();
    cli.run("log", "answer", "3", "--reason", "the key was not mounted").ok();
    cli.run("check", Cli.bash("ls")).ok();
    cli.sql("DELETE FROM indelible_tiles");
    cli.sql("UPDATE signed_events SET agent_id = 'agent:mallory' WHERE sequence = 6");

    Cli.Result verified = cli.run("log", "verify");

    assertThat(verified.exit()).as(verified.out()).isEqualTo(1);
    assertThat(verified.out())
        .contains("the log noted tampering while it ran", "agent:mallory")
        .doesNotContain("answered by");
  }

  @Test
  void missingTileRefusesAnAnswer() throws Exception {
    accuseFalsely();
    cli.sql("DELETE FROM indelible_tiles");
    assertThat(cli.run("log", "answer", "3", "--reason", "the key was not mounted").complaint(1))
        .contains("cannot be answered", "the stored tree does not prove it", "is missing");
    assertThat(rows()).isEqualTo(4);
  }

  /** Nothing proves why rows are gone, so the answer ends the alert and not the doubt. */
  @Test
  void lossIsAnsweredByStatementOnly() throws Exception {
    restoreUnderRunningGate(1);
    assertThat(cli.run("status").out()).contains("tampered");
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
    assertThat(cli.run("log", "answer", "3", "--reason", "restored").complaint(2))
        .contains("rows are missing or were replaced", "--rows-lost");
    answer(data.keys().read(), new TamperAnswer(3, 2, hash(2), "planted", "owner"));
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);

    assertThat(
            cli.run("log", "answer", "3", "--rows-lost", "--reason", "restored", "--by", "alice")
                .ok()
                .out())
        .contains("alice states that rows are lost", "'unknown' because of it, never 'intact'");

    Cli.Result verified = cli.run("log", "verify");
    assertThat(verified.exit()).as(verified.out()).isEqualTo(3);
    assertThat(verified.out())
        .contains("answered by row 7 (alice), which states that rows are lost", "restored");
    Cli.Result status = cli.run("status");
    assertThat(status.exit()).as(status.out()).isZero();
    assertThat(status.out()).contains("noted by row 3", "states that rows are lost");
    assertThat(cli.run("status", "--output", "json").json().path("tamper_notes").get(0))
        .isEqualTo(Cli.json("{\"answered_by\":7,\"rows_lost\":true,\"sequence\":3}"));
    assertThat(cli.run("log", "answer", "3", "--rows-lost", "--reason", "again").complaint(2))
        .contains("answered already, by row 7");
  }

  /** The gate counted the lost decisions, and the answer does not explain their counts. */
  @Test
  void answerOfLossChangesNoOtherFinding() throws Exception {
    restoreUnderRunningGate(5);
    cli.run("log", "answer", "3", "--rows-lost", "--reason", "restored").ok();

    Cli.Result verified = cli.run("log", "verify", "--output", "json");
    assertThat(verified.exit()).isEqualTo(1);
    assertThat(verified.json().path("findings"))
        .filteredOn(finding -> finding.path("status").asString().equals("broken"))
        .singleElement()
        .satisfies(
            finding -> {
              assertThat(finding.path("check").asString()).isEqualTo("completeness");
              assertThat(finding.path("message").asString())
                  .contains("the runs appended 6", "the rows have 2");
            });
    cli.run("status").ok();
  }

  /** A running log reports the note until it is answered, and then no longer. */
  @Test
  void answerOfLossClearsHealthOfRunningLog() throws Exception {
    restoreUnderRunningGate(1);
    try (Indelible log = Indelible.open(cli.data())) {
      log.gate().check("agent:a", new Bash("ls"));
      Awaitility.await()
          .until(() -> log.metrics().ledger().tamperRows().equals(OptionalLong.of(1)));
      assertThat(log.metrics().health().entry(HealthEntry.CHAIN)).isPresent();
      cli.run("log", "answer", "3", "--rows-lost", "--reason", "restored").ok();
      Awaitility.await()
          .until(() -> log.metrics().ledger().tamperRows().equals(OptionalLong.of(0)));
      assertThat(log.metrics().health().entry(HealthEntry.CHAIN)).isEmpty();
    }
  }

  @Test
  void rowsLostIsRefusedForNoteOfOneRow() throws Exception {
    accuseFalsely();
    assertThat(cli.run("log", "answer", "3", "--rows-lost", "--reason", "no").complaint(2))
        .contains("it is about row 2 only");
    assertThat(rows()).isEqualTo(4);
  }

  /** Whoever removes a row leaves its leaf in the tree, which a restored copy does not have. */
  @Test
  void noteOfRemovedRowsIsNotAnswered() throws Exception {
    try (Indelible log = Indelible.open(cli.data())) {
      log.gate().check("agent:a", new Bash("ls"));
      assertThat(log.queue().drainPending(Duration.ofMinutes(2))).isTrue();
      cli.sql("DELETE FROM signed_events WHERE sequence = 3");
      log.gate().check("agent:a", new Bash("ls"));
      assertThat(log.closeAndFlush(Duration.ofMinutes(2)).isComplete()).isTrue();
    }
    assertThat(cli.run("log", "answer", "3", "--rows-lost", "--reason", "no").complaint(1))
        .contains("cannot be answered", "row 3: the stored tree has another row in its place");
    answer(data.keys().read(), new TamperAnswer(3, 2, hash(2), "planted", "owner"));
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
    assertThat(cli.run("status").out()).contains("tampered").doesNotContain("answered by");
  }

  @Test
  void plantedAnswersDoNotCount() throws Exception {
    accuseFalsely();
    // Signed by an unknown key.
    SigningKey stranger = SigningKey.generate();
    answer(stranger, new TamperAnswer(3, 2, hash(2), "planted", "mallory"));
    assertThat(cli.run("status").out()).contains("tampered").doesNotContain("answered by");
    // Unsigned: the row of a decision with another type.
    cli.run("check", Cli.bash("ls")).ok();
    cli.sql(
        "UPDATE signed_events SET event_type = 'audit.answer', payload = '"
            + "{\"details\":{\"by\":\"m\",\"note\":3,\"reason\":\"planted\",\"record_hash\":\""
            + hash(2)
            + "\",\"sequence\":2}}' WHERE event_type = 'governance.check' AND sequence > 2");
    assertThat(cli.run("status").out()).contains("tampered").doesNotContain("answered by");
    assertThat(cli.run("log", "verify").exit()).isEqualTo(1);
  }

  /** An answer counts if its key signed it before somebody else may have held the key. */
  @Test
  void answerByRevokedKeyDoesNotCount() throws Exception {
    accuseFalsely();
    cli.run("log", "answer", "3", "--reason", "the key was not mounted").ok();
    String old = data.keys().read().verificationKey().keyId();
    cli.run("keys", "rotate").ok();
    cli.run("keys", "revoke", old, "--since", "5", "--reason", "stolen").ok();
    assertThat(cli.run("status").out()).contains("tampered").doesNotContain("answered by");
    cli.run("log", "answer", "3", "--reason", "said again").ok();
    assertThat(cli.run("status").out()).contains("said again").doesNotContain("tampered ");
  }

  /** Every verb that writes signs a checkpoint over its row, so removing the row is detected. */
  @Test
  void verbsSignCheckpointOverTheirRow() throws Exception {
    accuseFalsely();
    cli.run("log", "answer", "3", "--reason", "the key was not mounted").ok();
    assertAllCovered();
    String id = cli.rows().get(0).path("id").asString();
    cli.run("log", "erase-payload", id, "--reason", "asked to").ok();
    assertAllCovered();
    String old = data.keys().read().verificationKey().keyId();
    cli.run("keys", "rotate").ok();
    assertAllCovered();
    cli.run("keys", "revoke", old, "--reason", "stolen").ok();
    assertAllCovered();
    Files.delete(cli.data().resolve("keys/audit.pem"));
    cli.run("keys", "replace", "--lost", "--reason", "gone").ok();
    assertAllCovered();
    assertThat(cli.run("keys", "list").out())
        .contains("revoked by row", "lost, recorded by row", "replaces a lost key");
    assertThat(cli.run("keys", "export").err()).contains(old + ": revoked by row");
    assertThat(cli.run("status").out()).contains(old + " (revoked by row");
  }

  /** Recording is refused with advice; reading works and reports the missing key. */
  @Test
  void withoutKeysOnlyReadingWorks() throws Exception {
    Files.move(cli.data().resolve("keys"), temp.resolve("away"));
    for (List<String> verb :
        List.of(
            List.of("check", Cli.bash("ls")),
            List.of("gate"),
            List.of("keys", "init"),
            List.of("keys", "rotate"),
            List.of("keys", "revoke", "0011223344556677", "--reason", "x"),
            List.of("log", "answer", "1", "--reason", "x"))) {
      assertThat(cli.run(verb.toArray(String[]::new)).complaint(2))
          .contains("'indelible keys replace --lost --reason TEXT'");
    }
    assertThat(cli.data().resolve("keys")).doesNotExist();
    cli.run("log", "list").ok();
    cli.run("log", "show", "1").ok();
    assertThat(cli.run("log", "verify").exit()).isEqualTo(3);
    assertThat(cli.run("log", "verify").out()).contains("no public key exists");
    assertThat(cli.run("status").out()).contains("there is no signing key");
    assertThat(cli.run("keys", "list").err()).contains("no keys here");
    assertThat(rows()).isEqualTo(2);
    Files.move(temp.resolve("away"), cli.data().resolve("keys"));
    cli.assertIntact(1);
    cli.run("status").ok();
  }

  private void assertAllCovered() throws Exception {
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      assertThat(ledger.lastCheckpoint().orElseThrow().size()).isEqualTo(ledger.size());
    }
  }

  private long rows() throws Exception {
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      return ledger.size();
    }
  }

  private String hash(long sequence) throws Exception {
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      return ledger.row(sequence).map(ChainRow::head).map(Head::hex).orElseThrow();
    }
  }

  /**
   * Appends a false note about row 2 as row 3, as a writer does that lacks the public key of row 2.
   * Then appends, as row 4, an answer to a note that does not exist.
   */
  private void accuseFalsely() throws Exception {
    SigningKey key = data.keys().read();
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(data.database()),
            CheckpointFile.at(data.lastCheckpoint()),
            KeyRing.of(List.of()))) {
      events.answer(key, new TamperAnswer(99, 2, hash(2), "of no note", "owner"));
    }
  }

  /**
   * Replaces the database under a running gate by an older copy. The gate appends a note, row 3,
   * that rows after row 2 are gone.
   *
   * @param lost the number of decisions that the copy lacks
   */
  private void restoreUnderRunningGate(int lost) throws Exception {
    Path copy = Files.copy(data.database(), temp.resolve("copy.db"));
    Path checkpoint = Files.copy(data.lastCheckpoint(), temp.resolve("last-checkpoint"));
    try (Indelible log = Indelible.open(cli.data())) {
      for (int n = 0; n < lost; n++) {
        log.gate().check("agent:a", new Bash("ls"));
      }
      assertThat(log.queue().drainPending(Duration.ofMinutes(2))).isTrue();
      for (String suffix : List.of("", "-wal", "-shm")) {
        Files.move(Path.of(data.database() + suffix), temp.resolve("lost" + suffix));
      }
      Files.copy(copy, data.database());
      log.gate().check("agent:a", new Bash("ls"));
      assertThat(log.closeAndFlush(Duration.ofMinutes(2)).isComplete()).isTrue();
    }
    // The operator restores this file with the database.
    Files.copy(checkpoint, data.lastCheckpoint(), StandardCopyOption.REPLACE_EXISTING);
  }

  private void answer(SigningKey key, TamperAnswer answer) throws Exception {
    KeyRing keys = data.keys().accepted().and(KeyRing.of(List.of(key.verificationKey())));
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(data.database()), CheckpointFile.at(data.lastCheckpoint()), keys)) {
      events.answer(key, answer);
    }
  }
}
