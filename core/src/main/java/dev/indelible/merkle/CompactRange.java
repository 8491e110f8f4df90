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
  /** Height of the largest subtree that is complete in a tree of at most 2^63-1 leaves. */
  private static final int MAX_LEVEL = 62;

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
   * A tree as {@link #subtrees} once gave it.
   *
   * @param subtrees the roots of its complete subtrees from left to right
   * @throws IllegalArgumentException if there are not as many as a tree of that size has
   */
  public static CompactRange of(long size, List<Hash> subtrees) {
    if (size < 0 || subtrees.size() != Long.bitCount(size)) {
      throw new IllegalArgumentException(
          "%d subtrees do not make a tree of size %d".formatted(subtrees.size(), size));
    }
    return new CompactRange(size, subtrees);
  }

  /** The same tree, to grow on its own. */
  public CompactRange copy() {
    return new CompactRange(size, subtrees);
  }

  /** Adds a leaf at the end. */
  public void append(Hash leaf) {
    append(leaf, 0);
  }

  /**
   * Adds a complete subtree at the end, so that parts of a tree can be computed side by side.
   *
   * @param subtree its root
   * @param level its height: it has 2<sup>level</sup> leaves
   * @throws IllegalArgumentException if no such subtree starts where this tree ends
   */
  public void append(Hash subtree, int level) {
    long leaves = level < 0 || level > MAX_LEVEL ? 0 : 1L << level;
    if (leaves == 0 || size % leaves != 0) {
      throw new IllegalArgumentException(
          "no subtree of height %d starts at leaf %d".formatted(level, size));
    }
    if (size > Long.MAX_VALUE - leaves) {
      throw new IllegalStateException("a tree has at most 2^63-1 leaves");
    }
    Hash grown = subtree;
    for (long full = size >>> level; (full & 1) == 1; full >>>= 1) {
      grown = Hash.ofNode(subtrees.remove(subtrees.size() - 1), grown);
    }
    subtrees.add(grown);
    size += leaves;
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
