// SPDX-License-Identifier: Apache-2.0
package dev.indelible.receipt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.ReferenceTree;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** COSE receipts of inclusion (RFC 9942). */
class CoseReceiptTest {
  private static final SigningKey KEY = SigningKey.fromSeed(new byte[32]);
  static final VerificationKey PUBLIC = KEY.verificationKey();
  private static final ReferenceTree TREE = ReferenceTree.numbered(40);

  static CoseReceipt receipt(int index, int size) {
    MerkleTree<RuntimeException> tree =
        new MerkleTree<>(
            (level, at) -> TREE.subtree((int) (at << level), (int) (at + 1 << level)), size);
    return CoseReceipt.sign(tree.inclusionProof(index), TREE.root(size), KEY);
  }

  @Test
  void everyRecordOfASmallLogIsProven() throws Exception {
    for (int size = 1; size <= 40; size++) {
      for (int index = 0; index < size; index++) {
        byte[] bytes = receipt(index, size).bytes();
        CoseReceipt read = CoseReceipt.parse(bytes);
        read.verify(TREE.entry(index), PUBLIC);
        assertThat(read.bytes()).isEqualTo(bytes);
        assertThat(read.proof()).isEqualTo(new InclusionProof(index, size, TREE.path(index, size)));
      }
    }
  }

  /** Builds the expected receipt and its signed bytes by hand from the RFC. */
  @Test
  void receiptHasTheBytesOfTheRfc() {
    HexFormat hex = HexFormat.of();
    String header = "a30127" + "0448" + PUBLIC.keyId() + "19018b01";
    String proof = "830201" + "81" + "5820" + TREE.leaf(0).hex();
    byte[] covered =
        hex.parseHex(
            "846a"
                + hex.formatHex("Signature1".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                + "51"
                + header
                + "40"
                + "5820"
                + TREE.root(2).hex());
    assertThat(hex.formatHex(receipt(1, 2).bytes()))
        .isEqualTo(
            "d284"
                + "51"
                + header
                + "a119018ca12081"
                + "5826"
                + proof
                + "f6"
                + "5840"
                + hex.formatHex(KEY.sign(covered)));
  }

  @Test
  void receiptProvesNoOtherRecordOrKey() {
    CoseReceipt receipt = receipt(7, 21);
    refused(receipt, TREE.entry(8), PUBLIC, Reason.BAD_SIGNATURE);
    VerificationKey other =
        SigningKey.fromSeed(Arrays.copyOf(new byte[] {1}, 32)).verificationKey();
    refused(receipt, TREE.entry(7), other, Reason.NO_KNOWN_SIGNATURE);
    CoseReceipt otherRoot = CoseReceipt.sign(receipt.proof(), TREE.root(20), KEY);
    refused(otherRoot, TREE.entry(7), PUBLIC, Reason.BAD_SIGNATURE);
    InclusionProof right = receipt.proof();
    for (InclusionProof wrong :
        List.of(
            new InclusionProof(right.index(), 0, right.path()),
            new InclusionProof(right.size(), right.size(), right.path()),
            new InclusionProof(right.index(), right.size(), right.path().subList(1, 3)))) {
      CoseReceipt bent = CoseReceipt.sign(wrong, TREE.root(21), KEY);
      refused(bent, TREE.entry(7), PUBLIC, Reason.NOT_INCLUDED);
    }
  }

  /**
   * Flipping any bit outside the size makes verification fail. RFC 9942 signs only the root, and a
   * leaf far from the end of the tree has an equal path in trees of several sizes.
   */
  @Test
  void receiptWithAChangedBitIsRefused() {
    byte[] right = receipt(2, 3).bytes();
    for (int bit = 0; bit < right.length * 8; bit++) {
      byte[] wrong = right.clone();
      wrong[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(proves(wrong)).as("bit %d", bit).isFalse();
    }
    for (int length = 0; length < right.length; length++) {
      assertThat(proves(Arrays.copyOf(right, length))).isFalse();
    }
    assertThat(proves(Arrays.copyOf(right, right.length + 1))).isFalse();
    assertThat(proves(right)).isTrue();
  }

  private static boolean proves(byte[] bytes) {
    try {
      CoseReceipt.parse(bytes).verify(TREE.entry(2), PUBLIC);
      return true;
    } catch (ReceiptParseException | VerificationException e) {
      return false;
    }
  }

  static Stream<Arguments> wrongReceipts() {
    String good = HexFormat.of().formatHex(receipt(1, 2).bytes());
    String header = "51a30127" + "0448" + PUBLIC.keyId() + "19018b01";
    return Stream.of(
        Arguments.of("nothing", ""),
        Arguments.of("no tag", good.substring(2)),
        Arguments.of("another tag", good.replaceFirst("^d2", "d3")),
        Arguments.of("two tags", "d2" + good),
        Arguments.of("three parts", good.replaceFirst("^d284", "d283")),
        Arguments.of("five parts", good.replaceFirst("^d284", "d285") + "f6"),
        Arguments.of("bytes after the receipt", good + "00"),
        Arguments.of("ES256", good.replace("a30127", "a30126")),
        Arguments.of("an unknown data structure", good.replace("19018b01", "19018b02")),
        Arguments.of("no data structure", good.replace(header, "4da2" + header.substring(4, 28))),
        Arguments.of("an empty header", good.replace(header, "40")),
        Arguments.of(
            "labels in the wrong order",
            good.replace(header, "51a319018b010127" + "0448" + PUBLIC.keyId())),
        Arguments.of("a label twice", good.replace(header, "49a3" + "0127" + "0127" + "19018b01")),
        Arguments.of("a consistency proof", good.replace("a12081", "a12181")),
        Arguments.of("no proofs", good.replace("a12081", "a12080")),
        Arguments.of("another unprotected label", good.replace("a119018c", "a119018a")),
        Arguments.of("a payload", good.replace("f65840", "5820" + TREE.root(2).hex() + "5840")),
        Arguments.of("an empty payload", good.replace("f65840", "405840")),
        Arguments.of("a signature of 65 bytes", good.replace("f65840", "f65841") + "00"),
        Arguments.of(
            "a size above 2^63-1",
            good.replace("5826830201", "582e83" + "1bffffffffffffffff" + "01")),
        Arguments.of("a size in a longer form", good.replace("5826830201", "582783180201")),
        Arguments.of("a negative index", good.replace("5826830201", "5826830220")),
        Arguments.of(
            "a truncated hash",
            good.replace(
                "5826830201815820" + TREE.leaf(0).hex(),
                "582583020181581f" + TREE.leaf(0).hex().substring(2))),
        Arguments.of(
            "a path of text strings", good.replace("83020181" + "5820", "83020181" + "7820")));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongReceipts")
  void malformedReceiptIsRefused(String what, String hex) {
    byte[] bytes = HexFormat.of().parseHex(hex);
    assertThat(bytes)
        .as("the malformed receipt differs from the valid one")
        .isNotEqualTo(receipt(1, 2).bytes());
    assertThatExceptionOfType(ReceiptParseException.class)
        .as(what)
        .isThrownBy(() -> CoseReceipt.parse(bytes))
        .withMessageContaining("receipt");
  }

  private static void refused(
      CoseReceipt receipt, byte[] record, VerificationKey key, Reason reason) {
    assertThatExceptionOfType(VerificationException.class)
        .isThrownBy(() -> receipt.verify(record, key))
        .satisfies(e -> assertThat(e.reason()).isEqualTo(reason));
  }
}
