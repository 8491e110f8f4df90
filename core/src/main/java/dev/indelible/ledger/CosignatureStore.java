// SPDX-License-Identifier: Apache-2.0
package dev.indelible.ledger;

/** Where cosignatures of a ledger's checkpoints are kept, beside them. */
@FunctionalInterface
public interface CosignatureStore {
  /**
   * Keeps a cosignature; one of the same witness for the same checkpoint is replaced. Nothing of
   * the chain or of the checkpoint itself is changed. If there is no such checkpoint, nothing is
   * kept.
   *
   * @param size the size of the checkpoint
   * @param witness the name and id of the witness's key
   * @param line the signature line, without a newline
   * @throws LedgerException if it cannot be kept for now
   */
  void keep(long size, String witness, String line) throws LedgerException;
}
