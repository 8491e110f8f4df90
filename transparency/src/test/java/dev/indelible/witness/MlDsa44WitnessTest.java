// SPDX-License-Identifier: Apache-2.0
package dev.indelible.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.MlDsa44SigningKey;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A witness that cosigns with ML-DSA-44, and logs whose checkpoints have an ML-DSA-44 signature.
 */
class MlDsa44WitnessTest {
  private static final String NAME = "witness.example/pq";

  @TempDir Path temporary;
  private WitnessDirectory directory;
  private VerifierKey key;
  private final TestedLog log = new TestedLog("log.example/audit", 1).grow("a", 9);

  @BeforeEach
  void init() throws Exception {
    directory = new WitnessDirectory(temporary.resolve("witness"));
    key = directory.init(NAME, SignatureType.ML_DSA_44_COSIGNATURE);
  }

  @Test
  void clientVerifiesTheCosignature() throws Exception {
    directory.trust(log.key());
    try (WitnessDirectory.Open open = directory.open();
        WitnessServer server =
            WitnessServer.start(open.witness(), new InetSocketAddress("127.0.0.1", 0))) {
      URI url = WitnessClient.url("http://127.0.0.1:" + server.address().getPort());
      SignedCheckpoint checkpoint =
          SignedCheckpoint.parse(log.checkpoint(9).getBytes(StandardCharsets.UTF_8));

      WitnessReply reply =
          new WitnessClient(WitnessClient.http(), key, url, 0, WitnessClient.PATIENCE)
              .ask(checkpoint, log.tree(9));

      assertThat(reply).isInstanceOf(WitnessReply.Cosigned.class);
      NoteSignature line = ((WitnessReply.Cosigned) reply).line();
      assertThat(key.verifies(checkpoint.note().text(), line)).isTrue();
      assertThat(line.signature()).hasSize(8 + 2_420);

      VerifierKey other =
          new VerifierKey(NAME, key.type(), MlDsa44SigningKey.generate().verificationKey());
      assertThat(
              new WitnessClient(WitnessClient.http(), other, url, 9, WitnessClient.PATIENCE)
                  .ask(checkpoint, log.tree(9)))
          .isInstanceOf(WitnessReply.Failed.class);
    }
  }

  @Test
  void keyAndTypeAreKept() throws Exception {
    assertThat(key.type()).isEqualTo(SignatureType.ML_DSA_44_COSIGNATURE);
    assertThat(directory.init(NAME, SignatureType.ML_DSA_44_COSIGNATURE)).isEqualTo(key);
    assertThat(directory.key()).isEqualTo(key);
    assertThatThrownBy(() -> directory.init(NAME, SignatureType.COSIGNATURE))
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("the witness " + NAME + " here has an ML-DSA-44 key");
    assertThat(directory.path().resolve("keys/audit.pem")).doesNotExist();
    assertThatThrownBy(() -> directory.trust(key))
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("is the key of a witness, not of a log");
  }

  @Test
  void otherKeyInTheDirectoryIsRefused() throws Exception {
    Files.delete(directory.path().resolve("keys/ml-dsa-44.pem"));
    assertThatThrownBy(directory::open).hasMessageContaining("ml-dsa-44.pem: does not exist");
    Files.writeString(
        directory.path().resolve("keys/ml-dsa-44.pem"), MlDsa44SigningKey.generate().toPem());
    Files.setPosixFilePermissions(
        directory.path().resolve("keys/ml-dsa-44.pem"),
        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------"));
    assertThatThrownBy(directory::open)
        .isInstanceOf(WitnessException.class)
        .hasMessageContaining("is not the public key of the private key");
  }

  /** The log's ML-DSA-44 signature is its own cosignature, under the log's origin. */
  @Test
  void logMayBeTrustedByItsMlDsa44Key() throws Exception {
    MlDsa44SigningKey second = MlDsa44SigningKey.generate();
    VerifierKey named =
        new VerifierKey(
            log.key().name(), SignatureType.ML_DSA_44_COSIGNATURE, second.verificationKey());
    assertThat(directory.trust(named)).isTrue();
    SignedCheckpoint signed =
        SignedCheckpoint.parse(log.checkpoint(9).getBytes(StandardCharsets.UTF_8));
    Checkpoint checkpoint = signed.unverified();
    try (WitnessDirectory.Open open = directory.open()) {
      assertThat(ask(open, signed)).isEqualTo(403);
      NoteSignature line =
          Cosignature.sign(log.key().name(), second, checkpoint, 1_700_000_000).line();
      byte[] changed = line.signature();
      changed[2_000] ^= 1;
      assertThat(ask(open, signed.with(new NoteSignature(line.name(), line.keyId(), changed))))
          .isEqualTo(403);
      assertThat(ask(open, signed.with(line))).isEqualTo(200);
      assertThat(ask(open, signed.withOnly(List.of(line)))).isEqualTo(409);
    }
  }

  /** The signed message states the length of a name in one byte. */
  @Test
  void overlongOriginIsNotCosigned() throws Exception {
    TestedLog overlong = new TestedLog("o".repeat(256), 2).grow("a", 3);
    directory.trust(overlong.key());
    try (WitnessDirectory.Open open = directory.open()) {
      SignedCheckpoint signed =
          SignedCheckpoint.parse(overlong.checkpoint(3).getBytes(StandardCharsets.UTF_8));
      assertThat(ask(open, signed)).isEqualTo(400);
      assertThat(ask(open, signed)).isEqualTo(400);
    }
  }

  private static int ask(WitnessDirectory.Open open, SignedCheckpoint checkpoint) {
    byte[] body = ("old 0\n\n" + checkpoint).getBytes(StandardCharsets.UTF_8);
    return open.witness().addCheckpoint(body).status();
  }
}
