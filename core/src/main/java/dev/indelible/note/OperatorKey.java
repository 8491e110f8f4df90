// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * Content of a {@code policy.operator} event: from this row on, only policies with the signature of
 * a key come into force.
 *
 * @param key the operator's key, of type Ed25519
 * @param origin the log's name in its checkpoints, which each signed policy must name
 * @param policy the digest of the policy that is accepted without a signature of this key, because
 *     it is in force already
 * @param number the number of that policy; 0 if nobody signed it
 * @param signed the note with which the operator before introduces this key; empty for the first
 */
public record OperatorKey(
    VerifierKey key, String origin, String policy, long number, Optional<String> signed) {
  public OperatorKey {
    if (key.type() != SignatureType.ED25519) {
      throw new IllegalArgumentException(
          key + ": is not a key that signs policies; an operator's key is of type Ed25519");
    }
    VerifierKey.requireName(origin);
  }

  /** Reads the content of a row; empty if the row has none that is readable. */
  static Optional<OperatorKey> read(ChainRow row) {
    return row.details(SystemEvent.POLICY_OPERATOR, OperatorKey::read);
  }

  private static OperatorKey read(JsonFields details) throws JsonFormatException {
    try {
      return new OperatorKey(
          VerifierKey.parse(details.string("key")),
          details.string("origin"),
          details.string("policy"),
          details.optionalLong("number").orElse(0),
          details.optionalString("signed"));
    } catch (CheckpointParseException e) {
      throw new IllegalArgumentException(e);
    }
  }

  /** Returns the event that records this key in the chain. */
  public SystemEvent toEvent() {
    CanonicalWriter out = new CanonicalWriter().beginObject().member("key", key.vkey());
    out.member("number", number).member("origin", origin).member("policy", policy);
    return SystemEvent.of(SystemEvent.POLICY_OPERATOR, out.member("signed", signed).endObject());
  }
}
