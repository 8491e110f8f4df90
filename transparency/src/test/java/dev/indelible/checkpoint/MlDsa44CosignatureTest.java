// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.WitnessPolicy.Witnessed;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.merkle.Hash;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.bouncycastle.crypto.generators.MLDSAKeyPairGenerator;
import org.bouncycastle.crypto.params.MLDSAKeyGenerationParameters;
import org.bouncycastle.crypto.params.MLDSAParameters;
import org.bouncycastle.crypto.params.MLDSAPrivateKeyParameters;
import org.bouncycastle.crypto.signers.MLDSASigner;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Cosignatures with ML-DSA-44 (C2SP tlog-cosignature). The policy and the checkpoint in the
 * resources were written by an independent implementation in Python:
 * src/test/python/ml_dsa_44_vector.py.
 */
class MlDsa44CosignatureTest {
  private static final long TIME = 1_679_315_147;
  private static final String NAME = "witness.example/pq";
  private static final MLDSAPrivateKeyParameters PRIVATE = generate();
  private static final VerifierKey WITNESS =
      new VerifierKey(
          NAME,
          SignatureType.ML_DSA_44_COSIGNATURE,
          MlDsa44Key.of(PRIVATE.getPublicKeyParameters().getEncoded()));
  private static final Checkpoint CHECKPOINT = Keys.checkpoint(7);

  @Test
  void foreignCosignatureMeetsTheQuorum() throws Exception {
    WitnessPolicy policy = WitnessPolicy.parse(resource("policy"));

    Witnessed witnessed = policy.verify(SignedCheckpoint.parse(resource("checkpoint")));

    assertThat(witnessed.checkpoint().size()).isEqualTo(20_852_163);
    assertThat(witnessed.cosigned()).containsValue(TIME).hasSize(1);
    assertThat(policy.witnesses()).hasSize(1);
    assertThat(policy.witnesses().get(0).key().type())
        .isEqualTo(SignatureType.ML_DSA_44_COSIGNATURE);
  }

