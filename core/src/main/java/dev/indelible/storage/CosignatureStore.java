// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;

/** Stores cosignatures of a ledger's checkpoints. */
@FunctionalInterface
public interface CosignatureStore {
  /**
   * Stores a cosignature, and replaces an earlier one by this witness for this checkpoint. Changes
   * neither the chain nor the checkpoint. Stores nothing if the checkpoint does not exist.
   *
   * @param size the size of the checkpoint
   * @param witness the name and id of the witness's key
   * @param line the signature line, without a newline
   * @throws LedgerException if it cannot be stored now
   */
  void keep(long size, String witness, String line) throws LedgerException;
}
