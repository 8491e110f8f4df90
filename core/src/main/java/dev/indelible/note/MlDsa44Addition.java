// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/**
 * Content of a {@code key.ml_dsa_44_added} event: from this row on, each checkpoint of the log has
 * a signature of this ML-DSA-44 key beside the Ed25519 signature. The log's Ed25519 key signs the
 * row; the first checkpoint over the row proves that the log holds the ML-DSA-44 key. A later event
 * replaces the key.
 *
 * @param ledger the ledger whose checkpoints the key signs
 * @param key the ML-DSA-44 key
 * @param reason the reason of a replacement that the operator stated; empty for the first key
 */
public record MlDsa44Addition(UUID ledger, MlDsa44Key key, Optional<String> reason) {

  /** Reads the addition in a row; empty if the row has no readable one. */
  public static Optional<MlDsa44Addition> read(ChainRow row) {
    return row.details(
        SystemEvent.KEY_ML_DSA_44_ADDED,
        details ->
            new MlDsa44Addition(
                UUID.fromString(details.string("ledger_id")),
                MlDsa44Key.of(Base64.getDecoder().decode(details.string("public_key"))),
                details.optionalString("reason")));
  }

  /** Returns the event that records this addition in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.KEY_ML_DSA_44_ADDED,
        new CanonicalWriter()
            .beginObject()
            .member("ledger_id", ledger.toString())
            .base64Member("public_key", key.raw())
            .member("reason", reason)
            .endObject());
  }
}
