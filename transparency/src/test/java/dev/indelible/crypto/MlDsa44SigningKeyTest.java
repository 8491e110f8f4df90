// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.bouncycastle.crypto.util.PrivateKeyInfoFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * ML-DSA-44 signs and verifies as FIPS 204 states, and its keys are stored in the seed form of RFC
 * 9881. The known answers are Wycheproof's: src/test/python/ml_dsa_44_known_answers.py.
 */
class MlDsa44SigningKeyTest {
  private static final HexFormat HEX = HexFormat.of();

  /** The key of the seed 00 01 … 1f, as the Python package cryptography 48 writes it. */
  private static final String PEM =
      """
      -----BEGIN PRIVATE KEY-----
      MDQCAQAwCwYJYIZIAWUDBAMRBCKAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ
      GhscHR4f
      -----END PRIVATE KEY-----
      """;

  @TempDir Path temp;

  static Stream<List<String>> answers(String kind) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            MlDsa44SigningKeyTest.class.getResourceAsStream("ml-dsa-44-known-answers"))) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> line.startsWith(kind + " "))
          .map(line -> List.of(line.split(" ")));
    }
  }

  static Stream<List<String>> signatures() throws IOException {
    return answers("sign");
  }

  static Stream<List<String>> verifications() throws IOException {
    return answers("verify");
  }

  @ParameterizedTest
  @MethodSource("signatures")
  void knownSignaturesAreComputed(List<String> answer) throws Exception {
    MlDsa44SigningKey key = MlDsa44SigningKey.fromSeed(HEX.parseHex(answer.get(2)));
    byte[] message = bytes(answer.get(4));

    byte[] signature = key.signDeterministically(message);

    assertThat(sha256(key.verificationKey().raw())).isEqualTo(answer.get(3));
    assertThat(sha256(signature)).isEqualTo(answer.get(5));
    assertThat(key.verificationKey().verifies(message, signature)).isTrue();
  }

  /** A key whose vector t1 is zero is refused, whatever the suite states about its signatures. */
  @ParameterizedTest
  @MethodSource("verifications")
  void knownSignaturesHaveTheirVerdicts(List<String> answer) {
    byte[] raw = Base64.getDecoder().decode(answer.get(4));
    byte[] signature = Base64.getDecoder().decode(answer.get(6));
    if (answer.get(2).contains("ZeroPublicKey") || raw.length != MlDsa44Key.KEY_BYTES) {
      assertThatIllegalArgumentException().isThrownBy(() -> MlDsa44Key.of(raw));
    } else {
      assertThat(MlDsa44Key.of(raw).verifies(bytes(answer.get(5)), signature))
          .isEqualTo(answer.get(3).equals("valid"));
    }
  }

  @Test
  void signaturesAreHedged() {
    MlDsa44SigningKey key = MlDsa44SigningKey.generate();
    byte[] message = {1, 2, 3};
    byte[] first = key.sign(message);
    byte[] second = key.sign(message);

    assertThat(first).hasSize(2_420).isNotEqualTo(second);
    assertThat(key.verificationKey().verifies(message, first)).isTrue();
    assertThat(key.verificationKey().verifies(message, second)).isTrue();
    assertThat(key.verificationKey().verifies(new byte[] {1, 2}, first)).isFalse();
    assertThat(MlDsa44SigningKey.generate().verificationKey().verifies(message, first)).isFalse();
  }

  @Test
  void pemIsTheSeedFormOfRfc9881() throws Exception {
    byte[] seed = new byte[32];
    for (int i = 0; i < seed.length; i++) {
      seed[i] = (byte) i;
    }
    assertThat(MlDsa44SigningKey.fromSeed(seed).toPem()).isEqualTo(PEM);
    MlDsa44SigningKey read = MlDsa44SigningKey.fromPem(PEM, "test");
    assertThat(read.toPem()).isEqualTo(PEM);
    // The first bytes of the public key in RFC 9881, appendix C.
    assertThat(HEX.formatHex(read.verificationKey().raw())).startsWith("d7b2b47254aae0db");
    assertThat(read).hasToString("private half of " + read.verificationKey());
  }

  @Test
  void pemWithSeedAndExpandedKeyIsRead() throws Exception {
    MlDsa44SigningKey key = MlDsa44SigningKey.fromPem(PEM, "test");

    assertThat(MlDsa44SigningKey.fromPem(pem(MLDSAPrivateKeyParameters.BOTH), "test").toPem())
        .isEqualTo(key.toPem());
    assertThatThrownBy(
            () ->
                MlDsa44SigningKey.fromPem(pem(MLDSAPrivateKeyParameters.EXPANDED_KEY), "key file"))
        .isInstanceOf(KeyException.class)
        .hasMessageStartingWith("key file: an ML-DSA-44 key without its seed");
  }

  @Test
  void otherKeysAreRefused() throws Exception {
    assertThatThrownBy(
            () -> MlDsa44SigningKey.fromPem(SigningKey.generate().toPem(), "the Ed25519 key"))
        .isInstanceOf(KeyException.class)
        .hasMessage("the Ed25519 key: not an ML-DSA-44 key");
    assertThatThrownBy(() -> SigningKey.fromPem(PEM, "the other key"))
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("not an Ed25519 key");
    MLDSAPrivateKeyParameters of65 =
        new MLDSAPrivateKeyParameters(MLDSAParameters.ml_dsa_65, new byte[32]);
    String pem65 =
        Pem.encode(
            "PRIVATE KEY",
            PrivateKeyInfoFactory.createPrivateKeyInfo(
                    of65.withPreferredFormat(MLDSAPrivateKeyParameters.SEED_ONLY))
                .getEncoded());
    assertThatThrownBy(() -> MlDsa44SigningKey.fromPem(pem65, "of 65"))
        .isInstanceOf(KeyException.class)
        .hasMessage("of 65: not an ML-DSA-44 key");
    for (int length : new int[] {0, 1, 21, 53}) {
      String cut =
          Pem.encode("PRIVATE KEY", Arrays.copyOf(Pem.decode(PEM, "PRIVATE KEY", ""), length));
      assertThatThrownBy(() -> MlDsa44SigningKey.fromPem(cut, "cut"))
          .isInstanceOf(KeyException.class)
          .hasMessageStartingWith("cut: not a");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 33})
  void seedOfWrongLengthIsRefused(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MlDsa44SigningKey.fromSeed(new byte[length]));
  }

  @Test
  void keyIsStoredOnceAndOnlyForItsOwner() throws Exception {
    KeyDirectory keys = new KeyDirectory(temp.resolve("keys"));
    assertThat(keys.hasMlDsa44()).isFalse();
    assertThatThrownBy(keys::openMlDsa44).isInstanceOf(KeyException.class);

    MlDsa44Key made = keys.openOrCreateMlDsa44().verificationKey();

    assertThat(keys.openOrCreateMlDsa44().verificationKey()).isEqualTo(made);
    assertThat(keys.openMlDsa44().verificationKey()).isEqualTo(made);
    assertThat(keys.accepted().keys()).isEmpty();
    Path file = temp.resolve("keys/ml-dsa-44.pem");
    assumeTrue(DurableFiles.isPosix(file));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(keys::openMlDsa44)
        .isInstanceOf(ExposedKeyException.class)
        .hasMessageContaining("others can reach this key");
  }

  @Test
  void keyIsNeverReadThroughALink() throws Exception {
    KeyDirectory keys = new KeyDirectory(temp.resolve("keys"));
    keys.openOrCreateMlDsa44();
    Path file = temp.resolve("keys/ml-dsa-44.pem");
    Files.move(file, temp.resolve("elsewhere.pem"));
    Files.createSymbolicLink(file, temp.resolve("elsewhere.pem"));

    assertThatThrownBy(keys::openOrCreateMlDsa44)
        .isInstanceOf(KeyException.class)
        .hasMessageContaining("never read through a link");
  }

  private static String pem(int format) throws Exception {
    byte[] seed = Arrays.copyOfRange(Pem.decode(PEM, "PRIVATE KEY", ""), 22, 54);
    MLDSAPrivateKeyParameters key =
        new MLDSAPrivateKeyParameters(MLDSAParameters.ml_dsa_44, seed).withPreferredFormat(format);
    return Pem.encode("PRIVATE KEY", PrivateKeyInfoFactory.createPrivateKeyInfo(key).getEncoded());
  }

  private static byte[] bytes(String hex) {
    return hex.equals("-") ? new byte[0] : HEX.parseHex(hex);
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HEX.formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