  /** The signature covers time, size, root and origin, so a change to any of them is refused. */
  @Test
  void changedForeignCosignatureIsRefused() throws Exception {
    WitnessPolicy policy = WitnessPolicy.parse(resource("policy"));
    SignedCheckpoint right = SignedCheckpoint.parse(resource("checkpoint"));
    NoteSignature line = right.note().signatures().get(1);
    for (int at : new int[] {0, 7, 8, 100, 2_427}) {
      byte[] wrong = line.signature();
      wrong[at] ^= 1;
      NoteSignature changed = new NoteSignature(line.name(), line.keyId(), wrong);

      assertThatExceptionOfType(VerificationException.class)
          .as("byte " + at)
          .isThrownBy(() -> policy.verify(right.withOnly(List.of(first(right), changed))))
          .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.BAD_SIGNATURE));
    }
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> policy.verify(right.withOnly(List.of(first(right)))))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(Reason.NO_QUORUM));
  }

  @Test
  void everyFieldOfTheMessageIsSigned() {
    assertThat(verifies(NAME, TIME, text -> text)).isTrue();
    assertThat(verifies("witness.example/other", TIME, text -> text)).isFalse();
    assertThat(verifies(NAME, TIME + 1, text -> text)).isFalse();
    Checkpoint c = CHECKPOINT;
    assertThat(verifies(NAME, TIME, text -> Checkpoint.of("o", c.size(), c.root()).text()))
        .isFalse();
    assertThat(verifies(NAME, TIME, text -> Checkpoint.of(c.origin(), 8, c.root()).text()))
        .isFalse();
    Hash other = Hash.of(new byte[Hash.BYTES]);
    assertThat(verifies(NAME, TIME, text -> Checkpoint.of(c.origin(), c.size(), other).text()))
        .isFalse();
  }

  /** The specification does not say that an ML-DSA-44 cosignature covers extension lines. */
  @Test
  void extensionLinesAreNotSigned() {
    assertThat(verifies(NAME, TIME, text -> text + "an extension\n")).isTrue();
  }

  /** The message is built here from the specification, apart from the code that signs. */
  @Test
  void ownCosignatureIsOfTheSpecifiedMessage() throws Exception {
    MlDsa44SigningKey key = MlDsa44SigningKey.generate();

    Cosignature made = Cosignature.sign(NAME, key, CHECKPOINT, TIME);

    assertThat(made.time()).isEqualTo(TIME);
    assertThat(key.verificationKey().verifies(message(NAME, TIME, CHECKPOINT), made.signature()))
        .isTrue();
    VerifierKey named =
        new VerifierKey(NAME, SignatureType.ML_DSA_44_COSIGNATURE, key.verificationKey());
    assertThat(named.verifies(CHECKPOINT.text(), made.line())).isTrue();
    assertThat(WITNESS.verifies(CHECKPOINT.text(), made.line())).isFalse();
  }

  @Test
  void overlongNameCannotCosign() {
    MlDsa44SigningKey key = MlDsa44SigningKey.generate();
    Checkpoint overlong = Checkpoint.of("o".repeat(256), 7, CHECKPOINT.root());

    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> Cosignature.sign(NAME, key, overlong, TIME))
        .withMessageContaining("256 bytes; ML-DSA-44 cosignatures allow at most 255");
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> Cosignature.sign("n".repeat(256), key, CHECKPOINT, TIME));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cosignature.sign(NAME, key, CHECKPOINT, 0));
  }

  @Test
  void malformedCheckpointIsRefused() {
    assertThat(verifies(NAME, TIME, text -> "no checkpoint\n")).isFalse();
  }

  /** The message states the length of a name in one byte, so a longer name does not fit. */
  @Test
  void nameOver255BytesIsRefused() {
    String origin = "o".repeat(256);
    Checkpoint long256 = Checkpoint.of(origin, 7, CHECKPOINT.root());
    NoteSignature line = sign(WITNESS, message(NAME, TIME, long256), TIME);

    assertThat(WITNESS.verifies(long256.text(), line)).isFalse();
    Checkpoint long255 = Checkpoint.of(origin.substring(1), 7, CHECKPOINT.root());
    assertThat(WITNESS.verifies(long255.text(), sign(WITNESS, message(NAME, TIME, long255), TIME)))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 72, 2_420, 2_427, 2_429, 4_000})
  void cosignatureOfWrongLengthIsRefused(int length) {
    byte[] right = sign(WITNESS, message(NAME, TIME, CHECKPOINT), TIME).signature();
    NoteSignature wrong = new NoteSignature(NAME, WITNESS.id(), Arrays.copyOf(right, length));

    assertThat(WITNESS.verifies(CHECKPOINT.text(), wrong)).isFalse();
  }

  /** A cosignature of each type is refused under the name and key id of the other type. */
  @Test
  void cosignatureTypesAreNotInterchangeable() {
    NoteSignature ed25519 = Keys.cosign(1, CHECKPOINT, TIME);
    assertThat(
            WITNESS.verifies(
                CHECKPOINT.text(), new NoteSignature(NAME, WITNESS.id(), ed25519.signature())))
        .isFalse();
    byte[] ours = sign(WITNESS, message(NAME, TIME, CHECKPOINT), TIME).signature();
    VerifierKey other = Keys.witness(1);
    assertThat(other.verifies(CHECKPOINT.text(), new NoteSignature(other.name(), other.id(), ours)))
        .isFalse();
  }

  @Test
  void vkeyRoundTrips() throws Exception {
    assertThat(VerifierKey.parse(WITNESS.vkey())).isEqualTo(WITNESS);
    assertThat(Base64.getDecoder().decode(WITNESS.vkey().split("\\+", 3)[2]))
        .hasSize(1 + 1_312)
        .startsWith(0x06);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 31, 32, 1_311, 1_313})
  void keyOfWrongLengthIsRefused(int length) {
    String material = Base64.getEncoder().encodeToString(material(0x06, length));

    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> VerifierKey.parse("w+00000000+" + material))
        .withMessageContaining("an ML-DSA-44 public key is 1312 bytes, not " + length);
  }

  @ParameterizedTest
  @ValueSource(ints = {0x02, 0x05, 0x07, 0xfa, 0xff})
  void unsupportedTypeInPolicyIsNamed(int type) {
    String vkey = "w+00000000+" + Base64.getEncoder().encodeToString(material(type, 32));
    byte[] policy = ("witness w " + vkey + "\nquorum w\n").getBytes(StandardCharsets.UTF_8);

    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> WitnessPolicy.parse(policy))
        .withMessageContaining("policy, line 1")
        .withMessageContaining("signature type 0x%02x is not supported", type);
  }

  @Test
  void policyMayHaveWitnessesOfBothTypes() throws Exception {
    WitnessPolicy policy = WitnessPolicy.of(List.of(), List.of(Keys.witness(1), WITNESS), 2);
    SignedCheckpoint cosigned =
        Keys.signed(7)
            .with(Keys.cosign(1, CHECKPOINT, TIME))
            .with(sign(WITNESS, message(NAME, TIME, CHECKPOINT), TIME));

    assertThat(policy.cosigned(cosigned)).hasSize(2);
  }

  @Test
  void keyOfOtherAlgorithmIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VerifierKey(NAME, SignatureType.COSIGNATURE, WITNESS.key()));
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new VerifierKey(NAME, SignatureType.ML_DSA_44_COSIGNATURE, Keys.witness(1).key()));
  }

  /**
   * Signs the checkpoint under this name and time, changes its text, and verifies under NAME and
   * TIME.
   */
  private static boolean verifies(String name, long time, UnaryOperator<String> text) {
    NoteSignature line = sign(WITNESS, message(name, time, CHECKPOINT), TIME);
    return WITNESS.verifies(text.apply(CHECKPOINT.text()), line);
  }

  private static NoteSignature sign(VerifierKey key, byte[] message, long time) {
    MLDSASigner signer = new MLDSASigner();
    signer.init(true, PRIVATE);
    signer.update(message, 0, message.length);
    try {
      byte[] signature = signer.generateSignature();
      return new NoteSignature(
          key.name(),
          key.id(),
          ByteBuffer.allocate(Long.BYTES + signature.length).putLong(time).put(signature).array());
    } catch (org.bouncycastle.crypto.CryptoException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] message(String name, long time, Checkpoint checkpoint) {
    byte[] origin = Keys.utf8(checkpoint.origin());
    return ByteBuffer.allocate(12 + 1 + name.length() + 8 + 1 + origin.length + 8 + 8 + 32)
        .put(Keys.utf8("subtree/v1\n\0"))
        .put((byte) name.length())
        .put(Keys.utf8(name))
        .putLong(time)
        .put((byte) origin.length)
        .put(origin)
        .putLong(0)
        .putLong(checkpoint.size())
        .put(checkpoint.root().bytes())
        .array();
  }

  private static byte[] material(int type, int length) {
    byte[] material = new byte[1 + length];
    material[0] = (byte) type;
    return material;
  }

  private static NoteSignature first(SignedCheckpoint signed) {
    return signed.note().signatures().get(0);
  }

  private static MLDSAPrivateKeyParameters generate() {
    MLDSAKeyPairGenerator generator = new MLDSAKeyPairGenerator();
    generator.init(new MLDSAKeyGenerationParameters(new SecureRandom(), MLDSAParameters.ml_dsa_44));
    return (MLDSAPrivateKeyParameters) generator.generateKeyPair().getPrivate();
  }

  private static byte[] resource(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(
            MlDsa44CosignatureTest.class.getResourceAsStream("ml-dsa-44/" + name))) {
      return in.readAllBytes();
    }
  }
}
