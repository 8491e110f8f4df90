// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Content of a {@code key.compromised} event: a key is revoked. A row that the key signs after the
 * event is not valid. The signer of the rows from {@code sinceSequence} up to the event is unknown.
 *
 * @param keyId the key
 * @param sinceSequence the first row that others may have signed; if empty, no row before the event
 *     is suspect
 * @param sinceTime the time from which {@code sinceSequence} was determined, if one was given
 * @param reason the reason
 */
public record KeyRevocation(
    String keyId, OptionalLong sinceSequence, Optional<String> sinceTime, String reason) {

  /** Reads the revocation in a row; empty if the row has no readable one. */
  public static Optional<KeyRevocation> read(ChainRow row) {
    return row.details(
        SystemEvent.KEY_COMPROMISED,
        details ->
            new KeyRevocation(
                details.string("key_id"),
                details.optionalLong("since_sequence"),
                details.optionalString("since_time"),
                details.string("reason")));
  }

  /** Returns the event that records this revocation in the chain. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("key_id", keyId).member("reason", reason);
    sinceSequence.ifPresent(sequence -> out.member("since_sequence", sequence));
    out.member("since_time", sinceTime);
    return SystemEvent.of(SystemEvent.KEY_COMPROMISED, out.endObject());
  }
}
