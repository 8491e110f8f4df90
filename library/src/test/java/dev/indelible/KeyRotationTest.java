// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.Bash;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyDirectory.KeyRecord;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyRevocation;
import dev.indelible.queue.DrainReport;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** After a rotation of the signing key, interrupted at any step, the log records and verifies. */
class KeyRotationTest {
  @TempDir Path temp;
  private DataDirectory data;
  private VerificationKey first;

  @BeforeEach
  void recordOneRow() throws Exception {
    data = new DataDirectory(temp.resolve("data"));
    record(1);
    first = data.keys().open().verificationKey();
  }

  @Test
  void newKeyVerifiesFromTheFirstKey() throws Exception {
    Rotation rotation = data.rotateKey();
    assertThat(rotation.from()).isEqualTo(first);
    assertThat(rotation.resumed()).isFalse();
    record(1);

    assertThat(data.keys().open().verificationKey()).isEqualTo(rotation.to());
    assertThat(data.keys().accepted().keys()).containsExactlyInAnyOrder(first, rotation.to());
    assertThat(signers()).containsExactly(first.keyId(), first.keyId(), rotation.to().keyId());
    requireIntact();
  }

  /** A running process may sign with its old key until it is restarted. */
  @Test
  void rotationKeepsAnOpenLogIntact() throws Exception {
    Indelible open = Indelible.open(data.path(), new StarterRules());
    open.gate().check("agent:a", new Bash("ls"));
    VerificationKey second = data.rotateKey().to();
    record(1);
    open.gate().check("agent:a", new Bash("ls"));
    close(open);
    record(1);

    assertThat(signers()).contains(first.keyId(), second.keyId()).last().isEqualTo(second.keyId());
    requireIntact();
  }

  /**
   * A revoked key signs nothing more, even in a running process (promises D2, D6 and D11). The
   * events of that process wait, health states why, and the next process delivers them.
   */
  @Test
  void openLogWithRevokedKeySignsNothing() throws Exception {
    Indelible open = Indelible.open(data.path(), new StarterRules());
    open.gate().check("agent:before", new Bash("ls"));
    assertThat(open.queue().drainPending(Duration.ofMinutes(2))).isTrue();
    data.rotateKey();
    Signer second = data.keys().open();
    try (KeyEvents events =
        KeyEvents.of(
            SqliteWriter.open(data.database()), CheckpointFile.none(), data.keys().accepted())) {
      events.revoke(
          second,
          new KeyRevocation(first.keyId(), OptionalLong.empty(), Optional.empty(), "a lost disk"));
    }
    // An idle process reports the revocation when it tries to sign a checkpoint over rows of other
    // processes.
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> open.metrics().health().reason().startsWith("no checkpoint is signed any more"));
    open.gate().check("agent:behind", new Bash("ls"));
    await()
        .atMost(Duration.ofMinutes(2))
        .untilAsserted(
            () ->
                assertThat(open.metrics().health().reason())
                    .contains("indelible.db: ")
                    .contains("is revoked by row")
                    .contains("restart this process with the new key"));
    assertThat(open.queue().isOpen()).isTrue();
    DrainReport report = open.closeAndFlush(Duration.ofMillis(100));
    assertThat(report.pending()).isEqualTo(1);
    assertThat(agents()).contains("agent:before").doesNotContain("agent:behind");

