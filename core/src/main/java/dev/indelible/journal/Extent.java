// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

/**
 * The positions that the segments of a journal cover.
 *
 * @param base where the first of them begins; everything before it is settled
 * @param end where the last of them ends; nothing was written after it yet
 */
public record Extent(long base, long end) {
  /** Returns the extent of these segments and others of the journal. */
  Extent plus(Extent other) {
    return new Extent(Math.min(base, other.base), Math.max(end, other.end));
  }
}
