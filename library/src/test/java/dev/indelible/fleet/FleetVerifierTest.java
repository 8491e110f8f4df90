// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.AuditLog;
import dev.indelible.append.FleetEvents;
import dev.indelible.append.FleetEvents.Candidate;
import dev.indelible.append.RowSealer;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.SystemEvent;
import dev.indelible.fleet.FleetReport.ShardReport;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.Head;
import dev.indelible.note.ShardOpening;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whatever is changed in a fleet, its verification finds it. */
class FleetVerifierTest {
  @TempDir Path directory;

  private TestFleet fleet;

  @BeforeEach
  void create() throws Exception {
    fleet = TestFleet.of(directory.resolve("fleet"), "a", "b");
    fleet.record("a", 3);
    fleet.record("b", 5);
    fleet.admitAll();
  }

  @Test
  void soundFleetIsIntact() throws Exception {
    FleetReport report = verify();
    assertThat(report.verdict()).as(report.toString()).isEqualTo(Verdict.INTACT);
    assertThat(report.origin()).isEqualTo(TestFleet.ORIGIN);
    assertThat(report.shards()).extracting(ShardReport::name).containsExactly("a", "b");
    assertThat(report.shards()).extracting(ShardReport::admitted).containsExactly(5L, 7L);
    assertThat(report.rows()).isEqualTo(7 + 5 + 7);

    // Rows that are not admitted yet, and rotated keys, are no fault.
    fleet.data("a").rotateKey();
    fleet.record("a", 1);
    fleet.fleet.data().rotateKey();
    assertThat(verify().verdict()).isEqualTo(Verdict.INTACT);
    fleet.admitAll();
    fleet.close("b");
    assertThat(verify().verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void deletedShardIsFound() throws Exception {
    TestFleet.delete(fleet.data("a").path());
    assertBroken("a", "the shard is missing");
    assertThat(report(verify(), "b").verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void rolledBackShardIsFound() throws Exception {
    Path copy = directory.resolve("copy");
    TestFleet.copy(fleet.data("a").path(), copy);
    fleet.record("a", 2);
    fleet.admitAll();
    TestFleet.replace(fleet.data("a").path(), copy);
    assertBroken("a", "the log of logs: the log was rolled back");
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 9})
  void forkedShardIsFound(int rows) throws Exception {
    Path copy = directory.resolve("copy");
    TestFleet.copy(fleet.data("a").path(), copy);
    fleet.record("a", 2);
    fleet.admitAll();
    TestFleet.replace(fleet.data("a").path(), copy);
    fleet.record("a", rows);
    assertBroken("a", "the log of logs: the log was forked");
  }

  @Test
  void logOfAnotherKeyIsFound() throws Exception {
    TestFleet other = TestFleet.of(directory.resolve("other"), "a");
    other.record("a", 9);
    TestFleet.replace(fleet.data("a").path(), other.data("a").path());
    assertThat(report(verify(), "a").verdict()).isNotEqualTo(Verdict.INTACT);
    assertThat(messages(report(verify(), "a"))).contains("key");
  }

  @Test
  void swappedShardsAreFound() throws Exception {
    Path copy = directory.resolve("copy");
    TestFleet.copy(fleet.data("a").path(), copy);
    TestFleet.replace(fleet.data("a").path(), fleet.data("b").path());
    TestFleet.replace(fleet.data("b").path(), copy);
    FleetReport report = verify();
    assertThat(report(report, "a").verdict()).isNotEqualTo(Verdict.INTACT);
    assertThat(report(report, "b").verdict()).isNotEqualTo(Verdict.INTACT);
  }

  @Test
  void changedRowOfAShardIsFound() throws Exception {
    TestFleet.sql(
        fleet.data("a"), "UPDATE signed_events SET agent_id = 'agent:eve' WHERE sequence = 4");
    assertThat(report(verify(), "a").verdict()).isEqualTo(Verdict.BROKEN);
  }

  @Test
  void removedEntryOfTheLogOfLogsIsFound() throws Exception {
    fleet.record("a", 1);
    fleet.admitAll();
    TestFleet.sql(
        fleet.fleet.data(),
        "DELETE FROM signed_events WHERE sequence = (SELECT max(sequence) FROM signed_events)");
    assertThat(verify().log().verdict()).isEqualTo(Verdict.BROKEN);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE signed_events SET payload = replace(payload, '\\n5\\n', '\\n4\\n')"
            + " WHERE sequence = 6",
        "UPDATE signed_events SET event_type = 'audit.note' WHERE event_type = 'shard.opened'",
        "DELETE FROM signed_events WHERE sequence IN (2, 3)",
        "UPDATE signed_events SET payload = replace(payload, '3600', '9999') WHERE sequence = 1"
      })
  void forgedEntryOfTheLogOfLogsIsFound(String sql) throws Exception {
    TestFleet.sql(fleet.fleet.data(), sql);
    assertThat(verify().verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(verify().log().verdict()).isEqualTo(Verdict.BROKEN);
  }

  /** The holder of the fleet's key names a key that is not the shard's. */
  @Test
  void openingWithAnotherKeyIsFound() throws Exception {
    DataDirectory log = fleet.data("c");
    TestFleet.record(log, 2);
    ShardLog shard = new ShardLog("c", log);
    Candidate candidate = shard.candidate(shard.firstKey(), 0);
    VerifierKey wrong =
        new VerifierKey(
            candidate.key().name(), SignatureType.ED25519, SigningKey.generate().verificationKey());
    try (FleetEvents events = fleet.fleet.data().fleetEvents(fleet.fleet.data().signingKeys())) {
      events.open(new ShardOpening("c", wrong, 4, Optional.empty()), candidate);
    }
    FleetReport report = verify();
    assertThat(report(report, "c").verdict()).isNotEqualTo(Verdict.INTACT);
    assertThat(report.verdict()).isNotEqualTo(Verdict.INTACT);
  }

  @Test
  void closedShardThatGrewIsFound() throws Exception {
    fleet.close("b");
    DataDirectory shard = fleet.data("b");
    // Somebody with the key of the shard, and without this software.
    try (LedgerWriter writer = shard.openWriter()) {
      SystemEvent gap =
          SystemEvent.of(SystemEvent.GAP, new CanonicalWriter().beginObject().endObject());
      Head end = writer.lastRow().orElseThrow().head();
      writer.inTransaction(
          () -> {
            RowSealer sealer = new RowSealer(shard.signingKeys().signer());
            writer.insert(List.of(sealer.seal(end, gap)));
            return Optional.of(true);
          });
    }
    assertBroken("b", "the shard was closed with 8 rows, but has 9 now");
    assertBroken("b", "the log was ended by row 8, but 1 row was appended");
  }

  @Test
  void staleShardIsFound() throws Exception {
    TestFleet eager = new TestFleet(directory.resolve("eager"));
    FleetWriter.create(eager.fleet, Optional.empty(), Duration.ofSeconds(1)).close();
    eager.open("x");
    await()
        .untilAsserted(
            () -> {
              FleetReport report = verify(eager);
              assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
              assertThat(messages(report(report, "x"))).contains("are promised");
            });
    eager.admitAll();
  }

  /** An old copy of the log of logs does not know what the shards recorded since. */
  @Test
  void rolledBackLogOfLogsIsFoundAfterThePromisedTime() throws Exception {
    TestFleet eager = new TestFleet(directory.resolve("eager"));
    FleetWriter.create(eager.fleet, Optional.empty(), Duration.ofSeconds(1)).close();
    eager.open("x");
    Path copy = directory.resolve("copy");
    TestFleet.copy(eager.fleet.data().path(), copy);
    eager.record("x", 3);
    eager.admitAll();
    TestFleet old = new TestFleet(copy);
    TestFleet.replace(old.data("x").path(), eager.data("x").path());
    await()
        .untilAsserted(
            () -> {
              VerificationReport report = report(verify(old), "x");
              assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
              assertThat(messages(report)).contains("it is stale");
            });
  }

  @Test
  void logThatNoEventNamesIsFound() throws Exception {
    TestFleet.record(fleet.data("z"), 1);
    FleetReport report = verify();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(messages(report.log())).contains("no shard.opened event names this shard");
  }

  private FleetReport verify() throws Exception {
    return verify(fleet);
  }

  private static FleetReport verify(TestFleet fleet) throws Exception {
    AuditLog log = new AuditLog(fleet.fleet.data().path());
    return new FleetVerifier(log, fleet.fleet)
        .verify(VerificationOptions.of(KeyRing.of(List.of())));
  }

  private void assertBroken(String shard, String message) throws Exception {
    FleetReport report = verify();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(report(report, shard).verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(messages(report(report, shard))).contains(message);
  }

  private static VerificationReport report(FleetReport report, String shard) {
    return report.shards().stream()
        .filter(each -> each.name().equals(shard))
        .map(ShardReport::report)
        .findFirst()
        .orElseThrow();
  }

  private static String messages(VerificationReport report) {
    return report.findings().stream()
        .filter(Finding::isFault)
        .map(Finding::message)
        .toList()
        .toString();
  }
}
