// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.List;

/**
 * A proof that a leaf is at {@code index} in a tree of {@code size} leaves (RFC 9162 section
 * 2.1.3). Untrusted until {@link #verify} has returned.
 *
 * @param index the index of the leaf, from 0
 * @param size the number of leaves of the tree
 * @param path the sibling hashes on the way from the leaf to the root, starting with the leaf's
 *     sibling
 */
public record InclusionProof(long index, long size, List<Hash> path) {
  public InclusionProof {
    path = List.copyOf(path);
  }

  /**
   * Verifies that the leaf is at the claimed index in the tree with this root, and that the path
   * has exactly the needed hashes.
   *
   * @throws InvalidProofException if the proof does not verify
   */
  public void verify(Hash leaf, Hash root) throws InvalidProofException {
    Hash computed = rootFrom(leaf);
    if (!computed.equals(root)) {
      throw new InvalidProofException(
          "inclusion of leaf %s in the tree of size %s: the proof leads to root %s, not to %s"
              .formatted(index, size, computed, root));
    }
  }

  /**
   * Returns the root that the proof computes from a leaf (RFC 9162 section 2.1.3.2). The caller
   * must verify that it is the log's root.
   *
   * @throws InvalidProofException if the index is not in the tree, or the path is too short or too
   *     long
   */
  public Hash rootFrom(Hash leaf) throws InvalidProofException {
    requireBounds();
    // On each level, fn is the index of the node that was reached, and sn the index of the last
    // node.
    long fn = index;
    long sn = size - 1;
    Hash reached = leaf;
    for (Hash sibling : path) {
      if (sn == 0) {
        throw wrongLength("many");
      }
      if ((fn & 1) == 1 || fn == sn) {
        reached = Hash.ofNode(sibling, reached);
        // A last node without a sibling moves up until it is a right child.
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        reached = Hash.ofNode(reached, sibling);
      }
      fn >>= 1;
      sn >>= 1;
    }
    if (sn != 0) {
      throw wrongLength("few");
    }
    return reached;
  }

  private void requireBounds() throws InvalidProofException {
    if (size < 0 || index < 0) {
      throw new InvalidProofException(
          "inclusion of leaf %s in the tree of size %s: a number is above 2^63-1"
              .formatted(Long.toUnsignedString(index), Long.toUnsignedString(size)));
    }
    if (index >= size) {
      throw new InvalidProofException(
          "inclusion of leaf %s in the tree of size %s: the tree has no leaf of that index"
              .formatted(index, size));
    }
  }

  private InvalidProofException wrongLength(String manyOrFew) {
    return new InvalidProofException(
        "inclusion of leaf %s in the tree of size %s: the proof has too %s hashes: %s"
            .formatted(index, size, manyOrFew, path.size()));
  }
}
