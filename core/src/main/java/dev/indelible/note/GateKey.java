// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Content of a {@code gate.enrolled} or {@code gate.removed} event: a gate, and the key that signs
 * the groups of events that the gate sends through a topic.
 *
 * @param gate the name of the gate, see {@link #requireName}
 * @param key the gate's public key
 */
public record GateKey(String gate, VerificationKey key) {
  private static final Pattern NAME = Pattern.compile("[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?");

  public GateKey {
    requireName(gate);
  }

  /**
   * Returns the name of a gate if it can be recorded: 1 to 64 lower-case letters, digits, dots,
   * hyphens and underscores, with a letter or digit at both ends.
   *
   * @throws IllegalArgumentException if it has another form
   */
  public static String requireName(String gate) {
    if (!NAME.matcher(gate).matches()) {
      throw new IllegalArgumentException(
          "a gate's name has 1 to 64 lower-case letters, digits, dots, hyphens and underscores,"
              + " and begins and ends with a letter or digit");
    }
    return gate;
  }

  /** Reads an enrolment; empty if the row has no readable one. */
  public static Optional<GateKey> readEnrolled(ChainRow row) {
    return row.details(SystemEvent.GATE_ENROLLED, GateKey::read);
  }

  /** Reads a removal; empty if the row has no readable one. */
  public static Optional<GateKey> readRemoved(ChainRow row) {
    return row.details(SystemEvent.GATE_REMOVED, GateKey::read);
  }

  private static GateKey read(JsonFields details) throws JsonFormatException {
    return new GateKey(
        details.string("gate"),
        VerificationKey.of(Base64.getDecoder().decode(details.string("key"))));
  }

  /** Returns the event with which the gate may record. */
  public SystemEvent enrolled() {
    return event(SystemEvent.GATE_ENROLLED);
  }

  /** Returns the event after which the gate may no longer record. */
  public SystemEvent removed() {
    return event(SystemEvent.GATE_REMOVED);
  }

  private SystemEvent event(String type) {
    return SystemEvent.of(
        type,
        new CanonicalWriter()
            .beginObject()
            .member("gate", gate)
            .base64Member("key", key.raw())
            .endObject());
  }
}
