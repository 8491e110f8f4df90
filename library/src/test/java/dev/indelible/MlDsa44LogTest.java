// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.HealthCheck;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowQuery;
import dev.indelible.proof.DisclosureException;
import dev.indelible.proof.DisclosureVerifier;
import dev.indelible.proof.ProvenRow;
import dev.indelible.publish.ExportedLog;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A log with an ML-DSA-44 key has two signatures on each checkpoint from the row on that adds the
 * key; the verifier finds a checkpoint on which one is missing or wrong. The class is long because
 * it has a case for each way in which a signature is wrong.
 */
@Timeout(300)
class MlDsa44LogTest {
  private static final String ORIGIN = "log.example/pq";
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  @TempDir Path temp;
  private DataDirectory data;

  @BeforeEach
  void name() {
    data = new DataDirectory(temp.resolve("data"));
  }

  private IndelibleBuilder builder() {
    return Indelible.builder(data.path()).policy(new StarterRules()).origin(ORIGIN);
  }

  private void record(IndelibleBuilder builder) throws Exception {
    try (Indelible log = builder.open()) {
      record(log);
    }
  }

  private static void record(Indelible log) {
    log.gate().check("agent:alice", new Bash("ls"));
    assertThat(log.queue().drainPending(PATIENCE)).isTrue();
  }

