// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.AuditHealth.State;
import dev.indelible.queue.DrainReport;
import dev.indelible.queue.DrainSettings;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** External signers, for example a KMS or a token (promises D6 and D8). */
class SignerTest {
  private static final SigningKey KEY = SigningKey.generate();

  @TempDir Path temp;
  private DataDirectory data;

  @BeforeEach
  void createDataDirectory() {
    data = new DataDirectory(temp.resolve("data"));
  }

  @Test
  void noPrivateKeyIsOnDisk() throws Exception {
    record(new Foreign(), 2);

    try (Stream<Path> files = Files.list(data.path().resolve("keys"))) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder(
              KEY.verificationKey().keyId() + ".pub.pem", "elsewhere", "redaction.key");
    }
    requireIntact(KEY.verificationKey(), 2);
    assertThatThrownBy(() -> Indelible.open(data.path()))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("an external signer has the signing key");
  }

  /** A signer that throws is a transient fault (D6). */
  @Test
  void eventsWaitWhileTheSignerThrows() throws Exception {
    Foreign signer = new Foreign();
    signer.fault = Fault.THROWS;
    Indelible indelible =
        Indelible.builder(data.path()).policy(new StarterRules()).signer(signer).open();
    check(indelible, 5);
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> indelible.metrics().health().state() == State.DEGRADED);
    assertThat(indelible.metrics().health().reason()).contains("cannot sign now");
    assertThat(indelible.metrics().appended()).isZero();
    assertThat(indelible.queue().isOpen()).isTrue();

    signer.fault = Fault.NONE;
    close(indelible);
    requireIntact(KEY.verificationKey(), 5);
  }

  /** A wrong signature never reaches the chain, and counts against the restart budget (D8). */
  @Test
  void wrongSignatureIsAFailureAndAddsNoRow() throws Exception {
    Foreign signer = new Foreign();
    signer.fault = Fault.WRONG;
    Indelible indelible =
        Indelible.builder(data.path())
            .policy(new StarterRules())
            .signer(signer)
            .drain(DrainSettings.ofDefaults().withMaxRestarts(2))
            .open();
    check(indelible, 3);
    await()
        .atMost(Duration.ofMinutes(2))
        .until(() -> indelible.metrics().health().state() == State.SINK_FAILED);
    assertThat(indelible.metrics().health().reason()).contains("not a signature of this key");
    DrainReport report = indelible.closeAndFlush(Duration.ofMillis(100));
    assertThat(report.pending()).isEqualTo(3);

    // The events are not lost: the next start records them.
    record(new Foreign(), 1);
    requireIntact(KEY.verificationKey(), 4);
  }

  @Test
  void keyMigratesToAnExternalSigner() throws Exception {
    Indelible indelible = Indelible.open(data.path(), new StarterRules());
    check(indelible, 1);
    close(indelible);
    VerificationKey first = data.keys().open().verificationKey();
    assertThatThrownBy(() -> record(new Foreign(), 1))
        .hasMessageContaining("the directory has a signing key");

    new AuditLog(data.path()).migrateKey(new Foreign());
    record(new Foreign(), 1);

    assertThat(data.path().resolve("keys/audit.pem")).doesNotExist();
    requireIntact(first, 3);
    assertThatThrownBy(() -> Indelible.builder(data.path()).signer(SigningKey.generate()).open())
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("is not a key of this log");
    assertThatThrownBy(data::rotateKey)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("an external signer has the signing key");
  }

  @Test
  void externalSignerIntroducesTheNext() throws Exception {
    record(new Foreign(), 1);
    SigningKey next = SigningKey.generate();
    assertThatThrownBy(() -> record(next, 1)).hasMessageContaining("is not a key of this log");

    new AuditLog(data.path()).rotateSigner(new Foreign(), next);
    record(next, 1);

    requireIntact(KEY.verificationKey(), 3);
  }

  /**
   * Signs with a real token, SoftHSM, over PKCS#11. The JDK's own PKCS#11 provider has no Ed25519.
   */
  @Test
  void tokenSignsTheChain() throws Exception {
    Path module = Path.of("/usr/lib/softhsm/libsofthsm2.so");
    assumeTrue(
        Files.exists(module) && Files.exists(Path.of("/usr/bin/pkcs11-tool")),
        "skipped: no token; install Debian's packages softhsm2 and opensc");
    Token token = Token.make(temp, module);

    record(token, 3);

    requireIntact(token.verificationKey(), 3);
  }

  private void record(Signer signer, int decisions) throws OpenException {
    Indelible indelible =
        Indelible.builder(data.path()).policy(new StarterRules()).signer(signer).open();
    check(indelible, decisions);
    close(indelible);
  }

  /** Closes with a long limit: on a busy machine five seconds may be too short for a token. */
  private static void close(Indelible indelible) {
    assertThat(indelible.closeAndFlush(Duration.ofMinutes(2)).isComplete()).isTrue();
  }

  private static void check(Indelible indelible, int decisions) {
    for (int i = 0; i < decisions; i++) {
      indelible.gate().check("agent:a", new Bash("ls"));
    }
  }

  private void requireIntact(VerificationKey first, long rows) throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      VerificationReport report =
          new Verifier(ledger, VerificationOptions.rootedIn(KeyRing.of(List.of(first)))).verify();
      assertThat(report.verdict()).as(report::toString).isEqualTo(Verdict.INTACT);
      assertThat(report.rows() - ledger.size(SystemEvent.TALLY)).isEqualTo(rows);
    }
  }

  /** The behaviour of the signer. */
  private enum Fault {
    NONE,
    THROWS,
    WRONG
  }

  /** A signer outside the data directory. */
  private static final class Foreign implements Signer {
    /** Set by the test, read by the sealer's threads. */
    volatile Fault fault = Fault.NONE;

    @Override
    public VerificationKey verificationKey() {
      return KEY.verificationKey();
    }

    @Override
    public byte[] sign(byte[] message) {
      if (fault == Fault.THROWS) {
        throw new IllegalStateException("the key service is down");
      }
      byte[] signature = KEY.sign(message);
      signature[10] ^= (byte) (fault == Fault.WRONG ? 1 : 0);
      return signature;
    }
  }

  /** A key that never leaves a SoftHSM token, used through OpenSC's tool. */
  private record Token(Path home, Path module, VerificationKey verificationKey) implements Signer {
    static Token make(Path home, Path module) throws Exception {
      Path tokens = Files.createDirectory(home.resolve("tokens"));
      Files.writeString(home.resolve("softhsm2.conf"), "directories.tokendir = " + tokens + "\n");
      run(
          home,
          "softhsm2-util",
          "--init-token",
          "--free",
          "--label",
          "indelible",
          "--so-pin",
          "1234",
          "--pin",
          "1234");
      tool(home, module, "--keypairgen", "--key-type", "EC:edwards25519", "--id", "01");
      Path der = home.resolve("public");
      tool(
          home,
          module,
          "--read-object",
          "--type",
          "pubkey",
          "--id",
          "01",
          "--output-file",
          der.toString());
      String pem = Files.readString(der);
      return new Token(home, module, VerificationKey.fromPem(pem, "the token's key"));
    }

    @Override
    public synchronized byte[] sign(byte[] message) {
      try {
        Path in = home.resolve("message");
        Path out = home.resolve("signature");
        Files.write(in, message);
        tool(
            home,
            module,
            "--sign",
            "--mechanism",
            "EDDSA",
            "--id",
            "01",
            "--input-file",
            in.toString(),
            "--output-file",
            out.toString());
        return Files.readAllBytes(out);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static void tool(Path home, Path module, String... arguments) throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of("pkcs11-tool", "--module", module.toString(), "--token-label", "indelible"));
      command.addAll(List.of("--login", "--pin", "1234"));
      command.addAll(List.of(arguments));
      run(home, command.toArray(String[]::new));
    }

    private static void run(Path home, String... command) throws IOException {
      ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
      builder.environment().put("SOFTHSM2_CONF", home.resolve("softhsm2.conf").toString());
      Process process = builder.start();
      String said =
          new String(
              process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
      try {
        if (process.waitFor() != 0) {
          throw new IOException(String.join(" ", command) + ": " + said);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }
  }
}
