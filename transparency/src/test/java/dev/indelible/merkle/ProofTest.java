// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.indelible.testkit.Sample;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Proofs equal the ones that RFC 9162 defines, and every small change to a proof is refused. */
@Tag("any-jdk")
class ProofTest {
  /** The largest tree in the tests that try every size. */
  private static final int ALL_SIZES = 300;

  private static final int LARGE = 20_000;

  private final ReferenceTree reference = ReferenceTree.numbered(ALL_SIZES);

  /** Returns nodes from the reference tree, so that only the proof is under test. */
  private static NodeSource<RuntimeException> nodes(ReferenceTree tree) {
    return (level, index) -> tree.subtree((int) (index << level), (int) (index + 1 << level));
  }

  private static MerkleTree<RuntimeException> tree(ReferenceTree reference, int size) {
    return new MerkleTree<>(nodes(reference), size);
  }

  @Test
  void smallTreesHaveRfcInclusionProofs() throws Exception {
    assertThat(tree(reference, 0).root()).isEqualTo(Hash.EMPTY_TREE);
    for (int size = 1; size <= ALL_SIZES; size++) {
      MerkleTree<RuntimeException> tree = tree(reference, size);
      assertThat(tree.root()).isEqualTo(reference.root(size));
      for (int index = 0; index < size; index++) {
        InclusionProof proof = tree.inclusionProof(index);
        assertThat(proof.path()).isEqualTo(reference.path(index, size));
        proof.verify(reference.leaf(index), reference.root(size));
      }
    }
  }

  @Test
  void smallTreesHaveRfcConsistencyProofs() throws Exception {
    for (int size = 1; size <= ALL_SIZES; size++) {
      for (int older = 1; older <= size; older++) {
        ConsistencyProof proof = tree(reference, size).consistencyProof(older);
        assertThat(proof.path()).isEqualTo(reference.proof(older, size));
        proof.verify(reference.root(older), reference.root(size));
      }
    }
  }

  @Test
  void largerTreesHaveRfcProofs() throws Exception {
    ReferenceTree large = ReferenceTree.numbered(LARGE);
    SplittableRandom random = new SplittableRandom(9162);
    for (int i = 0; i < 300; i++) {
      int size = random.nextInt(1, LARGE + 1);
      int index = random.nextInt(size);
      InclusionProof inclusion = tree(large, size).inclusionProof(index);
      assertThat(inclusion.path()).isEqualTo(large.path(index, size));
      inclusion.verify(large.leaf(index), large.root(size));
      ConsistencyProof consistency = tree(large, size).consistencyProof(index + 1);
      assertThat(consistency.path()).isEqualTo(large.proof(index + 1, size));
      consistency.verify(large.root(index + 1), large.root(size));
    }
  }

  @Test
  void inclusionProofWithAChangedBitIsRefused() {
    for (int size = 1; size <= 9; size++) {
      Hash root = reference.root(size);
      for (int index = 0; index < size; index++) {
        List<Hash> path = reference.path(index, size);
        InclusionProof right = new InclusionProof(index, size, path);
        for (int bit = 0; bit < 256; bit += Sample.step(7)) {
          refused(right, flip(reference.leaf(index), bit), root);
          refused(right, reference.leaf(index), flip(root, bit));
          for (int i = 0; i < path.size(); i++) {
            refused(
                new InclusionProof(index, size, with(path, i, flip(path.get(i), bit))),
                reference.leaf(index),
                root);
          }
        }
      }
    }
  }

  @Test
  void inclusionProofOfWrongLengthOrOrderIsRefused() {
    for (int size = 1; size <= 33; size++) {
      Hash root = reference.root(size);
      for (int index = 0; index < size; index++) {
        Hash leaf = reference.leaf(index);
        List<Hash> path = reference.path(index, size);
        for (List<Hash> wrong : resized(path, leaf, root)) {
          refused(new InclusionProof(index, size, wrong), leaf, root);
        }
        for (int i = 1; i < path.size(); i++) {
          List<Hash> swapped = with(path, i, path.get(i - 1));
          swapped.set(i - 1, path.get(i));
          refused(new InclusionProof(index, size, swapped), leaf, root);
        }
      }
    }
  }

  @Test
  void leafIsNotProvenAtAnotherIndex() {
    for (int size = 2; size <= 33; size++) {
      for (int index = 0; index < size; index++) {
        for (int other = 0; other <= size; other++) {
          if (other != index) {
            InclusionProof lie = new InclusionProof(other, size, reference.path(index, size));
            refused(lie, reference.leaf(index), reference.root(size));
          }
        }
      }
    }
  }

  @Test
  void consistencyProofWithAChangedBitIsRefused() {
    for (int size = 1; size <= 9; size++) {
      for (int older = 1; older <= size; older++) {
        List<Hash> path = reference.proof(older, size);
        ConsistencyProof right = new ConsistencyProof(older, size, path);
        Hash root1 = reference.root(older);
        Hash root2 = reference.root(size);
        for (int bit = 0; bit < 256; bit += Sample.step(7)) {
          refused(right, flip(root1, bit), root2);
          refused(right, root1, flip(root2, bit));
          for (int i = 0; i < path.size(); i++) {
            refused(
                new ConsistencyProof(older, size, with(path, i, flip(path.get(i), bit))),
                root1,
                root2);
          }
        }
      }
    }
  }

  @Test
  void consistencyProofOfWrongLengthIsRefused() {
    for (int size = 1; size <= 33; size++) {
      for (int older = 1; older <= size; older++) {
        Hash root1 = reference.root(older);
        Hash root2 = reference.root(size);
        for (List<Hash> wrong : resized(reference.proof(older, size), root1, root2)) {
          refused(new ConsistencyProof(older, size, wrong), root1, root2);
        }
      }
    }
  }

