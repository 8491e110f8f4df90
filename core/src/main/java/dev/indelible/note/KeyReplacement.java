// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Content of a {@code key.replaced} event: the previous signing key is lost, and a new key signs
 * from this row on. The new key also signs this row. Its signature proves only that the writer of
 * the row holds the new key: no earlier key introduces it.
 *
 * @param ledger the ledger whose key is replaced
 * @param newKey the key that signs from this row on
 * @param lostKeyId the key that is lost; empty if the chain does not name it
 * @param reason the reason that the operator stated
 */
public record KeyReplacement(
    UUID ledger, VerificationKey newKey, Optional<String> lostKeyId, String reason) {

  /** Reads the replacement in a row; empty if the row has no readable one. */
  public static Optional<KeyReplacement> read(ChainRow row) {
    return row.details(
        SystemEvent.KEY_REPLACED,
        details ->
            new KeyReplacement(
                UUID.fromString(details.string("ledger_id")),
                VerificationKey.of(Base64.getDecoder().decode(details.string("new_key"))),
                details.optionalString("lost_key_id"),
                details.string("reason")));
  }

  /** Returns the event that records this replacement in the chain; the new key must sign it. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("ledger_id", ledger.toString()).member("lost_key_id", lostKeyId);
    out.base64Member("new_key", newKey.raw()).member("reason", reason);
    return SystemEvent.of(SystemEvent.KEY_REPLACED, out.endObject());
  }

  /** Returns true if the new key signed the row, and the row's payload is unchanged. */
  public boolean holds(ChainRow row) {
    return row.keyId().filter(newKey.keyId()::equals).isPresent()
        && new RowCheck(KeyRing.of(List.of(newKey))).content(row).isEmpty();
  }
}
