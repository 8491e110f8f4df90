// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.checkpoint.VerificationException.Reason;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Receipts (C2SP tlog-proof v1). */
class TlogProofTest {
  private static final int SIZE = 11;
  private static final WitnessPolicy POLICY = WitnessPolicy.ofLogs(List.of(Keys.LOG.verifierKey()));

  @Test
  void everyRecordOfASmallLogIsProven() throws Exception {
    for (int size = 1; size <= 20; size++) {
      for (int index = 0; index < size; index++) {
        byte[] file = Keys.proof(index, size).bytes();
        TlogProof read = TlogProof.parse(file);
        assertThat(read.verify(Keys.record(index), POLICY).checkpoint())
            .isEqualTo(Keys.checkpoint(size));
        assertThat(read.index()).isEqualTo(index);
        assertThat(read.bytes()).isEqualTo(file);
      }
    }
  }

  @Test
  void proofIsWrittenAsInTheSpecification() {
    TlogProof proof = Keys.proof(2, 3);
    assertThat(proof.toString())
        .isEqualTo(
            "c2sp.org/tlog-proof@v1\nindex 2\n"
                + proof.path().get(0).base64()
                + "\n\n"
                + Keys.signed(3));
    assertThat(proof.withExtra(new byte[] {1, 2, 3}).toString())
        .startsWith("c2sp.org/tlog-proof@v1\nextra AQID\nindex 2\n");
    assertThat(Keys.proof(0, 1).toString()).startsWith("c2sp.org/tlog-proof@v1\nindex 0\n\nlog.");
  }

  /** A proof can have extra data, which no signature covers. */
  @Test
  void extraDataIsKept() throws Exception {
    TlogProof read = TlogProof.parse(Keys.proof(1, SIZE).withExtra(new byte[] {7}).bytes());
    assertThat(read.extra()).hasValueSatisfying(data -> assertThat(data).containsExactly(7));
    read.verify(Keys.record(1), POLICY);
    assertThatIllegalArgumentException().isThrownBy(() -> read.withExtra(new byte[0]));
  }

  @Test
  void proofProvesNoOtherRecordIndexOrLog() throws Exception {
    TlogProof proof = Keys.proof(4, SIZE);
    refused(proof, Keys.record(5), POLICY, Reason.NOT_INCLUDED);
    refused(proof, new byte[0], POLICY, Reason.NOT_INCLUDED);
    for (int other = 0; other <= SIZE; other++) {
      if (other != 4) {
        TlogProof moved =
            TlogProof.parse(
                Keys.utf8(proof.toString().replace("index 4\n", "index " + other + "\n")));
        refused(moved, Keys.record(4), POLICY, Reason.NOT_INCLUDED);
        refused(moved, Keys.record(other), POLICY, Reason.NOT_INCLUDED);
      }
    }
    WitnessPolicy stranger = WitnessPolicy.ofLogs(List.of(Keys.OTHER.verifierKey()));
    refused(proof, Keys.record(4), stranger, Reason.UNKNOWN_ORIGIN);
    WitnessPolicy otherKey =
        WitnessPolicy.ofLogs(List.of(NoteSigner.of(Keys.ORIGIN, Keys.key(3)).verifierKey()));
    refused(proof, Keys.record(4), otherKey, Reason.NO_KNOWN_SIGNATURE);
  }

  @Test
  void policyQuorumIsRequired() throws Exception {
    WitnessPolicy policy =
        WitnessPolicy.of(
            List.of(Keys.LOG.verifierKey()), List.of(Keys.witness(1), Keys.witness(2)), 2);
    refused(Keys.proof(4, SIZE), Keys.record(4), policy, Reason.NO_QUORUM);
    SignedCheckpoint cosigned =
        Keys.signed(SIZE)
            .with(Keys.cosign(1, Keys.checkpoint(SIZE), 5))
            .with(Keys.cosign(2, Keys.checkpoint(SIZE), 6));
    TlogProof proof = TlogProof.of(Keys.tree(SIZE).inclusionProof(4), cosigned);
    assertThat(TlogProof.parse(proof.bytes()).verify(Keys.record(4), policy).cosigned().values())
        .containsExactly(5L, 6L);
  }

  /** Flipping any bit of a proof makes verification fail. */
  @Test
  void proofWithAChangedBitIsRefused() {
    byte[] right = Keys.proof(4, 5).bytes();
    for (byte[] wrong : Keys.oneBitChanges(right)) {
      assertThat(proves(wrong)).isFalse();
    }
    for (int length = 0; length < right.length; length++) {
      assertThat(proves(Arrays.copyOf(right, length))).isFalse();
    }
    assertThat(proves(right)).isTrue();
  }

