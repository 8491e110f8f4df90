// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import dev.indelible.checkpoint.WitnessPolicy.Witnessed;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Row that a receipt proves to be in a log.
 *
 * @param row the row, with its payload if the payload was disclosed
 * @param rowSignature the state of the row's own signature
 * @param signer the key that signed the receipt
 * @param checkpoint the checkpoint and its cosignatures; null for a COSE receipt, which has none
 */
public record ProvenDisclosure(
    ChainRow row, RowSignature rowSignature, SignatureKey signer, @Nullable Witnessed checkpoint) {
  /** State of a row's own signature; the log's signature covers the row in any case. */
  public enum RowSignature {
    OK,
    UNSIGNED,
    /** Signed by a key that is not trusted here. */
    UNKNOWN
  }

  /** Returns the checkpoint and its cosignatures; empty for a COSE receipt. */
  public Optional<Witnessed> witnessed() {
    return Optional.ofNullable(checkpoint);
  }
}
