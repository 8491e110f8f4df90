// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.ArrayList;
import java.util.List;

/**
 * Computes the root and the proofs of a tree whose hashes are stored in a {@link NodeSource}. Each
 * computation reads at most about 128 hashes.
 *
 * @param <X> the exception for a failed read
 */
public final class MerkleTree<X extends Exception> {
  private final NodeSource<X> nodes;
  private final long size;

  /**
   * Creates the tree of the first {@code size} leaves in {@code nodes}.
   *
   * @throws IllegalArgumentException if the size is negative
   */
  public MerkleTree(NodeSource<X> nodes, long size) {
    if (size < 0) {
      throw new IllegalArgumentException("a tree has 0 leaves or more, not " + size);
    }
    this.nodes = nodes;
    this.size = size;
  }

  /** Returns the number of leaves. */
  public long size() {
    return size;
  }

  /** Returns the root: {@code MTH(D[n])} of RFC 9162 section 2.1.1. */
  public Hash root() throws X {
    return size == 0 ? Hash.EMPTY_TREE : subtree(0, size);
  }

  /**
   * Returns the proof that the leaf at {@code index} is in this tree: {@code PATH(m, D_n)} of RFC
   * 9162 section 2.1.3.1.
   *
   * @throws IllegalArgumentException if the tree has no leaf at {@code index}
   */
  public InclusionProof inclusionProof(long index) throws X {
    if (index < 0 || index >= size) {
      throw new IllegalArgumentException("a tree of size %s has no leaf %s".formatted(size, index));
    }
    List<Hash> path = new ArrayList<>();
    inclusionPath(index, 0, size, path);
    return new InclusionProof(index, size, path);
  }

  /**
   * Adds to {@code path} the hashes from leaf {@code index} up to the root of the {@code width}
   * leaves that begin at {@code start}.
   */
  private void inclusionPath(long index, long start, long width, List<Hash> path) throws X {
    if (width == 1) {
      return;
    }
    long left = largestPowerBelow(width);
    if (index - start < left) {
      inclusionPath(index, start, left, path);
      path.add(subtree(start + left, width - left));
    } else {
      inclusionPath(index, start + left, width - left, path);
      path.add(subtree(start, left));
    }
  }

  /**
   * Returns the proof that this tree begins with the tree of {@code olderSize} leaves: {@code
   * PROOF(m, D_n)} of RFC 9162 section 2.1.4.1.
   *
   * @throws IllegalArgumentException if the older size is 0 or exceeds this size, so that there is
   *     nothing to prove
   */
  public ConsistencyProof consistencyProof(long olderSize) throws X {
    if (olderSize <= 0 || olderSize > size) {
      throw new IllegalArgumentException(
          "no proof leads from size %s to size %s".formatted(olderSize, size));
    }
    List<Hash> path = new ArrayList<>();
    consistencyPath(olderSize, 0, size, true, path);
    return new ConsistencyProof(olderSize, size, path);
  }

  /**
   * Adds {@code SUBPROOF} for the {@code width} leaves that begin at {@code start}; the first
   * {@code older} of these are in the older tree.
   */
  private void consistencyPath(long older, long start, long width, boolean known, List<Hash> path)
      throws X {
    if (older == width) {
      if (!known) {
        path.add(subtree(start, width));
      }
      return;
    }
    long left = largestPowerBelow(width);
    if (older <= left) {
      consistencyPath(older, start, left, known, path);
      path.add(subtree(start + left, width - left));
    } else {
      consistencyPath(older - left, start + left, width - left, false, path);
      path.add(subtree(start, left));
    }
  }

  /**
   * Returns the hash of the {@code width} leaves that begin at {@code start}, combined from
   * complete subtrees.
   */
  private Hash subtree(long start, long width) throws X {
    if (Long.bitCount(width) == 1) {
      int level = Long.numberOfTrailingZeros(width);
      return nodes.node(level, start >>> level);
    }
    long left = largestPowerBelow(width);
    return Hash.ofNode(subtree(start, left), subtree(start + left, width - left));
  }

  /** Returns the largest power of two below a number above 1, at which RFC 9162 splits a tree. */
  private static long largestPowerBelow(long width) {
    return Long.highestOneBit(width - 1);
  }
}
