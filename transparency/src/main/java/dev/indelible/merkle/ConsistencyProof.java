// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.Iterator;
import java.util.List;

/**
 * A proof that the first {@code size1} leaves of a tree of {@code size2} leaves are the leaves of
 * the older tree, so the log only grew (RFC 9162 section 2.1.4). Untrusted until {@link #verify}
 * has returned.
 *
 * @param size1 the number of leaves of the older tree
 * @param size2 the number of leaves of the newer tree
 * @param path the hashes of the proof, lowest first
 */
public record ConsistencyProof(long size1, long size2, List<Hash> path) {
  public ConsistencyProof {
    path = List.copyOf(path);
  }

  /**
   * Verifies that the newer tree, of root {@code root2}, begins with the older tree, of root {@code
   * root1}, and that the path has exactly the needed hashes. Trees of equal size need no hashes,
   * and their roots must be equal.
   *
   * <p>An empty older tree is refused: every tree begins with it, so there is nothing to prove. A
   * protocol that allows it must handle it before the call.
   *
   * @throws InvalidProofException if the proof does not verify
   */
  public void verify(Hash root1, Hash root2) throws InvalidProofException {
    requireBounds();
    if (size1 == size2) {
      require(path.isEmpty(), "trees of one size need no hashes, and the proof has some");
      require(root1.equals(root2), "two roots for one size: %s and %s".formatted(root1, root2));
      return;
    }
    require(!path.isEmpty(), "the proof is empty");
    verifyGrowth(root1, root2);
  }

  /** Implements RFC 9162 section 2.1.4.2. */
  private void verifyGrowth(Hash root1, Hash root2) throws InvalidProofException {
    Iterator<Hash> hashes = path.iterator();
    // Both computations start at the older tree's last complete subtree. If that subtree is the
    // whole older tree, the proof omits its hash.
    Hash first = Long.bitCount(size1) == 1 ? root1 : hashes.next();
    // On each level, fn is the index of the older tree's last node, and sn the index of the newer
    // tree's last node.
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
      require(sn != 0, "the proof has too many hashes: " + path.size());
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
    require(sn == 0, "the proof has too few hashes: " + path.size());
    require(older.equals(root1), "it leads to older root %s, not to %s".formatted(older, root1));
    require(newer.equals(root2), "it leads to newer root %s, not to %s".formatted(newer, root2));
  }

  private void requireBounds() throws InvalidProofException {
    require(size1 >= 0 && size2 >= 0, "a size is above 2^63-1");
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
