// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * Reads the stored hashes of a tree.
 *
 * @param <X> the exception for a failed read
 */
@FunctionalInterface
public interface NodeSource<X extends Exception> {
  /**
   * Returns the hash of a complete subtree: the 2<sup>level</sup> leaves that begin at {@code index
   * * 2^level}. Called only for subtrees within the tree.
   *
   * @param level the height of the subtree; a leaf has height 0
   * @param index the index among the subtrees of this height, from 0
   */
  Hash node(int level, long index) throws X;
}
