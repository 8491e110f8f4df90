// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.Signer;

/**
 * Which rows are signed.
 *
 * @param signer signs them
 * @param everyRow whether every row is; if not, only what the log says of itself, and the chain
 *     says so by an {@code audit.row_signatures} event
 */
public record RowSigning(Signer signer, boolean everyRow) {
  /** Every row: what a reader of the log expects. */
  public static RowSigning everyRow(Signer signer) {
    return new RowSigning(signer, true);
  }
}