  private static boolean proves(byte[] receipt) {
    try {
      TlogProof.parse(receipt).verify(Keys.record(4), POLICY);
      return true;
    } catch (CheckpointParseException | VerificationException e) {
      return false;
    }
  }

  static Stream<Arguments> wrongReceipts() {
    String good = Keys.proof(4, SIZE).toString();
    String hash = Keys.proof(4, SIZE).path().get(0).base64();
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("a newline", "\n\n"),
        Arguments.of("a checkpoint alone", Keys.signed(SIZE).toString()),
        Arguments.of("another version", good.replace("@v1", "@v2")),
        Arguments.of("a space after the header", good.replace("@v1", "@v1 ")),
        Arguments.of("no index", good.replace("index 4\n", "")),
        Arguments.of("an empty index", good.replace("index 4\n", "index \n")),
        Arguments.of("two indexes", good.replace("index 4\n", "index 4\nindex 4\n")),
        Arguments.of("a leading zero", good.replace("index 4", "index 04")),
        Arguments.of("a minus", good.replace("index 4", "index -4")),
        Arguments.of("a plus", good.replace("index 4", "index +4")),
        Arguments.of("two spaces", good.replace("index 4", "index  4")),
        Arguments.of("above 2^63-1", good.replace("index 4", "index 9223372036854775808")),
        Arguments.of("2^64-1", good.replace("index 4", "index 18446744073709551615")),
        Arguments.of("empty extra data", good.replace("index", "extra \nindex")),
        Arguments.of("extra data without a space", good.replace("index", "extra\nindex")),
        Arguments.of("extra data that is not base64", good.replace("index", "extra AQ\nindex")),
        Arguments.of("extra data twice", good.replace("index", "extra AQID\nextra AQID\nindex")),
        Arguments.of(
            "extra data after the index", good.replace("index 4\n", "index 4\nextra AQID\n")),
        Arguments.of("a truncated hash", good.replace(hash, hash.substring(4))),
        Arguments.of("a hash that is too long", good.replace(hash, hash + "AAAA")),
        Arguments.of("a hash without padding", good.replace(hash, hash.replace("=", ""))),
        Arguments.of("bits in the padding", good.replace(hash, "A".repeat(42) + "B=")),
        Arguments.of("base64url", good.replace(hash, "_".repeat(43) + "=")),
        Arguments.of("a space after a hash", good.replace(hash, hash + " ")),
        Arguments.of("a control character", good.replace("index 4", "index 4\u0001")),
        Arguments.of(
            "bits in the padding of extra data", good.replace("index", "extra AB==\nindex")),
        Arguments.of("64 hashes", good.replace(hash + "\n", (hash + "\n").repeat(61))),
        Arguments.of("no checkpoint", good.substring(0, good.indexOf("\n\n") + 2)),
        Arguments.of("no empty line", good.replaceFirst("\n\n", "\n")),
        Arguments.of("two empty lines", good.replaceFirst("\n\n", "\n\n\n")),
        Arguments.of("an extra empty line", good.replace("index 4\n", "index 4\n\n")),
        Arguments.of("a carriage return", good.replace("\n", "\r\n")),
        Arguments.of("no newline at the end", good.substring(0, good.length() - 1)),
        Arguments.of("an extra newline", good + "\n"),
        Arguments.of("a byte order mark", "\ufeff" + good));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongReceipts")
  void malformedProofIsRefused(String what, String receipt) {
    assertThatExceptionOfType(CheckpointParseException.class)
        .as(what)
        .isThrownBy(() -> TlogProof.parse(Keys.utf8(receipt)));
  }

  @Test
  void invalidUtf8IsRefused() {
    byte[] wrong = Keys.proof(4, SIZE).bytes();
    wrong[wrong.length - 2] = (byte) 0xff;
    assertThatExceptionOfType(CheckpointParseException.class)
        .isThrownBy(() -> TlogProof.parse(wrong))
        .withMessageContaining("UTF-8");
  }

  @Test
  void proofNeedsCheckpointOfItsTree() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> TlogProof.of(Keys.tree(4).inclusionProof(0), Keys.signed(5)));
  }

  private static void refused(TlogProof proof, byte[] record, WitnessPolicy policy, Reason reason) {
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> proof.verify(record, policy))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
