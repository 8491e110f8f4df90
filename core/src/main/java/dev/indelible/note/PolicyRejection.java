// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Content of a {@code policy.rejected} event: a policy did not come into force, or a key did not
 * become the operator's.
 *
 * @param reason the reason, in words
 * @param digest the digest of the policy; empty if it could not be read, or for a key
 * @param number the number in its signed note; empty without a readable note of the operator
 */
public record PolicyRejection(String reason, Optional<String> digest, OptionalLong number) {
  /** Reads the rejection in a row; empty if the row has none that is readable. */
  public static Optional<PolicyRejection> read(ChainRow row) {
    return row.details(
        SystemEvent.POLICY_REJECTED,
        details ->
            new PolicyRejection(
                details.string("reason"),
                details.optionalString("digest"),
                details.optionalLong("number")));
  }

  /** Returns the event that records this rejection. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject().member("digest", digest);
    number.ifPresent(given -> out.member("number", given));
    return SystemEvent.of(SystemEvent.POLICY_REJECTED, out.member("reason", reason).endObject());
  }
}