  /** Two forks have equal sizes, but one leaf of the older part differs. */
  @Test
  void noProofConnectsTwoForks() {
    for (int size = 2; size <= 33; size++) {
      for (int older = 1; older < size; older++) {
        List<byte[]> entries = new ArrayList<>();
        for (int i = 0; i < size; i++) {
          entries.add(reference.entry(i));
        }
        entries.set(older - 1, new byte[] {7});
        ReferenceTree fork = new ReferenceTree(entries);
        refused(
            new ConsistencyProof(older, size, fork.proof(older, size)),
            reference.root(older),
            fork.root(size));
        refused(
            new ConsistencyProof(older, size, reference.proof(older, size)),
            reference.root(older),
            fork.root(size));
      }
    }
  }

  @Test
  void invalidPositionIsRefusedWithReason() {
    Hash any = Hash.EMPTY_TREE;
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new InclusionProof(-1, 1, List.of()).verify(any, any))
        .withMessageContaining("leaf 18446744073709551615")
        .withMessageContaining("above 2^63-1");
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new InclusionProof(0, Long.MIN_VALUE, List.of()).verify(any, any))
        .withMessageContaining("size 9223372036854775808");
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new InclusionProof(0, 0, List.of()).verify(any, any))
        .withMessageContaining("has no leaf");
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new ConsistencyProof(1, -1, List.of()).verify(any, any))
        .withMessageContaining("size 18446744073709551615")
        .withMessageContaining("above 2^63-1");
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new ConsistencyProof(2, 1, List.of()).verify(any, any))
        .withMessageContaining("never shrinks");
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new ConsistencyProof(0, 0, List.of()).verify(any, any))
        .withMessageContaining("nothing to prove");
  }

  @Test
  void largestTreeVerifiesAtBothEnds() throws Exception {
    // The path alone determines the root; the other leaves of this tree do not exist.
    List<Hash> siblings = new ArrayList<>();
    Hash root = reference.leaf(0);
    for (int level = 0; level < 62; level++) {
      siblings.add(Hash.ofLeaf(new byte[] {(byte) level}));
      root = Hash.ofNode(siblings.get(level), root);
    }
    // The last leaf of a tree with 2^63-1 leaves has a left sibling on every level except the
    // lowest.
    new InclusionProof(Long.MAX_VALUE - 1, Long.MAX_VALUE, siblings)
        .verify(reference.leaf(0), root);
    Hash wrong = root;
    refused(
        new InclusionProof(Long.MAX_VALUE - 2, Long.MAX_VALUE, siblings), reference.leaf(0), wrong);
    siblings.add(root);
    refused(
        new InclusionProof(Long.MAX_VALUE - 1, Long.MAX_VALUE, siblings), reference.leaf(0), wrong);
  }

  @Test
  void proofOfAMissingLeafIsRefused() {
    MerkleTree<RuntimeException> tree = tree(reference, 8);
    for (long index : new long[] {-1, 8, Long.MAX_VALUE}) {
      assertThatIllegalArgumentException().isThrownBy(() -> tree.inclusionProof(index));
    }
    for (long older : new long[] {-1, 0, 9}) {
      assertThatIllegalArgumentException().isThrownBy(() -> tree.consistencyProof(older));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> new MerkleTree<>(nodes(reference), -1));
  }

  /** A proof reads few hashes, whatever the size of the tree. */
  @Test
  void proofReadsFewHashes() {
    long size = (1L << 40) - 1;
    int[] reads = {0};
    MerkleTree<RuntimeException> tree =
        new MerkleTree<>(
            (level, index) -> {
              reads[0]++;
              assertThat(index + 1 << level).isLessThanOrEqualTo(size);
              return Hash.EMPTY_TREE;
            },
            size);
    tree.inclusionProof(0);
    assertThat(reads[0]).isLessThanOrEqualTo(80);
    tree.consistencyProof((1L << 39) + 12345);
    assertThat(reads[0]).isLessThanOrEqualTo(200);
  }

  private static void refused(InclusionProof proof, Hash leaf, Hash root) {
    try {
      proof.verify(leaf, root);
    } catch (InvalidProofException e) {
      return;
    }
    throw new AssertionError("accepted: " + proof);
  }

  private static void refused(ConsistencyProof proof, Hash root1, Hash root2) {
    try {
      proof.verify(root1, root2);
    } catch (InvalidProofException e) {
      return;
    }
    throw new AssertionError("accepted: " + proof);
  }

  private static List<Hash> with(List<Hash> path, int at, Hash hash) {
    List<Hash> changed = new ArrayList<>(path);
    changed.set(at, hash);
    return changed;
  }

  /**
   * Returns every path with one hash removed, and every path with {@code one} or {@code other}
   * inserted.
   */
  private static List<List<Hash>> resized(List<Hash> path, Hash one, Hash other) {
    List<List<Hash>> wrong = new ArrayList<>();
    for (int i = 0; i < path.size(); i++) {
      List<Hash> shorter = new ArrayList<>(path);
      shorter.remove(i);
      wrong.add(shorter);
    }
    for (int i = 0; i <= path.size(); i++) {
      for (Hash extra : List.of(one, other, Hash.EMPTY_TREE)) {
        List<Hash> longer = new ArrayList<>(path);
        longer.add(i, extra);
        wrong.add(longer);
      }
    }
    return wrong;
  }

  private static Hash flip(Hash hash, int bit) {
    byte[] bytes = hash.bytes();
    bytes[bit / 8] ^= (byte) (1 << bit % 8);
    return Hash.of(bytes);
  }
}
