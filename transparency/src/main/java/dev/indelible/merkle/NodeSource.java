// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * The storage of the hashes of a tree.
 *
 * @param <X> what reading may fail with
 */
@FunctionalInterface
public interface NodeSource<X extends Exception> {
  /**
   * The hash of one complete subtree: that of the 2<sup>level</sup> leaves from {@code index *
   * 2^level} on. Only subtrees that lie wholly within the tree are asked for.
   *
   * @param level its height; leaves are 0
   * @param index its index among the nodes of its height, from 0
   */
  Hash node(int level, long index) throws X;
}
