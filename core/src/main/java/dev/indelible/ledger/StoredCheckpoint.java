// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/**
 * A checkpoint as it is stored, unchecked.
 *
 * @param size the size in rows under which it is stored
 * @param note the signed note, with the stored cosignatures if the reader includes them; shared, so
 *     it must not be changed
 */
public record StoredCheckpoint(long size, byte[] note) {}
