// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.time.Duration;
import java.util.Optional;

/**
 * Content of a {@code fleet.created} event: the log is the log of logs of a fleet.
 *
 * @param origin the name of the log of logs in its checkpoints
 * @param freshness the promise of the operator: the newest admitted checkpoint of each open shard
 *     is never older; whole seconds
 */
public record FleetCreation(String origin, Duration freshness) {
  /** The freshness of a fleet whose operator states none. */
  public static final Duration DEFAULT_FRESHNESS = Duration.ofHours(1);

  public FleetCreation {
    VerifierKey.requireName(origin);
    if (freshness.getNano() != 0 || freshness.compareTo(Duration.ofSeconds(1)) < 0) {
      throw new IllegalArgumentException("freshness: not a whole number of seconds, at least 1");
    }
  }

  /** Reads the content of a row; empty if the row has none that is readable. */
  static Optional<FleetCreation> read(ChainRow row) {
    return row.details(
        SystemEvent.FLEET_CREATED,
        details ->
            new FleetCreation(
                details.string("origin"),
                Duration.ofSeconds(
                    details
                        .optionalLong("freshness_seconds")
                        .orElseThrow(
                            () -> new JsonFormatException("freshness_seconds: missing")))));
  }

  /** Returns the event that records this content in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.FLEET_CREATED,
        new CanonicalWriter()
            .beginObject()
            .member("freshness_seconds", freshness.toSeconds())
            .member("origin", origin)
            .endObject());
  }
}
