// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.AuditLog;
import dev.indelible.Indelible;
import dev.indelible.OpenException;
import dev.indelible.action.Bash;
import dev.indelible.append.FleetEvents;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.HealthCheck;
import dev.indelible.event.SystemEvent;
import dev.indelible.fleet.FleetWriter.Result;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ShardException;
import dev.indelible.note.ShardOpening;
import dev.indelible.queue.DrainReport;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opening and closing shards, and admitting their checkpoints. */
class FleetTest {
  @TempDir Path directory;

  private TestFleet fleet;

  @BeforeEach
  void create() throws Exception {
    fleet = TestFleet.of(directory.resolve("fleet"), "a", "b");
  }

  @Test
  void shardsAreNamedByTheirFleet() throws Exception {
    fleet.record("a", 3);
    fleet.admitAll();

    assertThat(fleet.shard("a").opening().origin()).isEqualTo("fleet.example/logs/shard/a");
    assertThat(fleet.admitted("a")).as("shard.opened, policy, decisions").isEqualTo(5);
    assertThat(fleet.admitted("b")).isEqualTo(1);
    assertIntact(fleet.fleet.data());
    assertIntact(fleet.data("a"));
  }

  @Test
  void eachChangeIsOneMoreCheckpointOfTheLogOfLogs() throws Exception {
    fleet.record("a", 1);
    fleet.admitAll();
    try (LedgerReader ledger = new AuditLog(fleet.fleet.data().path()).reader()) {
      List<Long> sizes = new ArrayList<>();
      ledger.forEachCheckpoint(Long.MIN_VALUE, Long.MAX_VALUE, stored -> sizes.add(stored.size()));
      assertThat(sizes).containsExactly(1L, 3L, 5L, 6L);
    }
  }

  @Test
  void unchangedShardIsAdmittedAgainOnlyWhenDue() throws Exception {
    assertThat(fleet.admit()).extracting(Result::admitted).containsExactly(false, false);

    TestFleet eager = new TestFleet(directory.resolve("eager"));
    FleetWriter.create(eager.fleet, Optional.empty(), Duration.ofSeconds(1)).close();
    eager.open("x");
    await()
        .untilAsserted(
            () -> assertThat(eager.admit()).extracting(Result::admitted).containsExactly(true));
    assertThat(eager.admitted("x")).isEqualTo(1);
    assertIntact(eager.fleet.data());
  }

  @Test
  void rolledBackShardIsRefusedAndOthersAreAdmitted() throws Exception {
    Path copy = directory.resolve("copy");
    TestFleet.copy(fleet.data("a").path(), copy);
    fleet.record("a", 2);
    fleet.admitAll();
    TestFleet.replace(fleet.data("a").path(), copy);
    fleet.record("b", 1);

    List<Result> results = fleet.admit();
    assertThat(results.get(0).refusal()).get().asString().contains("the shard was rolled back");
    assertThat(results.get(1).admitted()).isTrue();
    assertThat(fleet.fleet.states().get(0).problem()).get().asString().contains("rolled back");
    assertIntact(fleet.fleet.data());
  }

  @Test
  void forkedShardIsRefused() throws Exception {
    Path copy = directory.resolve("copy");
    TestFleet.copy(fleet.data("a").path(), copy);
    fleet.record("a", 2);
    fleet.admitAll();
    long admitted = fleet.admitted("a");

    TestFleet.replace(fleet.data("a").path(), copy);
    fleet.record("a", 2);
    assertThat(fleet.admit().get(0).refusal()).get().asString().contains("the shard was forked");
    fleet.record("a", 5);
    assertThat(fleet.admit().get(0).refusal()).get().asString().contains("the shard was forked");
    assertThat(fleet.admitted("a")).isEqualTo(admitted);
  }

  @Test
  void missingShardIsRefused() throws Exception {
    TestFleet.delete(fleet.data("a").path());
    assertThat(fleet.admit().get(0).refusal()).isPresent();
    assertThat(Files.exists(fleet.data("a").path())).as("nothing is created").isFalse();
  }

  @Test
  void shardOfAnotherKeyIsRefused() throws Exception {
    TestFleet other = TestFleet.of(directory.resolve("other"), "a");
    TestFleet.replace(fleet.data("a").path(), other.data("a").path());
    assertThat(fleet.admit().get(0).refusal()).get().asString().contains("known key");
  }

