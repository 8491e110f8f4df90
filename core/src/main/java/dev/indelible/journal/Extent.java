// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

/**
 * The positions that the segments of a journal cover.
 *
 * @param base the position at which the first segment begins; everything before it is settled
 * @param end the position at which the last segment ends; nothing was written after it yet
 */
public record Extent(long base, long end) {
  /** Returns the extent that covers this one and another one of the journal. */
  Extent plus(Extent other) {
    return new Extent(Math.min(base, other.base), Math.max(end, other.end));
  }
}
