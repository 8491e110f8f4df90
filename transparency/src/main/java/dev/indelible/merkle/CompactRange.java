// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.ArrayList;
import java.util.List;

/**
 * A growing tree, stored as the roots of its complete subtrees: one hash for each bit set in its
 * size, at most 63. Appending a leaf computes one node hash on average. Used by one thread.
 */
public final class CompactRange {
  /** The roots of the complete subtrees from left to right: the largest first. */
  private final List<Hash> subtrees;

  private long size;

  private CompactRange(long size, List<Hash> subtrees) {
    this.size = size;
    this.subtrees = new ArrayList<>(subtrees);
  }

  /** Returns the tree with no leaves. */
  public static CompactRange empty() {
    return new CompactRange(0, List.of());
  }

  /**
   * Returns the tree with this size and these {@link #subtrees}.
   *
   * @param subtrees the roots of the complete subtrees, from left to right
   * @throws IllegalArgumentException if a tree of this size has a different number of complete
   *     subtrees
   */
  public static CompactRange of(long size, List<Hash> subtrees) {
    if (size < 0 || subtrees.size() != Long.bitCount(size)) {
      throw new IllegalArgumentException(
          "%s subtrees do not make a tree of size %s".formatted(subtrees.size(), size));
    }
    return new CompactRange(size, subtrees);
  }

  /**
   * Appends a leaf.
   *
   * @throws IllegalStateException if the tree already has 2<sup>63</sup>-1 leaves
   */
  public void append(Hash leaf) {
    if (size == Long.MAX_VALUE) {
      throw new IllegalStateException("a tree has at most 2^63-1 leaves");
    }
    Hash grown = leaf;
    for (long full = size; (full & 1) == 1; full >>>= 1) {
      grown = Hash.ofNode(subtrees.remove(subtrees.size() - 1), grown);
    }
    subtrees.add(grown);
    size++;
  }

  /** Returns the number of leaves. */
  public long size() {
    return size;
  }

  /** Returns the roots of the complete subtrees, from left to right. */
  public List<Hash> subtrees() {
    return List.copyOf(subtrees);
  }

  /** Returns the root of the tree. */
  public Hash root() {
    if (size == 0) {
      return Hash.EMPTY_TREE;
    }
    int last = subtrees.size() - 1;
    Hash root = subtrees.get(last);
    for (int i = last - 1; i >= 0; i--) {
      root = Hash.ofNode(subtrees.get(i), root);
    }
    return root;
  }
}
