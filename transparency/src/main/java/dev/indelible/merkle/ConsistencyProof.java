// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.Iterator;
import java.util.List;

/**
 * The claim that the first {@code size1} leaves of the tree of {@code size2} leaves are those of
 * the smaller tree: that the log only grew in between (RFC 9162 section 2.1.4). Nothing of it is
 * true before {@link #verify} has returned.
 *
 * @param size1 the number of leaves of the older tree
 * @param size2 the number of leaves of the newer tree
 * @param path the hashes that it takes, lowest first
 */
public record ConsistencyProof(long size1, long size2, List<Hash> path) {
  public ConsistencyProof {
    path = List.copyOf(path);
  }

  /**
   * Returns if the older tree of {@code root1} is the beginning of the newer one of {@code root2},
   * and the path has exactly the hashes that this takes. Trees of one size need none, and then
   * their roots must be equal.
   *
   * <p>The empty tree is no older tree here: it is the beginning of every tree, so there is nothing
   * to prove, and a protocol that allows it states that itself.
   *
   * @throws InvalidProofException if not
   */
  public void verify(Hash root1, Hash root2) throws InvalidProofException {
    requireBounds();
    if (size1 == size2) {
      require(path.isEmpty(), "trees of one size need no proof, and this one has hashes");
      require(root1.equals(root2), "two roots for one size: %s and %s".formatted(root1, root2));
      return;
    }
    require(!path.isEmpty(), "the proof is empty");
    verifyGrowth(root1, root2);
  }

  /** RFC 9162 section 2.1.4.2. */
  private void verifyGrowth(Hash root1, Hash root2) throws InvalidProofException {
    Iterator<Hash> hashes = path.iterator();
    // The older tree's last complete subtree is where both ways start; it is the root itself if
    // that tree is complete, and is not sent then.
    Hash first = Long.bitCount(size1) == 1 ? root1 : hashes.next();
    // fn is the index of the older tree's last node, sn that of the newer tree's, on one level.
    long fn = size1 - 1;
    long sn = size2 - 1;
    while ((fn & 1) == 1) {
      fn >>= 1;
      sn >>= 1;
    }
    Hash older = first;
    Hash newer = first;
    while (hashes.hasNext()) {
      Hash next = hashes.next();
      require(sn != 0, "the proof has more hashes than it takes: " + path.size());
      if ((fn & 1) == 1 || fn == sn) {
        older = Hash.ofNode(next, older);
        newer = Hash.ofNode(next, newer);
        while ((fn & 1) == 0 && fn != 0) {
          fn >>= 1;
          sn >>= 1;
        }
      } else {
        newer = Hash.ofNode(newer, next);
      }
      fn >>= 1;
      sn >>= 1;
    }
    require(sn == 0, "the proof has fewer hashes than it takes: " + path.size());
    require(older.equals(root1), "it leads to older root %s, not to %s".formatted(older, root1));
    require(newer.equals(root2), "it leads to newer root %s, not to %s".formatted(newer, root2));
  }

  private void requireBounds() throws InvalidProofException {
    require(size1 >= 0 && size2 >= 0, "numbers above 2^63-1 are refused");
    require(size1 <= size2, "a tree never shrinks");
    require(size1 > 0, "every tree is consistent with the empty one; there is nothing to prove");
  }

  private void require(boolean holds, String otherwise) throws InvalidProofException {
    if (!holds) {
      throw new InvalidProofException(
          "consistency of size %s with size %s: %s"
              .formatted(Long.toUnsignedString(size1), Long.toUnsignedString(size2), otherwise));
    }
  }
}
