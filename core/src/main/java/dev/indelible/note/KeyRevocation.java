// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What a {@code key.compromised} event says: that a key is given up. A row that it signs behind the
 * event is not the log's; whose the rows from {@code sinceSequence} up to the event are cannot be
 * told.
 *
 * @param keyId the key
 * @param sinceSequence the first row that another may have signed; none before the event if not
 *     said
 * @param sinceTime the time from which that was reckoned, if it was said so
 * @param reason why
 */
public record KeyRevocation(
    String keyId, OptionalLong sinceSequence, Optional<String> sinceTime, String reason) {

  /** Reads it out of a row; empty if the row holds none that can be read. */
  public static Optional<KeyRevocation> read(ChainRow row) {
    return row.said(
        SystemEvent.KEY_COMPROMISED,
        details ->
            new KeyRevocation(
                details.string("key_id"),
                details.optionalLong("since_sequence"),
                details.optionalString("since_time"),
                details.string("reason")));
  }

  /** The event that chains it. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("key_id", keyId).member("reason", reason);
    sinceSequence.ifPresent(sequence -> out.member("since_sequence", sequence));
    out.member("since_time", sinceTime);
    return SystemEvent.of(SystemEvent.KEY_COMPROMISED, out.endObject());
  }
}
