// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/**
 * A checkpoint as it is stored; nothing of it is checked.
 *
 * @param size the number of rows it says it is over
 * @param note the signed note, where it is read with the cosignatures that were kept of it; shared,
 *     not to be changed
 */
public record StoredCheckpoint(long size, byte[] note) {}
