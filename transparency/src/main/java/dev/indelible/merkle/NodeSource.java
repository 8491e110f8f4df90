// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * The storage of the hashes of a tree.
 *
 * @param <X> the exception of reading
 */
@FunctionalInterface
public interface NodeSource<X extends Exception> {
  /**
   * Returns the hash of one complete subtree: that of the 2<sup>level</sup> leaves from {@code
   * index * 2^level} on. Called only for subtrees within the tree.
   *
   * @param level its height; leaves are 0
   * @param index its index among the nodes of its height, from 0
   */
  Hash node(int level, long index) throws X;
}
