// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.health.AuditHealth;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyRevocation;
import dev.indelible.queue.DrainReport;
import dev.indelible.sqlite.SqliteCosignatures;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Evidence outside a log (an anchor file and cosignatures), and the verifier's findings about it:
 * lost, stale, forged or valid. The class is long because it has a case for each attack on an
 * anchor.
 */
@Timeout(300)
class AnchoredLogTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path temporary;
  private Path data;
  private @Nullable Path anchor;

  @BeforeEach
  void createPaths() {
    data = temporary.resolve("data");
    anchor = temporary.resolve("elsewhere.anchor");
  }

  private Indelible open() throws Exception {
    IndelibleBuilder log =
        Indelible.builder(data)
            .policy(new StarterRules())
            .origin("log.example/audit")
            .withoutTallies();
    return (anchor == null ? log : log.anchor(anchor)).open();
  }

  private void record(int events) throws Exception {
    AuditHealth.State state;
    try (Indelible log = open()) {
      record(log, events);
      state = log.metrics().health().state();
    }
    if (anchor != null && state == AuditHealth.State.RECORDING && !isAnchored()) {
      awaitAnchored();
    }
  }

  private boolean isAnchored() throws Exception {
    return Files.exists(anchor)
        && Files.readString(anchor).contains("\n" + lastCheckpoint().size() + "\n");
  }

  /**
   * Waits until all rows are anchored. Closing allows one second for this, which may be too short
   * on a busy machine.
   */
  private void awaitAnchored() throws Exception {
    try (Indelible log = open()) {
      await()
          .atMost(PATIENCE)
          .until(
              () -> isAnchored() || log.metrics().health().state() != AuditHealth.State.RECORDING);
    }
  }

  private static void record(Indelible log, int events) {
    for (int i = 0; i < events; i++) {
      log.gate().check("agent:alice", new Bash("ls " + i));
    }
    assertThat(log.queue().drainPending(PATIENCE)).isTrue();
  }

  private KeyRing keys() throws Exception {
    return new DataDirectory(data).keys().accepted();
  }

  private VerificationReport verify(VerificationOptions options) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(new DataDirectory(data).database())) {
      return new Verifier(ledger, options).verify();
    }
  }

  private VerificationReport verifyAnchored() throws Exception {
    return verify(VerificationOptions.of(keys()).anchors(List.of(anchor)));
  }

  private static List<String> faults(VerificationReport report) {
    return report.findings().stream()
        .filter(finding -> finding.status() != Finding.Status.OK && finding.counts())
        .map(finding -> finding.check() + " " + finding.status())
        .distinct()
        .toList();
  }

  private static String message(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(check))
        .map(Finding::message)
        .findFirst()
        .orElseThrow();
  }

  private StoredCheckpoint lastCheckpoint() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(new DataDirectory(data).database())) {
      return ledger.lastCheckpoint().orElseThrow();
    }
  }

  private void sql(String... statements) throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + new DataDirectory(data).database());
        Statement statement = connection.createStatement()) {
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (!Files.isDirectory(target)) {
          Files.copy(file, target);
        }
      }
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The anchor file has each checkpoint as a signed note, in order, up to the last one. */
  @Test
  void openLogIsVerifiedAgainstItsAnchorFile() throws Exception {
    record(2);

    try (Indelible log = open()) {
      assertThat(log.log().verify().findings()).extracting(Finding::check).contains(Finding.ANCHOR);
      Files.delete(anchor);
      assertThat(log.log().verify().verdict()).isNotEqualTo(Verdict.INTACT);
    }
  }

  @Test
  void eachCheckpointIsAppended() throws Exception {
    try (Indelible log = open()) {
      record(log, 5);
      await().atMost(PATIENCE).until(() -> log.rowsNotAnchored().equals(OptionalLong.of(0)));
      record(log, 5);
      await().atMost(PATIENCE).until(() -> log.rowsNotAnchored().equals(OptionalLong.of(0)));
    }
    record(5);

    String all = Files.readString(anchor);
    String last = new String(lastCheckpoint().note(), StandardCharsets.UTF_8);
    assertThat(all).endsWith(last + "\n");
    List<Long> sizes = new ArrayList<>();
    for (String entry : all.split("\n\n(?=log)")) {
      SignedCheckpoint signed =
          SignedCheckpoint.parse((entry.strip() + "\n").getBytes(StandardCharsets.UTF_8));
      VerifierKey key =
          new VerifierKey(
              "log.example/audit", SignatureType.ED25519, keys().keys().iterator().next());
      sizes.add(signed.verify(key).size());
    }
    assertThat(sizes).isSorted().doesNotHaveDuplicates().contains(5L, 10L, 15L);
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).as(report.findings().toString()).isEqualTo(Verdict.INTACT);
    assertThat(message(report, "anchor")).endsWith("0 rows after the last");
  }

  /** The next process appends the checkpoint that a killed process did not append. */
  @Test
  void missingCheckpointIsAppendedByTheNextStart() throws Exception {
    record(5);
    try (Indelible log =
        Indelible.builder(data)
            .policy(new StarterRules())
            .origin("log.example/audit")
            .withoutTallies()
            .open()) {
      record(log, 5);
    }
    assertThat(Files.readString(anchor)).doesNotContain("\n10\n");
    record(1);
    assertThat(Files.readString(anchor)).contains("\n5\n", "\n10\n", "\n11\n");
  }

  /** The whole data directory, with keys and journal, is replaced with an old copy. */
  @Test
  void rolledBackLogIsReported() throws Exception {
    record(5);
    copy(data, temporary.resolve("backup"));
    record(5);
    delete(data);
    copy(temporary.resolve("backup"), data);

    // Without the anchor the rollback is not visible.
    assertThat(verify(VerificationOptions.of(keys())).verdict()).isEqualTo(Verdict.INTACT);
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(faults(report)).containsExactly("rollback BROKEN");
    assertThat(message(report, "rollback"))
        .contains("it signed a checkpoint over ", " rows, but has only 5 now");

    // The log reports the rollback as soon as it is opened with its anchor (promise D1). It
    // continues recording, but signs no second history.
    try (Indelible log = open()) {
      awaitReason(log, "the log was rolled back");
      assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.DEGRADED);
      record(log, 11);
    }
    assertThat(lastCheckpoint().size()).isEqualTo(5);
    report = verifyAnchored();
    assertThat(faults(report)).contains("fork BROKEN");
    assertThat(Files.readString(anchor)).doesNotContain("\n16\n");

    // A process without the anchor signs a checkpoint of the second history.
    try (Indelible log =
        Indelible.builder(data)
            .policy(new StarterRules())
            .origin("log.example/audit")
            .withoutTallies()
            .open()) {
      record(log, 1);
    }
    assertThat(lastCheckpoint().size()).isEqualTo(17);
    try (Indelible log = open()) {
      awaitReason(log, "the log was forked");
      record(log, 1);
    }
    assertThat(lastCheckpoint().size()).isEqualTo(17);
  }

  private static void awaitReason(Indelible log, String reason) {
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(log.metrics().health().reason()).contains(reason));
  }

  /**
   * Only the database is rolled back, and there is no anchor. The file last-checkpoint reveals the
   * rollback, unless somebody removes that file.
   */
  @Test
  void restoredDatabaseIsNotSigned() throws Exception {
    anchor = null;
    record(5);
    Path database = new DataDirectory(data).database();
    Path copy = Files.copy(database, temporary.resolve("copy.db"));
    record(5);
    Files.copy(copy, database, StandardCopyOption.REPLACE_EXISTING);

    try (Indelible log = open()) {
      record(log, 20);
      awaitReason(
          log, "its last checkpoint is over 5 rows, and one over 10 rows was signed. Restore");
    }
    assertThat(lastCheckpoint().size()).isEqualTo(5);
    record(1);
    assertThat(lastCheckpoint().size()).isEqualTo(5);

    Files.writeString(new DataDirectory(data).lastCheckpoint(), "rubbish");
    record(1);
    long signed = lastCheckpoint().size();
    assertThat(signed).as("size of the checkpoint after the file was removed").isGreaterThan(20);
    assertThat(Files.readString(new DataDirectory(data).lastCheckpoint()))
        .contains("\n" + signed + "\n");
  }

  /** A fail-over can lose the latest checkpoint, but not the rows under it. */
  @Test
  void lostCheckpointIsNoRollback() throws Exception {
    record(5);
    record(5);
    sql("DELETE FROM indelible_checkpoints WHERE size > 5");
    assertThat(lastCheckpoint().size()).isEqualTo(5);
    try (Indelible log = open()) {
      assertThat(log.health().entries()).isEmpty();
      record(log, 5);
    }
    assertThat(lastCheckpoint().size()).isEqualTo(15);
    assertThat(verify(VerificationOptions.of(keys()).anchors(List.of(anchor))).verdict())
        .isEqualTo(VerificationReport.Verdict.INTACT);
  }

  /** A holder of the key creates a new chain under the log's key and name. */
  @Test
  void rebuiltChainIsAFork() throws Exception {
    record(5);
    copy(data.resolve("keys"), temporary.resolve("keys"));
    delete(data);
    copy(temporary.resolve("keys"), data.resolve("keys"));
    Files.setPosixFilePermissions(
        data.resolve("keys"), PosixFilePermissions.fromString("rwx------"));
    Files.setPosixFilePermissions(
        data.resolve("keys").resolve("audit.pem"), PosixFilePermissions.fromString("rw-------"));
    try (Indelible log =
        Indelible.builder(data)
            .policy(new StarterRules())
            .origin("log.example/audit")
            .withoutTallies()
            .open()) {
      record(log, 9);
    }
    assertThat(verify(VerificationOptions.of(keys())).verdict()).isEqualTo(Verdict.INTACT);
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(faults(report)).contains("fork BROKEN");

    // Under another name, the key still reveals the fork, and the verdict is not intact.
    delete(data.resolve("journal"));
    Files.delete(new DataDirectory(data).database());
    Files.delete(new DataDirectory(data).lastCheckpoint());
    try (Indelible log =
        Indelible.builder(data)
            .policy(new StarterRules())
            .origin("other.example")
            .withoutTallies()
            .open()) {
      record(log, 9);
    }
    report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(report, "anchor")).contains("rebuilt under another name");
  }

  @Test
  void lostAnchorIsNotIntact() throws Exception {
    record(5);
    Files.delete(anchor);
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(report, "anchor")).contains("there is no such file");
    Files.createFile(anchor);
    report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(report, "anchor")).contains("no checkpoint that a known key");
  }

  /** An anchor without a verified signature does not make a log intact. */
  @Test
  void anchorWithoutAKnownKeyProvesNothing() throws Exception {
    record(5);
    Checkpoint real = SignedCheckpoint.parse(lastCheckpoint().note()).unverified();
    NoteSigner stranger = NoteSigner.of(real.origin(), SigningKey.generate());
    Files.writeString(anchor, SignedCheckpoint.sign(real, stranger) + "\n");
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(faults(report)).containsExactly("anchor UNKNOWN");
    // An unknown signature does not make the log broken either: anyone could have created it.
    Checkpoint lie = Checkpoint.of(real.origin(), 99, Hash.EMPTY_TREE);
    Files.writeString(anchor, SignedCheckpoint.sign(lie, stranger) + "\n");
    assertThat(faults(verifyAnchored())).containsExactly("anchor UNKNOWN");
  }

  /**
   * A holder of a revoked key can sign any checkpoint, so the checkpoint is no evidence and does
   * not stop the log. But a rebuilt chain may also revoke a key, so the verdict is not intact.
   */
  @Test
  void checkpointByARevokedKeyIsNoEvidence() throws Exception {
    record(5);
    SigningKey lost = new DataDirectory(data).keys().open();
    new DataDirectory(data).rotateKey();
    record(1);
    revokeKey(lost);
    record(1);
    assertThat(verifyAnchored().verdict()).isEqualTo(Verdict.INTACT);

    NoteSigner thief = NoteSigner.of("log.example/audit", lost);
    Checkpoint lie = Checkpoint.of("log.example/audit", 1_000_000, Hash.EMPTY_TREE);
    Files.writeString(anchor, SignedCheckpoint.sign(lie, thief) + "\n", StandardOpenOption.APPEND);
    VerificationReport report = verifyAnchored();
    assertThat(faults(report)).containsExactly("anchor UNKNOWN");
    assertThat(message(report, "anchor")).contains("1 of its checkpoints are signed by a key");

    long before = lastCheckpoint().size();
    record(3);
    assertThat(lastCheckpoint().size()).as("size of the next checkpoint").isGreaterThan(before);
    assertThat(Files.readString(anchor)).contains("\n" + lastCheckpoint().size() + "\n");
  }

  /**
   * An attacker who rolls a log back can add a checkpoint with another name, and remove the
   * checkpoint that the verifier reads last. The finding is still a rollback.
   */
  @Test
  void rollbackIsFoundUnderAnotherOrigin() throws Exception {
    record(5);
    copy(data, temporary.resolve("backup"));
    record(5);
    delete(data);
    copy(temporary.resolve("backup"), data);
    String note = "evil\n5\n" + Hash.EMPTY_TREE.base64() + "\n\n— evil " + "A".repeat(92) + "\n";
    sql(
        "DELETE FROM indelible_checkpoints",
        "INSERT INTO indelible_checkpoints VALUES (5, '" + note + "')",
        "DROP TABLE signed_events_dlq");

    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(faults(report)).contains("rollback BROKEN", "storage BROKEN");
  }

  private void revokeKey(SigningKey lost) throws Exception {
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(new DataDirectory(data).database()), CheckpointFile.none(), keys())) {
      events.revoke(
          new DataDirectory(data).keys().open(),
          new KeyRevocation(
              lost.verificationKey().keyId(), OptionalLong.empty(), Optional.empty(), "lost"));
    }
  }

  /** An auditor's copy is older than the log's last checkpoint. */
  @Test
  void copyMayBeOlderThanTheAnchor() throws Exception {
    record(5);
    copy(data, temporary.resolve("copy"));
    record(5);
    data = temporary.resolve("copy");
    VerificationReport report =
        verify(VerificationOptions.of(keys()).anchors(List.of(anchor)).ofCopy());
    assertThat(faults(report)).containsExactly("anchor UNKNOWN");
    assertThat(message(report, "anchor")).contains("the copy is older, or was rolled back");
  }

  /**
   * Anchors are evaluated together. Neither an anchor file that a second one continues, nor a
   * single kept checkpoint, is stale.
   */
  @Test
  void partsOfAnAnchorAreCheckedTogether() throws Exception {
    record(5);
    record(5);
    Path first = Files.move(anchor, temporary.resolve("first"));
    Path kept = Files.write(temporary.resolve("kept"), lastCheckpoint().note());
    record(5);
    sql("UPDATE signed_events SET timestamp = '2020' || substr(timestamp, 5) WHERE sequence = 11");
    VerificationOptions options = VerificationOptions.of(keys());
    for (List<Path> anchors : List.of(List.of(first, anchor), List.of(kept))) {
      assertThat(verify(options.anchors(anchors)).findings())
          .noneMatch(finding -> finding.message().contains("stale"));
    }
    assertThat(verify(options.anchors(List.of(first))).findings())
        .anyMatch(finding -> finding.message().contains("stale"));
    // An attacker who truncates the file can also remove one more byte.
    byte[] cut = Files.readAllBytes(first);
    Files.write(first, Arrays.copyOf(cut, cut.length - 1));
    assertThat(verify(options.anchors(List.of(first))).findings())
        .anyMatch(finding -> finding.message().contains("stale"));
  }

  /** The use of a revoked key is reported once. */
  @Test
  void checkpointByARevokedKeyIsNotAnchored() throws Exception {
    record(5);
    SigningKey lost = new DataDirectory(data).keys().open();
    new DataDirectory(data).rotateKey();
    revokeKey(lost);
    String note;
    try (SqliteLedger ledger = SqliteLedger.open(new DataDirectory(data).database())) {
      Checkpoint next =
          Checkpoint.of("log.example/audit", 7, TiledNodes.tree(new StoredTiles(ledger), 7).root());
      note = SignedCheckpoint.sign(next, NoteSigner.of("log.example/audit", lost)).toString();
    }
    sql("REPLACE INTO indelible_checkpoints VALUES (7, '" + note + "')");
    try (Indelible log = open()) {
      await()
          .atMost(PATIENCE)
          .until(
              () ->
                  log.anchoring()
                      .flatMap(anchoring -> anchoring.state().trouble())
                      .orElse("")
                      .contains("over 7 rows is not appended"));
      long size = Files.size(anchor);
      Thread.sleep(2_500);
      assertThat(Files.size(anchor)).isEqualTo(size);
    }
  }

  /** A forged signature of a known key is broken. */
  @Test
  void forgedAnchorIsBroken() throws Exception {
    record(5);
    String right = new String(lastCheckpoint().note(), StandardCharsets.UTF_8);
    Files.writeString(anchor, right.replace("\n5\n", "\n4\n") + "\n");
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(faults(report)).contains("anchor BROKEN");
    assertThat(message(report, "anchor")).contains("is forged");
  }

  @Test
  void unreadableAnchorEntryIsReported() throws Exception {
    record(5);
    Files.writeString(anchor, "garbage\n\n", StandardOpenOption.APPEND);
    VerificationReport report = verifyAnchored();
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(report, "anchor")).contains("1 cannot be read");
  }

  /** An anchor is stale if it ends much earlier than the log. */
  @Test
  void staleAnchorIsReported() throws Exception {
    record(5);
    Path early = Files.copy(anchor, temporary.resolve("early"));
    record(5);
    Files.copy(early, anchor, StandardCopyOption.REPLACE_EXISTING);
    // A log that ran recently may be ahead of its anchor.
    assertThat(verifyAnchored().verdict()).isEqualTo(Verdict.INTACT);
    sql("UPDATE signed_events SET timestamp = '2020' || substr(timestamp, 5) WHERE sequence = 6");
    assertThat(
            verifyAnchored().findings().stream()
                .filter(finding -> finding.check().equals("anchor"))
                .map(Finding::message))
        .anyMatch(said -> said.contains("it is stale"));
  }

  /** Foreign content in the file does not prevent later entries. */
  @Test
  void forgedEntriesDoNotPreventLaterOnes() throws Exception {
    Checkpoint lie = Checkpoint.of("log.example/audit", 1_000_000, Hash.EMPTY_TREE);
    NoteSigner stranger = NoteSigner.of("log.example/audit", SigningKey.generate());
    Files.writeString(anchor, SignedCheckpoint.sign(lie, stranger) + "\nhalf an entry");
    record(5);
    assertThat(Files.readString(anchor)).contains("half an entry\n\nlog.example/audit\n5\n");
  }

  /** An unwritable anchor is reported, and nothing waits for it (D1). */
  @Test
  void failedAnchorDoesNotDelayRecording() throws Exception {
    anchor = Files.createDirectory(temporary.resolve("directory"));
    Indelible log = open();
    record(log, 5);
    await()
        .atMost(PATIENCE)
        .until(() -> log.anchoring().orElseThrow().state().trouble().isPresent());
    assertThat(log.metrics().health().state()).isEqualTo(AuditHealth.State.RECORDING);
    assertThat(log.rowsNotAnchored()).isEmpty();
    DrainReport report = log.closeAndFlush(Duration.ofSeconds(5));
    Chain.requireReconciled(report);
    Chain.readIntact(data);
  }

  private static final SigningKey WITNESS = SigningKey.generate();

  private WitnessPolicy policy(int quorum, VerifierKey... more) {
    List<VerifierKey> keys = new ArrayList<>(List.of(more));
    keys.add(witness(WITNESS, "w.example"));
    return WitnessPolicy.of(List.of(), keys, quorum);
  }

  private static VerifierKey witness(SigningKey key, String name) {
    return new VerifierKey(name, SignatureType.COSIGNATURE, key.verificationKey());
  }

  private void cosign(SigningKey key, Checkpoint what) throws Exception {
    VerifierKey named = witness(key, "w.example");
    new SqliteCosignatures(new DataDirectory(data).database())
        .keep(
            lastCheckpoint().size(),
            "w.example+%08x".formatted(named.id()),
            Cosignature.sign("w.example", key, what, 1_700_000_000).line().line());
  }

  @Test
  void cosignaturesAreVerifiedAndCounted() throws Exception {
    record(5);
    VerificationOptions options = VerificationOptions.of(keys()).witnesses(policy(1));
    VerificationReport none = verify(options);
    assertThat(none.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(faults(none)).containsExactly("witnesses UNKNOWN");

    cosign(WITNESS, SignedCheckpoint.parse(lastCheckpoint().note()).unverified());
    record(3);
    VerificationReport one = verify(options);
    assertThat(one.verdict()).as(one.findings().toString()).isEqualTo(Verdict.INTACT);
    assertThat(message(one, "witnesses"))
        .isEqualTo("a quorum cosigned the checkpoint over 5 rows; 3 rows are after it");

    VerifierKey other = witness(SigningKey.generate(), "other.example");
    VerificationReport two = verify(VerificationOptions.of(keys()).witnesses(policy(2, other)));
    assertThat(two.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(two, "witnesses")).contains("1 have a cosignature");
  }

  @Test
  void forgedCosignatureIsBroken() throws Exception {
    record(5);
    cosign(WITNESS, Checkpoint.of("log.example/audit", 5, Hash.EMPTY_TREE));
    VerificationReport report = verify(VerificationOptions.of(keys()).witnesses(policy(1)));
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(faults(report)).contains("witnesses BROKEN");
    // Without the witness's key, the cosignature proves nothing.
    assertThat(verify(VerificationOptions.of(keys())).verdict()).isEqualTo(Verdict.INTACT);
  }
}
