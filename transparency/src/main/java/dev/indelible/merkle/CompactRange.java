// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.ArrayList;
import java.util.List;

/**
 * A tree that only grows, kept as the roots of its complete subtrees: one hash for each bit set in
 * its size, so at most 63. Enough to append leaves, at one node hash each on average, and to know
 * the root. Used by one thread.
 */
public final class CompactRange {
  /** The complete subtrees from left to right, and so from the largest to the smallest. */
  private final List<Hash> subtrees;

  private long size;

  private CompactRange(long size, List<Hash> subtrees) {
    this.size = size;
    this.subtrees = new ArrayList<>(subtrees);
  }

  /** The tree without leaves. */
  public static CompactRange empty() {
    return new CompactRange(0, List.of());
  }

  /**
   * Returns a tree that {@link #subtrees} has described.
   *
   * @param subtrees the roots of its complete subtrees from left to right
   * @throws IllegalArgumentException if there are not as many as a tree of that size has
   */
  public static CompactRange of(long size, List<Hash> subtrees) {
    if (size < 0 || subtrees.size() != Long.bitCount(size)) {
      throw new IllegalArgumentException(
          "%s subtrees do not make a tree of size %s".formatted(subtrees.size(), size));
    }
    return new CompactRange(size, subtrees);
  }

  /**
   * Adds a leaf at the end.
   *
   * @throws IllegalStateException if the tree has 2<sup>63</sup>-1 leaves already
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

  /** The number of leaves. */
  public long size() {
    return size;
  }

  /** The roots of the complete subtrees, from left to right. */
  public List<Hash> subtrees() {
    return List.copyOf(subtrees);
  }

  /** The root of the tree. */
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