  private SignedCheckpoint stored() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      return SignedCheckpoint.parse(ledger.lastCheckpoint().orElseThrow().note());
    }
  }

  private MlDsa44Key key() throws Exception {
    return data.keys().openMlDsa44().verificationKey();
  }

  private VerifierKey named(MlDsa44Key key) {
    return new VerifierKey(ORIGIN, SignatureType.ML_DSA_44_COSIGNATURE, key);
  }

  private VerificationOptions options() throws Exception {
    return VerificationOptions.of(data.keys().accepted());
  }

  private VerificationReport verify(VerificationOptions options) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      return new Verifier(ledger, options).verify();
    }
  }

  private void assertIntact() throws Exception {
    VerificationReport report = verify(options());
    assertThat(report.verdict()).as(report.findings().toString()).isEqualTo(Verdict.INTACT);
  }

  private static String message(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(check))
        .map(Finding::message)
        .findFirst()
        .orElse("");
  }

  private void requireBoth(SignedCheckpoint signed) throws Exception {
    Set<VerifierKey> keys = new HashSet<>(VerifierKey.ofLog(ORIGIN, data.keys().accepted().keys()));
    keys.add(named(key()));
    assertThat(signed.note().verify(keys).keySet()).isEqualTo(keys);
    assertThat(signed.note().signatures()).hasSize(2);
  }

  /** Replaces the stored note of the last checkpoint. */
  private void store(SignedCheckpoint note) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + data.database());
        PreparedStatement update =
            connection.prepareStatement(
                "UPDATE indelible_checkpoints SET note = ? WHERE size = ?")) {
      update.setString(1, note.toString());
      update.setLong(2, note.unverified().size());
      assertThat(update.executeUpdate()).isEqualTo(1);
    }
  }

  private List<ChainRow> additions() throws Exception {
    List<ChainRow> rows = new ArrayList<>();
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      ledger.forEachRow(RowQuery.ofType(SystemEvent.KEY_ML_DSA_44_ADDED), rows::add);
    }
    return rows;
  }

  /** The first run adds the key, and later runs need no setting. */
  @Test
  void everyCheckpointHasBothSignatures() throws Exception {
    record(builder().mlDsa44());
    requireBoth(stored());
    assertThat(additions()).hasSize(1);
    record(builder());
    record(builder().mlDsa44());

    requireBoth(stored());
    assertThat(additions()).hasSize(1);
    requireBoth(SignedCheckpoint.parse(Files.readAllBytes(data.lastCheckpoint())));
    assertIntact();
    assertThat(HealthCheck.of(data, Optional.empty()).entries()).isEmpty();
  }

  @Test
  void logWithoutTheSettingHasOneSignature() throws Exception {
    record(builder());

    assertThat(stored().note().signatures()).hasSize(1);
    assertThat(data.keys().hasMlDsa44()).isFalse();
    assertThat(additions()).isEmpty();
  }

  /** The key is added by another process, for example a command. */
  @Test
  void runningLogUsesTheAddedKey() throws Exception {
    try (Indelible log = builder().open()) {
      record(log);
      assertThat(data.addMlDsa44().added()).isTrue();
      record(log);
      await()
          .atMost(PATIENCE)
          .ignoreExceptions()
          .untilAsserted(() -> assertThat(stored().unverified().size()).isEqualTo(rows()));
      requireBoth(stored());
      assertThat(data.addMlDsa44().added()).isFalse();
    }
    assertIntact();
  }

  private long rows() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      return ledger.lastRow().orElseThrow().sequence();
    }
  }

  @Test
  void checkpointsOfCommandsHaveBothSignatures() throws Exception {
    record(builder());
    data.addMlDsa44();
    assertThat(stored().note().signatures()).hasSize(2);
    data.rotateKey();

    SignedCheckpoint signed = stored();
    assertThat(signed.unverified().size()).isEqualTo(rows());
    signed.note().verify(List.of(named(key())));
    assertIntact();
  }

  /** A key that was stored before a crash, and is not in the chain yet, is added. */
  @Test
  void interruptedAdditionIsCompleted() throws Exception {
    record(builder());
    MlDsa44Key stored = data.keys().openOrCreateMlDsa44().verificationKey();
    record(builder());
    assertThat(stored().note().signatures()).hasSize(1);

    assertThat(data.addMlDsa44().key()).isEqualTo(stored);
    requireBoth(stored());
  }

  @Test
  void missingSecondSignatureIsFound() throws Exception {
    record(builder().mlDsa44());
    SignedCheckpoint signed = stored();
    store(signed.withOnly(signed.note().signatures().subList(0, 1)));

    VerificationReport report = verify(options());

    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(message(report, Finding.CHECKPOINTS))
        .contains("it has no signature of " + key())
        .contains("which row 1 requires");
  }

  @Test
  void missingFirstSignatureIsFound() throws Exception {
    record(builder().mlDsa44());
    SignedCheckpoint signed = stored();
    store(signed.withOnly(signed.note().signatures().subList(1, 2)));

    assertThat(verify(options()).verdict()).isNotEqualTo(Verdict.INTACT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"changed", "truncated", "too long", "other time", "ed25519", "other checkpoint"})
  void wrongSecondSignatureIsFound(String how) throws Exception {
    record(builder().mlDsa44());
    SignedCheckpoint signed = stored();
    NoteSignature first = signed.note().signatures().get(0);
    NoteSignature second = signed.note().signatures().get(1);
    byte[] bytes = second.signature();
    switch (how) {
      case "changed" -> bytes[1_000] ^= 1;
      case "truncated" -> bytes = Arrays.copyOf(bytes, bytes.length - 1);
      case "too long" -> bytes = Arrays.copyOf(bytes, bytes.length + 1);
      case "other time" -> bytes[7] ^= 1;
      case "ed25519" ->
          bytes =
              Cosignature.sign(ORIGIN, data.keys().read(), signed.unverified(), 1_700_000_000)
                  .line()
                  .signature();
      default -> {
        Checkpoint other = Checkpoint.of(ORIGIN, 99, signed.unverified().root());
        bytes =
            Cosignature.sign(ORIGIN, data.keys().openMlDsa44(), other, 1_700_000_000)
                .line()
                .signature();
      }
    }
    store(signed.withOnly(List.of(first, new NoteSignature(ORIGIN, second.keyId(), bytes))));

    VerificationReport report = verify(options());

    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(message(report, Finding.CHECKPOINTS)).contains("is not a valid signature");
  }

  /** The key of type 0x04 over the Ed25519 key of the log has another id, so it names no key. */
  @ParameterizedTest
  @ValueSource(strings = {"other key", "type 0x04"})
  void signatureOfAnotherKeyDoesNotCount(String how) throws Exception {
    record(builder().mlDsa44());
    SignedCheckpoint signed = stored();
    Checkpoint checkpoint = signed.unverified();
    NoteSignature other =
        how.equals("other key")
            ? Cosignature.sign(ORIGIN, MlDsa44SigningKey.generate(), checkpoint, 1_700_000_000)
                .line()
            : Cosignature.sign(ORIGIN, data.keys().read(), checkpoint, 1_700_000_000).line();
    store(signed.withOnly(List.of(signed.note().signatures().get(0), other)));

    VerificationReport report = verify(options());

    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(message(report, Finding.CHECKPOINTS)).contains("it has no signature of " + key());
  }

  /** A second signature line is only expected from the row on that adds the key. */
  @Test
  void secondSignatureBeforeTheRowIsFound() throws Exception {
    record(builder());
    SignedCheckpoint signed = stored();
    store(
        signed.with(
            Cosignature.sign(
                    ORIGIN, MlDsa44SigningKey.generate(), signed.unverified(), 1_700_000_000)
                .line()));

    assertThat(message(verify(options()), Finding.STORAGE)).contains("more signature lines");
  }

  @Test
  void givenKeyMustBeTheOneInTheChain() throws Exception {
    record(builder());
    VerificationOptions rooted = VerificationOptions.rootedIn(data.keys().accepted());
    MlDsa44Key other = MlDsa44SigningKey.generate().verificationKey();
    VerificationReport removed = verify(rooted.secondKeys(Set.of(other)));
    assertThat(removed.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(removed, Finding.KEYS)).contains("no row adds the given ML-DSA-44 key");

    data.addMlDsa44();
    assertThat(verify(rooted.secondKeys(Set.of(key()))).verdict()).isEqualTo(Verdict.INTACT);
    VerificationReport report = verify(rooted.secondKeys(Set.of(other)));
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(message(report, Finding.CHECKPOINTS)).contains("which was not given");
  }

  /** Events are recorded without checkpoints, and health states the reason. */
  @ParameterizedTest
  @ValueSource(strings = {"missing", "exposed", "other"})
  void unusableKeySignsNothing(String how) throws Exception {
    record(builder().mlDsa44());
    Path file = data.path().resolve("keys/ml-dsa-44.pem");
    String own = Files.readString(file);
    long signed = stored().unverified().size();
    String reason = "does not exist";
    switch (how) {
      case "missing" -> Files.delete(file);
      case "exposed" -> {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        reason = "others can reach this key";
      }
      default -> {
        Files.writeString(file, MlDsa44SigningKey.generate().toPem());
        reason = "row 1 names " + MlDsa44SigningKey.fromPem(own, "own").verificationKey();
      }
    }

    try (Indelible log = builder().open()) {
      record(log);
      String expected = reason;
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () ->
                  assertThat(log.metrics().health().entries())
                      .anyMatch(
                          entry ->
                              entry.source().equals(HealthEntry.CHECKPOINTS)
                                  && entry.reason().contains(expected)));
      assertThat(stored().unverified().size()).isEqualTo(signed);
    }
    assertThat(HealthCheck.of(data, Optional.empty()).entries())
        .anyMatch(entry -> entry.reason().contains("--lost --reason"));
    assertThatThrownBy(data::addMlDsa44)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("add-ml-dsa-44 --lost --reason TEXT");

    Files.writeString(file, own);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    record(builder());
    requireBoth(stored());
    assertIntact();
  }

  @Test
  void lostKeyIsReplacedOnRecord() throws Exception {
    record(builder().mlDsa44());
    MlDsa44Key first = key();
    assertThatThrownBy(() -> data.replaceLostMlDsa44("disk"))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("is not lost");
    Files.delete(data.path().resolve("keys/ml-dsa-44.pem"));

    MlDsa44Key second = data.replaceLostMlDsa44("the disk failed").key();
    record(builder());

    assertThat(second).isNotEqualTo(first).isEqualTo(key());
    requireBoth(stored());
    assertThat(additions()).hasSize(2);
    assertThat(new String(additions().get(1).payload().orElseThrow(), StandardCharsets.UTF_8))
        .contains("the disk failed");
    assertIntact();
    VerificationReport report =
        verify(VerificationOptions.rootedIn(data.keys().accepted()).secondKeys(Set.of(first)));
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
  }

  @Test
  void logWithoutAKeyHasNoneToReplace() throws Exception {
    record(builder());
    assertThatThrownBy(() -> data.replaceLostMlDsa44("none"))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("the log has no ML-DSA-44 key");
  }

  @Test
  void anchoredCheckpointWithoutItIsFound() throws Exception {
    Path anchor = temp.resolve("anchor");
    record(builder().mlDsa44().anchor(anchor));
    SignedCheckpoint signed = stored();
    assertThat(Files.readString(anchor)).contains(signed.note().signatures().get(1).line());
    VerificationOptions anchored = options().anchors(List.of(anchor));
    assertThat(verify(anchored).verdict()).isEqualTo(Verdict.INTACT);

    Files.writeString(anchor, signed.withOnly(signed.note().signatures().subList(0, 1)) + "\n");

    VerificationReport report = verify(anchored);
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    assertThat(message(report, Finding.ANCHOR)).contains("it has no signature of " + key());
  }

  @Test
  void receiptAndExportHaveBothSignatures() throws Exception {
    record(builder().mlDsa44());
    AuditLog log = new AuditLog(data.path());
    String id;
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      id = ledger.row(1).orElseThrow().id();
    }
    ProvenRow proven = log.prove(id);
    TlogProof receipt = proven.tlogProof(proven.record());
    requireBoth(receipt.checkpoint());
    Set<VerifierKey> both = new HashSet<>(VerifierKey.ofLog(ORIGIN, data.keys().accepted().keys()));
    both.add(named(key()));
    DisclosureVerifier verifier = new DisclosureVerifier(new TrustedKeys(both, Set.of()));
    assertThat(verifier.verify(receipt, proven.record()).signer())
        .isEqualTo(data.keys().read().verificationKey());

    Path export = temp.resolve("export");
    log.export(export, rows -> {});
    requireBoth(SignedCheckpoint.parse(Files.readAllBytes(export.resolve("checkpoint"))));
    assertThat(Files.readAllLines(export.resolve("vkeys")))
        .containsExactlyInAnyOrderElementsOf(both.stream().map(VerifierKey::vkey).toList());
    requireBoth(SignedCheckpoint.parse(log.exportedFile("checkpoint")));
  }

  @Test
  void receiptWithoutItIsNotProvenUnderBothKeys() throws Exception {
    record(builder());
    AuditLog log = new AuditLog(data.path());
    ProvenRow before;
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      before = log.prove(ledger.row(1).orElseThrow().id());
    }
    data.addMlDsa44();
    Set<VerifierKey> both = new HashSet<>(VerifierKey.ofLog(ORIGIN, data.keys().accepted().keys()));
    both.add(named(key()));
    TlogProof receipt = before.tlogProof(before.record());

    assertThatThrownBy(
            () ->
                new DisclosureVerifier(new TrustedKeys(both, Set.of()))
                    .verify(receipt, before.record()))
        .isInstanceOf(DisclosureException.class)
        .hasMessageContaining("no signature of the given ML-DSA-44 key");
    new DisclosureVerifier(new TrustedKeys(Set.of(), Set.copyOf(data.keys().accepted().keys())))
        .verify(receipt, before.record());
  }

  /** No receipt and no export is made from a checkpoint without a required signature. */
  @Test
  void nothingIsPublishedWithoutIt() throws Exception {
    record(builder().mlDsa44());
    SignedCheckpoint signed = stored();
    store(signed.withOnly(signed.note().signatures().subList(0, 1)));

    assertThatThrownBy(() -> new AuditLog(data.path()).export(temp.resolve("export"), rows -> {}))
        .hasMessageContaining("has no valid signature of " + key());
  }

  @Test
  void exportedCheckpointWithoutItIsFound() throws Exception {
    record(builder().mlDsa44());
    Path export = temp.resolve("export");
    new AuditLog(data.path()).export(export, rows -> {});
    VerificationOptions both = options().secondKeys(Set.of(key()));
    assertThat(verifyExport(export, both).verdict()).isEqualTo(Verdict.INTACT);
    assertThat(verifyExport(export, options()).verdict()).isEqualTo(Verdict.INTACT);
    assertThat(verifyExport(export, options()).findings())
        .anyMatch(finding -> finding.message().contains("give the key's vkey to check it"));
    MlDsa44Key other = MlDsa44SigningKey.generate().verificationKey();
    assertThat(verifyExport(export, options().secondKeys(Set.of(other))).verdict())
        .isEqualTo(Verdict.BROKEN);

    SignedCheckpoint signed = stored();
    Files.write(
        export.resolve("checkpoint"),
        signed.withOnly(signed.note().signatures().subList(0, 1)).bytes());

    for (VerificationOptions options : List.of(both, options())) {
      VerificationReport report = verifyExport(export, options);
      assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
      assertThat(message(report, Finding.CHECKPOINTS))
          .contains("it has no ML-DSA-44 signature of the log");
    }
  }

  private static VerificationReport verifyExport(Path export, VerificationOptions options)
      throws Exception {
    try (ExportedLog log = ExportedLog.open(export)) {
      return new Verifier(log, options).verify();
    }
  }

  /** The Python program is a separate implementation of both signature types. */
  @Test
  void otherImplementationVerifiesBoth() throws Exception {
    assumeTrue(
        succeeds("-c", "import cryptography.hazmat.primitives.asymmetric.mldsa"),
        "python3 has no package cryptography 48 or later");
    record(builder().mlDsa44());
    Path export = temp.resolve("export");
    new AuditLog(data.path()).export(export, rows -> {});
    String program = "src/test/python/verify_checkpoint.py";
    String vkeys = export.resolve("vkeys").toString();

    assertThat(succeeds(program, export.resolve("checkpoint").toString(), vkeys)).isTrue();
    assertThat(succeeds(program, data.lastCheckpoint().toString(), vkeys)).isTrue();
    Path cut = temp.resolve("cut");
    SignedCheckpoint signed = stored();
    Files.write(cut, signed.withOnly(signed.note().signatures().subList(0, 1)).bytes());
    assertThat(succeeds(program, cut.toString(), vkeys)).isFalse();
  }

  private static boolean succeeds(String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("python3"));
    command.addAll(List.of(arguments));
    Process process;
    try {
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException e) {
      return false;
    }
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return process.exitValue() == 0;
  }
}
