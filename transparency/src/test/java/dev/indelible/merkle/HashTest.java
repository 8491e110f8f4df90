// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hashes and roots (RFC 6962 section 2.1) equal the values that other implementations publish. */
class HashTest {
  /** Test leaves that other implementations use. */
  static final List<byte[]> LEAVES =
      List.of(
              "",
              "00",
              "10",
              "2021",
              "3031",
              "40414243",
              "5051525354555657",
              "606162636465666768696a6b6c6d6e6f")
          .stream()
          .map(HexFormat.of()::parseHex)
          .toList();

  /** The roots of the trees of the first 0 to 8 leaves. */
  static final List<String> ROOTS =
      List.of(
          "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
          "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
          "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
          "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
          "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
          "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
          "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
          "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
          "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");

  @Test
  void hashesHaveTheirKnownValues() {
    assertThat(Hash.EMPTY_TREE.hex()).isEqualTo(ROOTS.get(0));
    assertThat(Hash.ofLeaf(new byte[0]).hex()).isEqualTo(ROOTS.get(1));
    assertThat(Hash.ofLeaf(ascii("L123456")).hex())
        .isEqualTo("395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  }

  @Test
  void knownTreesHaveTheirKnownRoots() {
    CompactRange range = CompactRange.empty();
    TileEdge edge = TileEdge.EMPTY;
    for (int size = 0; size <= LEAVES.size(); size++) {
      assertThat(range.root().hex()).isEqualTo(ROOTS.get(size));
      assertThat(edge.root().hex()).isEqualTo(ROOTS.get(size));
      assertThat(new ReferenceTree(LEAVES).root(size).hex()).isEqualTo(ROOTS.get(size));
      if (size < LEAVES.size()) {
        Hash leaf = Hash.ofLeaf(LEAVES.get(size));
        range.append(leaf);
        edge = edge.append(List.of(leaf)).edge();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 33, 64})
  void hashIsExactly32Bytes(int length) {
    assertThatIllegalArgumentException().isThrownBy(() -> Hash.of(new byte[length]));
  }

  @Test
  void equalBytesAreEqualHashes() {
    byte[] bytes = new byte[32];
    Hash hash = Hash.of(bytes);
    bytes[0] = 1;
    hash.bytes()[1] = 1;
    assertThat(hash).isEqualTo(Hash.of(new byte[32])).hasSameHashCodeAs(Hash.of(new byte[32]));
    assertThat(hash.base64()).isEqualTo("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