    record(1);
    assertThat(agents()).containsOnlyOnce("agent:behind");
    assertThat(signers()).last().isEqualTo(second.verificationKey().keyId());
    requireIntact();
  }

  /** The process is killed before or after the rotation is recorded. */
  @ParameterizedTest
  @CsvSource({"before, false", "after, true"})
  void killedRotationIsCompletedByTheNext(String when, boolean introduced) throws Exception {
    ChildJvm child =
        ChildJvm.running(Killed.class)
            .with("-Xmx64m")
            .errorsTo(temp.resolve("errors"))
            .start(data.path(), when);
    assertThat(child.readLineOrEnd()).isNull();

    // The log keeps its old key.
    record(2);
    assertThat(signers()).containsOnly(first.keyId());
    requireIntact();
    Rotation rotation = data.rotateKey();
    assertThat(rotation.resumed()).isEqualTo(introduced);
    record(1);
    assertThat(signers()).last().isEqualTo(rotation.to().keyId());
    assertThat(types()).filteredOn(SystemEvent.KEY_ROTATED::equals).hasSize(1);
    requireIntact();
  }

  /**
   * The rotation is interrupted after the new public key is stored and before the new private key
   * is in place.
   */
  @Test
  void interruptedRotationIsCompletedByTheNext() throws Exception {
    assertThatThrownBy(() -> data.keys().rotate(failingAfter()))
        .isInstanceOf(IllegalStateException.class);
    SigningKey next =
        SigningKey.fromPem(Files.readString(data.path().resolve("keys/next.pem")), "next");
    VerificationKey half = next.verificationKey();
    Files.writeString(data.path().resolve("keys").resolve(half.keyId() + ".pub.pem"), half.toPem());
    record(1);
    requireIntact();

    assertThat(data.rotateKey()).isEqualTo(new Rotation(first, half, true));
    record(1);
    requireIntact();
  }

  /** After a disk error the old key still signs, and the chain has no record of the new key. */
  @Test
  void keyThatCannotBeStoredIsNotRecorded() throws Exception {
    Files.createDirectory(data.path().resolve("keys/next.pem"));
    assertThatThrownBy(data::rotateKey)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("next.pem: not a regular file");
    record(1);
    assertThat(types()).doesNotContain(SystemEvent.KEY_ROTATED);
    requireIntact();
  }

  @Test
  void concurrentRotationIsRefused() throws Exception {
    assertThatThrownBy(
            () ->
                data.keys()
                    .rotate(
                        new Chain() {
                          @Override
                          public void add(SigningKey current, Signer next) {
                            try {
                              data.rotateKey();
                            } catch (KeyException | LedgerException e) {
                              throw new IllegalStateException(e);
                            }
                          }
                        }))
        .hasMessageContaining("already being rotated");
    data.rotateKey();
    data.rotateKey();
    record(1);
    assertThat(types()).filteredOn(SystemEvent.KEY_ROTATED::equals).hasSize(2);
    requireIntact();
  }

  /** The rows of every key verify from the first key. */
  @ParameterizedTest
  @ValueSource(ints = {3})
  void manyRotationsVerifyFromTheFirstKey(int eras) throws Exception {
    for (int i = 0; i < eras; i++) {
      data.rotateKey();
      record(2);
    }
    assertThat(signers().stream().distinct()).hasSize(eras + 1);
    requireIntact();
  }

  private void record(int decisions) throws Exception {
    Indelible indelible = Indelible.open(data.path(), new StarterRules());
    for (int i = 0; i < decisions; i++) {
      indelible.gate().check("agent:a", new Bash("ls"));
    }
    close(indelible);
  }

  /** Closes with a long limit: on a busy machine five seconds may be too short for a commit. */
  private static void close(Indelible indelible) {
    assertThat(indelible.closeAndFlush(Duration.ofMinutes(2)).isComplete()).isTrue();
  }

  private void requireIntact() throws Exception {
    for (VerificationOptions options :
        List.of(
            VerificationOptions.rootedIn(KeyRing.of(List.of(first))),
            VerificationOptions.of(data.keys().accepted()))) {
      try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
        VerificationReport report = new Verifier(ledger, options).verify();
        assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
      }
    }
  }

  private List<String> signers() throws Exception {
    List<String> signers = new java.util.ArrayList<>();
    forEachRow(row -> signers.add(row.keyId().orElseThrow()));
    return signers;
  }

  private List<String> agents() throws Exception {
    List<String> agents = new java.util.ArrayList<>();
    forEachRow(row -> agents.add(row.agentId()));
    return agents;
  }

  private List<String> types() throws Exception {
    List<String> types = new java.util.ArrayList<>();
    forEachRow(row -> types.add(row.eventType()));
    return types;
  }

  private void forEachRow(java.util.function.Consumer<dev.indelible.ledger.ChainRow> look)
      throws LedgerException {
    try (LedgerReader ledger = SqliteLedger.open(data.database())) {
      ledger.forEachRow(
          dev.indelible.ledger.RowQuery.all(),
          row -> {
            look.accept(row);
            return true;
          });
    }
  }

  private Chain failingAfter() {
    return new Chain() {
      @Override
      public void add(SigningKey current, Signer next) throws LedgerException {
        put(data, current, next);
        throw new IllegalStateException("cut short");
      }
    };
  }

  private static void put(DataDirectory data, SigningKey current, Signer next)
      throws LedgerException {
    KeyRing keys = KeyRing.of(List.of(current.verificationKey()));
    try (KeyEvents events =
        KeyEvents.of(SqliteWriter.open(data.database()), CheckpointFile.none(), keys)) {
      events.rotate(current, next);
    }
  }

  /** A chain without earlier rotations. */
  private abstract static class Chain implements KeyRecord<LedgerException> {
    @Override
    public boolean contains(VerificationKey key) {
      return false;
    }
  }

  /** A child process that exits in the middle of a rotation. */
  static final class Killed {
    private Killed() {}

    public static void main(String[] args) throws Exception {
      DataDirectory data = new DataDirectory(Path.of(args[0]));
      data.keys()
          .rotate(
              new Chain() {
                @Override
                public void add(SigningKey current, Signer next) throws LedgerException {
                  if (args[1].equals("after")) {
                    put(data, current, next);
                  }
                  Runtime.getRuntime().halt(9);
                }
              });
    }
  }
}
