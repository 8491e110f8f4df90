// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.append.BatchAppend;
import dev.indelible.append.ChainEnd;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.Checkpoints;
import dev.indelible.append.HeadGuard;
import dev.indelible.append.KeyEvents;
import dev.indelible.append.RowSealer;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.KeyRevocation;
import dev.indelible.note.KeyRotation;
import dev.indelible.note.LogEnd;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectMapper;

/** Verification with only the first key: the chain records every change of keys. */
class KeyHistoryTest {
  private static final SigningKey FIRST = TestLog.KEY;
  private static final SigningKey SECOND = SigningKey.generate();
  private static final SigningKey THIRD = SigningKey.generate();

  @TempDir Path directory;
  private TestLog log;

  @BeforeEach
  void recordTwoRows() throws Exception {
    log = TestLog.in(directory);
    append(FIRST, 2);
  }

  @Test
  void rowsOfEveryKeyVerifyFromTheFirstKey() throws Exception {
    rotateKey(FIRST, SECOND);
    append(SECOND, 2);
    // A process that started before the rotation still signs with the first key.
    append(FIRST, 1);
    rotateKey(SECOND, THIRD);
    append(THIRD, 2);

    VerificationReport report = verifyFrom(FIRST);
    assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
    assertThat(message(report, "keys"))
        .contains(
            id(FIRST) + " the first",
            id(SECOND) + " introduced by row 3",
            id(THIRD) + " introduced by row 7");
    assertThat(message(report, "checkpoints")).contains(", each continuing the one before");
    // Starting from the second key, rows of the first key cannot be verified.
    assertThat(verifyFrom(SECOND).verdict()).isEqualTo(Verdict.UNKNOWN);
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      assertThat(
              new Verifier(ledger, VerificationOptions.rootedIn(ring(FIRST)).since(8))
                  .verify()
                  .verdict())
          .isEqualTo(Verdict.INTACT);
    }
  }

  /**
   * The signature of the new key covers the bytes that docs/verification.md states, as the JDK's
   * Ed25519 confirms.
   */
  @Test
  void rotationIsSignedByBothKeys() throws Exception {
    rotateKey(FIRST, SECOND);

    ChainRow row = lastRow();
    assertThat(row.keyId()).contains(id(FIRST));
    JsonNode details = new ObjectMapper().readTree(row.payload().orElseThrow()).path("details");
    String message =
        "indelible/key-rotation/v1\n{\"ledger_id\":\"%s\",\"new_key\":\"%s\",\"old_key\":\"%s\",\"timestamp\":\"%s\"}"
            .formatted(
                Sql.text(log.file, "SELECT id FROM indelible_ledger"),
                base64(SECOND),
                base64(FIRST),
                row.timestamp());
    byte[] prefix = HexFormat.of().parseHex("302a300506032b6570032100");
    byte[] spki = new byte[44];
    System.arraycopy(prefix, 0, spki, 0, 12);
    System.arraycopy(SECOND.verificationKey().raw(), 0, spki, 12, 32);
    Signature ed25519 = Signature.getInstance("Ed25519");
    ed25519.initVerify(
        KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(spki)));
    ed25519.update(message.getBytes(StandardCharsets.UTF_8));
    assertThat(ed25519.verify(Base64.getDecoder().decode(details.path("new_signature").asString())))
        .isTrue();
  }

  /** If the first key is given, a key that is only in the data directory is not trusted. */
  @Test
  void keyWithoutARotationIsNotTrusted() throws Exception {
    append(THIRD, 1);

    VerificationReport report = verifyFrom(FIRST);
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.findings())
        .anyMatch(
            finding ->
                finding.check().equals("signature")
                    && finding.sequence().equals(OptionalLong.of(3))
                    && finding.message().contains("not known here"));
    // If no first key is given, the keys in the data directory are accepted, and the report states
    // this.
    report = verify(VerificationOptions.of(ring(FIRST, THIRD)));
    assertThat(report.verdict()).isEqualTo(Verdict.INTACT);
    assertThat(message(report, "keys"))
        .contains(id(FIRST) + " the first", id(THIRD) + " introduced by no row");
  }

  @Test
  void rotationNotSignedByTheNewKeyIsBroken() throws Exception {
    VerificationKey stolen = SECOND.verificationKey();
    Signer thief = signer(stolen, THIRD::sign);
    append(FIRST, KeyRotation.event(ledger(), FIRST.verificationKey(), thief));

    assertThat(broken(verifyFrom(FIRST), "keys")).containsExactly(3L);
  }

  @Test
  void rotationOfAnotherLogIsNotTrusted() throws Exception {
    append(FIRST, KeyRotation.event(UUID.randomUUID(), FIRST.verificationKey(), SECOND));
    append(FIRST, KeyRotation.event(ledger(), THIRD.verificationKey(), SECOND));
    append(THIRD, KeyRotation.event(ledger(), THIRD.verificationKey(), SECOND));
    append(SECOND, 1);

    VerificationReport report = verifyFrom(FIRST);
    assertThat(broken(report, "keys")).containsExactly(3L, 4L);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("signature"))
        .extracting(finding -> finding.sequence().orElseThrow())
        .containsExactly(5L, 6L);
  }

  @Test
  void rowSignedBeforeItsKeysRotationIsBroken() throws Exception {
    append(SECOND, 1);
    rotateKey(FIRST, SECOND);

    assertThat(broken(verifyFrom(FIRST), "keys")).containsExactly(3L);
  }

  @Test
  void rowSignedByARevokedKeyIsBroken() throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.empty());
    assertThat(verifyFrom(FIRST).verdict()).isEqualTo(Verdict.INTACT);
    assertThat(message(verifyFrom(FIRST), "keys"))
        .contains(id(FIRST) + " the first, revoked by row 4");

    append(FIRST, 2);

    for (VerificationReport report :
        List.of(verifyFrom(FIRST), verify(VerificationOptions.of(ring(FIRST, SECOND))))) {
      assertThat(broken(report, "keys")).containsExactly(5L, 6L);
      assertThat(report.findings())
          .as("the checkpoint of the revoked key is broken")
          .anyMatch(
              finding ->
                  finding.check().equals("checkpoints") && finding.status() == Status.BROKEN);
    }
  }

  /**
   * The index omits the row that revokes a key, although its definition claims that it is complete.
   */
  @Test
  void keyEventHiddenFromTheIndexIsReported() throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.of(2));
    Sql.run(
        log.file,
        "DROP INDEX signed_events_type",
        "CREATE INDEX signed_events_type ON signed_events (event_type)"
            + " WHERE event_type <> 'key.compromised'",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX signed_events_type ON signed_events"
            + " (event_type)' WHERE name = 'signed_events_type'");
    assertThat(
            Sql.number(
                log.file,
                "SELECT count(*) FROM signed_events WHERE event_type = 'key.compromised'"))
        .as("revocation hidden from the index")
        .isZero();

    VerificationReport report = verifyFrom(FIRST);
    assertThat(broken(report, "keys")).containsExactly(4L);
    assertThat(message(report, "keys")).contains("the index was changed");
  }

  /**
   * A running process finds the event that revokes its key, even if the chain was rolled back and
   * extended at the same time. The event may be before or after the last row that the process saw.
   * A row that is missing or exchanged is noted; a row of a key that a rotation introduces is not.
   */
  @ParameterizedTest
  @ValueSource(longs = {3, 5, 100})
  void revokedKeySignsNothingInARunningProcess(long seen) throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.empty());
    append(SECOND, 1);
    HeadGuard guard = new HeadGuard(new RowCheck(ring(FIRST)));
    guard.committed(new Head(seen, new byte[32]));
    AuditCounters counters = new AuditCounters();
    try (SqliteWriter writer = SqliteWriter.open(log.file)) {
      List<AuditEvent> events = List.copyOf(TestLog.refusals("agent:a", 1));
      assertThatThrownBy(() -> append(writer, FIRST, guard, counters, events))
          .isInstanceOf(SigningException.class)
          .hasMessageContaining("is revoked by row 4");
      append(writer, SECOND, guard, counters, events);
    }
    assertThat(log.ids())
        .as("5 rows, the note of the row that is missing, and the event")
        .hasSize(7);
  }

  @Test
  void revokedKeyDoesNotEndTheLog() throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.empty());
    int before = log.ids().size();
    try (SqliteWriter writer = SqliteWriter.open(log.file)) {
      Head end = writer.lastRow().orElseThrow().head();
      writer.inTransaction(
          () -> {
            writer.insert(
                List.of(new RowSealer(FIRST).seal(end, new LogEnd("moved", "x").toEvent())));
            return Optional.of(true);
          });
      append(
          writer,
          SECOND,
          new HeadGuard(new RowCheck(ring(FIRST))),
          new AuditCounters(),
          List.copyOf(TestLog.refusals("agent:a", 1)));
    }
    assertThat(log.ids()).hasSizeGreaterThanOrEqualTo(before + 2);
  }

  /** Rows after the theft and before the revocation may be genuine or forged. */
  @Test
  void rowsSinceTheTheftAreUnknown() throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.of(2));

    VerificationReport report = verifyFrom(FIRST);
    assertThat(report.verdict()).isEqualTo(Verdict.UNKNOWN);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("keys"))
        .singleElement()
        .returns(Status.UNKNOWN, Finding::status)
        .returns(OptionalLong.of(2), Finding::sequence)
        .extracting(Finding::message)
        .asString()
        .startsWith("2 rows from row 2 on are signed by key " + id(FIRST));
  }

  /** A thief with a revoked key can neither revoke nor introduce a key. */
  @Test
  void revokedKeyChangesNoOtherKey() throws Exception {
    rotateKey(FIRST, SECOND);
    revokeKey(SECOND, FIRST, OptionalLong.empty());
    append(
        FIRST, new KeyRevocation(id(SECOND), OptionalLong.of(1), Optional.empty(), "x").toEvent());
    append(FIRST, KeyRotation.event(ledger(), FIRST.verificationKey(), THIRD));
    append(SECOND, 1);
    append(THIRD, 1);

    VerificationReport report = verifyFrom(FIRST);
    assertThat(broken(report, "keys")).containsExactly(5L, 6L);
    assertThat(report.findings())
        .filteredOn(finding -> finding.check().equals("signature"))
        .extracting(finding -> finding.sequence().orElseThrow())
        .containsExactly(8L);
  }

  @Test
  void revocationSinceAMissingRowIsRefused() {
    assertThatThrownBy(() -> revokeKey(SECOND, FIRST, OptionalLong.of(3)))
        .isInstanceOf(LedgerException.class)
        .hasMessageContaining("there is no row 3; the chain ends with row 2");
  }

  private void append(SigningKey key, int events) throws Exception {
    append(key, TestLog.refusals("agent:a", events).toArray(AuditEvent[]::new));
  }

  /** Appends like a process that signs with this key and ignores key events. */
  private void append(SigningKey key, AuditEvent... events) throws Exception {
    AuditCounters counters = new AuditCounters();
    HeadGuard guard = new HeadGuard(new RowCheck(ring(FIRST, SECOND, THIRD)));
    if (SqliteLedger.identify(log.file).isPresent()) {
      try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
        guard.committed(ledger.lastRow().orElseThrow().head());
      }
    }
    try (SqliteWriter writer = SqliteWriter.open(log.file)) {
      append(writer, key, guard, counters, List.of(events));
      new Checkpoints(
              Checkpoints.Settings.of(key).withInterval(Duration.ofHours(1)), guard, counters)
          .signIfNew(new ChainEnd(writer, guard));
    }
  }

  private static void append(
      SqliteWriter writer,
      SigningKey key,
      HeadGuard guard,
      AuditCounters counters,
      List<AuditEvent> events)
      throws Exception {
    BatchAppend append = new BatchAppend(new ChainEnd(writer, guard), new RowSealer(key), counters);
    writer.inTransaction(
        () -> {
          append.run(events, List.of());
          return Optional.of(append.head());
        });
    guard.committed(append.head());
  }

  private void rotateKey(SigningKey old, SigningKey next) throws Exception {
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(log.file), CheckpointFile.none(), ring(FIRST, SECOND, THIRD))) {
      events.rotate(old, next);
    }
  }

  private void revokeKey(SigningKey signer, SigningKey lost, OptionalLong since) throws Exception {
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(log.file), CheckpointFile.none(), ring(FIRST, SECOND, THIRD))) {
      events.revoke(signer, new KeyRevocation(id(lost), since, Optional.empty(), "a lost disk"));
    }
  }

  private VerificationReport verifyFrom(SigningKey first) throws Exception {
    return verify(VerificationOptions.rootedIn(ring(first)));
  }

  private VerificationReport verify(VerificationOptions options) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      return new Verifier(ledger, options).verify();
    }
  }

  private UUID ledger() throws Exception {
    return SqliteLedger.identify(log.file).orElseThrow();
  }

  private ChainRow lastRow() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(log.file)) {
      ChainRow last = ledger.lastRow().orElseThrow();
      assertThat(last.eventType()).isEqualTo(SystemEvent.KEY_ROTATED);
      return last;
    }
  }

  private static String message(VerificationReport report, String check) {
    return report.findings().stream()
        .filter(finding -> finding.check().equals(check))
        .map(Finding::message)
        .findFirst()
        .orElseThrow();
  }

  private static List<Long> broken(VerificationReport report, String check) {
    assertThat(report.verdict()).isEqualTo(Verdict.BROKEN);
    return report.findings().stream()
        .filter(f -> f.check().equals(check) && f.status() == Status.BROKEN)
        .map(finding -> finding.sequence().orElseThrow())
        .toList();
  }

  private static Signer signer(
      VerificationKey key, java.util.function.UnaryOperator<byte[]> signing) {
    return new Signer() {
      @Override
      public VerificationKey verificationKey() {
        return key;
      }

      @Override
      public byte[] sign(byte[] message) {
        return signing.apply(message);
      }
    };
  }

  private static KeyRing ring(SigningKey... keys) {
    return KeyRing.of(java.util.Arrays.stream(keys).map(SigningKey::verificationKey).toList());
  }

  private static String id(SigningKey key) {
    return key.verificationKey().keyId();
  }

  private static String base64(SigningKey key) {
    return Base64.getEncoder().encodeToString(key.verificationKey().raw());
  }
}
