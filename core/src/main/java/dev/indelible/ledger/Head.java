// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

import java.util.Arrays;
import java.util.HexFormat;

/**
 * The end of a chain, which the next row links to.
 *
 * @param sequence the last row's sequence; 0 when there is none
 * @param hash the last row's record hash, 32 bytes; zeros when there is none
 */
public record Head(long sequence, byte[] hash) {
  /** The head of an empty chain. */
  public static final Head EMPTY = new Head(0, new byte[32]);

  /** Returns the hash in hex. */
  public String hex() {
    return HexFormat.of().formatHex(hash);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Head head
        && head.sequence == sequence
        && Arrays.equals(head.hash, hash);
  }

  @Override
  public int hashCode() {
    return Long.hashCode(sequence) * 31 + Arrays.hashCode(hash);
  }

  @Override
  public String toString() {
    return sequence + ":" + hex();
  }
}
