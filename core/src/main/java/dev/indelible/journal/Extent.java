// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

/**
 * The positions that the segments of a journal cover.
 *
 * @param base where the first of them begins; all before it was settled
 * @param end where the last of them ends; nothing behind it was written yet
 */
public record Extent(long base, long end) {}
