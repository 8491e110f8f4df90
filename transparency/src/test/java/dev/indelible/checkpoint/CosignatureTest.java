// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Cosignatures with Ed25519 (C2SP tlog-cosignature v1). */
class CosignatureTest {
  private static final long TIME = 1679315147;
  private static final Checkpoint CHECKPOINT = Keys.checkpoint(7);
  private static final VerifierKey WITNESS = Keys.witness(1);

  private static NoteSignature line() {
    return Keys.cosign(1, CHECKPOINT, TIME);
  }

  /**
   * Builds the expected message by hand from the specification, and verifies it with the bare key.
   */
  @Test
  void cosignatureCoversTimeAndCheckpoint() throws Exception {
    byte[] bytes = Base64.getDecoder().decode(line().line().split(" ")[2]);
    assertThat(bytes).hasSize(76);
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    assertThat(fields.getInt()).isEqualTo(WITNESS.id());
    assertThat(fields.getLong()).isEqualTo(TIME);
    byte[] message = Keys.utf8("cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text());
    byte[] signature = Arrays.copyOfRange(bytes, 12, 76);
    assertThat(Keys.key(101).verificationKey().verifies(message, signature)).isTrue();
    assertThat(WITNESS.verifies(CHECKPOINT.text(), line())).isTrue();
    assertThat(Cosignature.of(line()).time()).isEqualTo(TIME);
    assertThat(Cosignature.of(line()).line()).isEqualTo(line());
  }

  @Test
  void extensionsAreCosigned() {
    Checkpoint extended =
        new Checkpoint(CHECKPOINT.origin(), 7, CHECKPOINT.root(), List.of("extension"));
    assertThat(WITNESS.verifies(extended.text(), line())).isFalse();
    assertThat(WITNESS.verifies(extended.text(), Keys.cosign(1, extended, TIME))).isTrue();
  }

  @Test
  void changedTimeOrBitIsRefused() {
    for (byte[] wrong : Keys.oneBitChanges(line().signature())) {
      NoteSignature changed = new NoteSignature(WITNESS.name(), WITNESS.id(), wrong);
      assertThat(WITNESS.verifies(CHECKPOINT.text(), changed)).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8, 63, 64, 71, 73, 2427, 2429})
  void cosignatureOfWrongLengthIsRefused(int length) {
    NoteSignature wrong =
        new NoteSignature(WITNESS.name(), WITNESS.id(), Arrays.copyOf(line().signature(), length));
    assertThat(WITNESS.verifies(CHECKPOINT.text(), wrong)).isFalse();
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> Cosignature.of(wrong))
        .withMessageContaining("instead of 72");
  }

  @Test
  void timeAboveLimitIsRefused() {
    byte[] wrong = line().signature();
    wrong[0] = (byte) 0x80;
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> Cosignature.of(new NoteSignature(WITNESS.name(), WITNESS.id(), wrong)))
        .withMessageContaining("time is above");
  }

  /**
   * Under one key, a log's signature is not a valid cosignature, and a cosignature is not a valid
   * log signature.
   */
  @Test
  void signaturesAndCosignaturesAreNotInterchangeable() {
    VerifierKey asLog = new VerifierKey(WITNESS.name(), SignatureType.ED25519, WITNESS.key());
    assertThat(asLog.verifies(CHECKPOINT.text(), line())).isFalse();
    NoteSignature signature = NoteSigner.of(WITNESS.name(), Keys.key(101)).sign(CHECKPOINT.text());
    assertThat(asLog.verifies(CHECKPOINT.text(), signature)).isTrue();
    assertThat(WITNESS.verifies(CHECKPOINT.text(), signature)).isFalse();
  }

  @Test
  void cosignatureTimeMustBePositive() {
    for (long time : new long[] {0, -1, Long.MIN_VALUE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Cosignature.sign("w", Keys.key(1), CHECKPOINT, time));
    }
  }
}
