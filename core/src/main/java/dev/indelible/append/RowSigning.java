// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.Signer;

/**
 * Choice of the rows that are signed.
 *
 * @param signer signs the rows
 * @param everyRow true if every row is signed; if not, only the log's own events are signed, and an
 *     {@code audit.row_signatures} event in the chain records this
 */
public record RowSigning(Signer signer, boolean everyRow) {
  /** Returns the choice to sign every row, which readers of the log expect. */
  public static RowSigning everyRow(Signer signer) {
    return new RowSigning(signer, true);
  }
}