  @Test
  void rotatedKeysAreAccepted() throws Exception {
    fleet.data("a").rotateKey();
    fleet.admitAll();
    fleet.record("a", 1);
    fleet.fleet.data().rotateKey();
    fleet.admitAll();
    assertThat(fleet.admitted("a")).isEqualTo(4);
    assertIntact(fleet.fleet.data());
  }

  /** A gate that was not stopped refuses, and does not make the closed shard grow. */
  @Test
  void closedShardGetsNoRows() throws Exception {
    fleet.record("a", 3);
    Indelible open = Indelible.open(fleet.data("a").path());
    try {
      fleet.close("a");
      open.gate().check("agent:1", new Bash("ls"));
      await().until(() -> !open.queue().isOpen());
      assertThat(open.queue().metrics().health().reason())
          .contains("the log was ended by row 6 (shard a");
      assertThat(open.gate().check("agent:1", new Bash("ls")).isPermitted()).isFalse();
    } finally {
      DrainReport report = open.closeAndFlush(Duration.ofSeconds(5));
      assertThat(report.health().state()).isEqualTo(AuditHealth.State.ENDED);
      assertThat(report.describePending())
          .startsWith("1 event stays in the journal, and is not recorded in the ledger");
    }
    assertThatThrownBy(() -> fleet.record("a", 1))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("the log was ended by row 6");

    DataDirectory shard = fleet.data("a");
    String id;
    try (LedgerReader ledger = new AuditLog(shard.path()).reader()) {
      id = ledger.row(3).orElseThrow().id();
    }
    assertThat(new AuditLog(shard.path()).erase(id, "asked", "ops").isGone()).isTrue();
    new AuditLog(shard.path()).end("again", "ops");
    FleetReport report =
        new FleetVerifier(new AuditLog(fleet.fleet.data().path()), fleet.fleet)
            .verify(VerificationOptions.of(fleet.fleet.data().keys().accepted()));
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.rows()).as("7 of a, 1 of b, 7 of the log of logs").isEqualTo(15);
  }

  /** The host of the log of logs may have no key of the shard. */
  @Test
  void shardWithoutItsKeyHereIsEndedFirst() throws Exception {
    fleet.record("a", 1);
    DataDirectory shard = fleet.data("a");
    Path key = shard.path().resolve("keys").resolve("audit.pem");
    Path away = directory.resolve("audit.pem");
    Files.move(key, away);
    assertThatThrownBy(() -> fleet.close("a"))
        .isInstanceOf(ShardException.class)
        .hasMessageContaining("on a host that has it, run 'indelible log end'");
    Files.move(away, key);
    new AuditLog(shard.path()).end("moved", "ops");
    Files.move(key, away);
    fleet.close("a");
    assertThat(fleet.shard("a").isOpen()).isFalse();
  }

  @Test
  void closedShardStaysClosed() throws Exception {
    fleet.record("a", 1);
    fleet.close("a");
    assertThat(fleet.shard("a").isOpen()).isFalse();
    assertThat(fleet.shard("a").closing().orElseThrow().last().size()).isEqualTo(4);
    assertThat(fleet.admit()).extracting(Result::shard).containsExactly("b");
    assertThatThrownBy(() -> fleet.close("a")).isInstanceOf(ShardException.class);
    assertThatThrownBy(() -> fleet.open("a")).isInstanceOf(ShardException.class);

    try (FleetWriter writer = FleetWriter.open(fleet.fleet)) {
      assertThatThrownBy(() -> writer.openShard("c", Optional.of("b"), Optional.empty()))
          .hasMessageContaining("not a closed shard");
      writer.openShard("c", Optional.of("a"), Optional.empty());
    }
    assertThat(fleet.shard("c").opening().predecessor()).contains("a");
    assertIntact(fleet.fleet.data());
  }

  @Test
  void existingLogBecomesAShardWithItsOwnOrigin() throws Exception {
    DataDirectory log = fleet.data("old");
    TestFleet.record(log, 3);
    log.rotateKey();
    fleet.open("old");
    fleet.record("old", 1);
    fleet.admitAll();
    assertThat(fleet.shard("old").opening().origin()).startsWith("indelible/");
    assertThat(fleet.shard("old").opening().firstSize()).isEqualTo(5);
    assertThat(fleet.admitted("old")).isEqualTo(6);
  }

  /** A crash after the log of a shard was begun, and before it was opened. */
  @Test
  void interruptedOpeningIsCompleted() throws Exception {
    DataDirectory log = fleet.data("c");
    SigningKey key = log.prepareKey();
    KeyRing keys = Fleet.ring(key.verificationKey());
    VerifierKey named =
        new VerifierKey(
            TestFleet.ORIGIN + "/shard/c", SignatureType.ED25519, key.verificationKey());
    try (FleetEvents events = log.fleetEvents(new DataDirectory.SigningKeys(key, keys))) {
      events.beginShard(new ShardOpening("c", named, 0, Optional.empty()));
    }
    fleet.open("c");
    assertThat(fleet.shard("c").opening().origin()).isEqualTo(TestFleet.ORIGIN + "/shard/c");
    assertThat(fleet.admitted("c")).isEqualTo(1);
    assertIntact(fleet.fleet.data());
  }

  @Test
  void twoAdmittersAdmitEachCheckpointOnce() throws Exception {
    fleet.record("a", 1);
    try (FleetWriter one = FleetWriter.open(fleet.fleet);
        FleetWriter other = FleetWriter.open(fleet.fleet)) {
      assertThat(one.admit()).extracting(Result::admitted).containsExactly(true, false);
      assertThat(other.admit()).extracting(Result::admitted).containsExactly(false, false);
      other.openShard("c", Optional.empty(), Optional.empty());
      assertThat(one.admit()).hasSize(3).noneMatch(result -> result.refusal().isPresent());
    }
    assertThat(rows(SystemEvent.SHARD_CHECKPOINT)).hasSize(4);
    assertIntact(fleet.fleet.data());
  }

  @Test
  void plantedRowsDoNotCount() throws Exception {
    fleet.record("a", 1);
    fleet.admitAll();
    long admitted = fleet.admitted("a");
    TestFleet.sql(
        fleet.fleet.data(),
        "INSERT INTO signed_events (id, agent_id, event_type, payload_hash, signature, attest_level,"
            + " timestamp, prev_hash, sequence, key_id, payload)"
            + " SELECT '00000000-0000-7000-8000-000000000000', agent_id, event_type, payload_hash,"
            + " signature, attest_level, timestamp, prev_hash, sequence + 1, key_id,"
            + " replace(payload, '/shard/a\\n3', '/shard/a\\n9')"
            + " FROM signed_events ORDER BY sequence DESC LIMIT 1");
    assertThat(fleet.admitted("a")).isEqualTo(admitted);
    assertThat(fleet.admit()).noneMatch(result -> result.refusal().isPresent());
    assertThat(new AuditLog(fleet.fleet.data().path()).verify().verdict())
        .isEqualTo(Verdict.BROKEN);
  }

  @Test
  void staleShardIsReportedByHealth() throws Exception {
    TestFleet eager = new TestFleet(directory.resolve("eager"));
    FleetWriter.create(eager.fleet, Optional.empty(), Duration.ofSeconds(1)).close();
    eager.open("x");
    await()
        .untilAsserted(
            () ->
                assertThat(eager.fleet.states().get(0).problem())
                    .hasValueSatisfying(reason -> assertThat(reason).contains("are promised")));
    assertThat(HealthCheck.of(eager.fleet.data(), Optional.empty()).entry(HealthEntry.SHARDS))
        .isPresent();
    eager.admitAll();
    // The gap stays on record, as a note.
    VerificationReport report = new AuditLog(eager.fleet.data().path()).verify();
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(report.findings())
        .anyMatch(finding -> finding.message().contains("was not seen within the promised 1 s"));
  }

  @Test
  void ordinaryLogIsNoFleet() throws Exception {
    DataDirectory log = new DataDirectory(directory.resolve("log"));
    TestFleet.record(log, 1);
    Fleet none = new Fleet(log);
    assertThatThrownBy(() -> FleetWriter.open(none)).isInstanceOf(ShardException.class);
    assertThatThrownBy(none::states).isInstanceOf(ShardException.class);
    assertThatThrownBy(
            () -> FleetWriter.create(none, Optional.of("x.example"), TestFleet.FRESHNESS))
        .isInstanceOf(ShardException.class);
    assertIntact(log);
  }

  private List<ChainRow> rows(String type) throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    try (LedgerReader ledger = new AuditLog(fleet.fleet.data().path()).reader()) {
      ledger.forEachRow(RowQuery.ofType(type), rows::add);
    }
    return rows;
  }

  private static void assertIntact(DataDirectory data) throws Exception {
    VerificationReport report = new AuditLog(data.path()).verify();
    assertThat(report.verdict()).as(report.findings().toString()).isEqualTo(Verdict.INTACT);
  }
}
