// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.util.Optional;

/**
 * Compares a row with its payload. Every payload that a log writes repeats the {@code id}, {@code
 * agent_id} and {@code timestamp} of its row. The payload of a decision also has the decision,
 * which determines the event type. An absent member is not a contradiction. Nor is a payload that
 * cannot be parsed, because a genuine payload may be nested deeper than the parser reads.
 */
public final class PayloadClaims {
  private PayloadClaims() {}

  /** Returns the first contradiction between a row and its payload; empty if there is none. */
  static Optional<String> contradiction(ChainRow row, byte[] payload) {
    try {
      return contradiction(
          new Columns(row.id(), row.agentId(), row.timestamp(), row.eventType()),
          JsonFields.of(CanonicalJson.read(payload), "payload"));
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the first contradiction that the row of an event would have, or the reason that its
   * payload would not be JSON; empty if there is none. An event of a stranger is checked before it
   * becomes a row, because the verifier reports such a row as changed. A payload of more than
   * {@link CanonicalJson#MAX_UNTRUSTED_VALUES} values is refused, because each costs memory here.
   */
  public static Optional<String> contradiction(AuditEvent event) {
    EventContent content = event.content();
    byte[] payload = content.payload(new byte[EventContent.NONCE_BYTES]);
    try {
      Columns row =
          new Columns(
              event.id().toString(),
              event.agentId(),
              Timestamps.format(event.timestamp()),
              event.eventType());
      return isBetweenMembers(content)
          ? contradiction(row, JsonFields.of(CanonicalJson.readUntrusted(payload), "payload"))
          : Optional.of("there is no place for a nonce at byte %s".formatted(content.nonceAt()));
    } catch (JsonFormatException e) {
      return Optional.of("its content is not JSON: " + e.getMessage());
    }
  }

  private static boolean isBetweenMembers(EventContent content) {
    int at = content.nonceAt();
    byte[] json = content.bytes();
    return at > 0
        && at < json.length
        && json[at] == '"'
        && (json[at - 1] == '{' || json[at - 1] == ',');
  }

  /** The columns that a payload repeats. */
  private record Columns(String id, String agentId, String timestamp, String eventType) {}

  private static Optional<String> contradiction(Columns row, JsonFields fields) {
    return contradiction(fields, "id", row.id())
        .or(() -> contradiction(fields, "agent_id", row.agentId()))
        .or(() -> contradiction(fields, "timestamp", row.timestamp()))
        .or(() -> ofType(fields, row.eventType()));
  }

  private static Optional<String> contradiction(JsonFields payload, String name, String column) {
    try {
      return payload
          .optionalString(name)
          .filter(stated -> !stated.equals(column))
          .map(
              stated ->
                  "its payload is of another event: it states the %s %s, and the row %s"
                      .formatted(name, stated, column));
    } catch (JsonFormatException e) {
      return Optional.of(
          "its payload has no text as its %s, but the row has %s".formatted(name, column));
    }
  }

  /**
   * Returns a contradiction between the payload and the event type, for example a refusal in a row
   * of type check.
   */
  private static Optional<String> ofType(JsonFields payload, String eventType) {
    boolean decision = payload.has("decision");
    if (!decision && !payload.has("details")) {
      return Optional.empty();
    }
    if (decision != DeferredAuditEvent.isDecision(eventType)) {
      return Optional.of(
          "its payload is %s, and its event type is %s"
              .formatted(decision ? "a decision" : "an event of the log itself", eventType));
    }
    if (!decision) {
      return Optional.empty();
    }
    try {
      String made = JsonFields.of(payload.node("decision"), "decision").string("decision");
      return DeferredAuditEvent.typeOf(made)
          .filter(type -> !type.equals(eventType))
          .map(
              type ->
                  "its payload states the decision %s, which is of type %s, and its event type is %s"
                      .formatted(made, type, eventType));
    } catch (JsonFormatException e) {
      return Optional.of("its payload states no decision, and its event type is " + eventType);
    }
  }

  /**
   * Returns true if the payload of an event has a member, not counting those within its members. A
   * payload that cannot be read has none.
   */
  public static boolean states(AuditEvent event, String member) {
    try {
      byte[] payload = event.content().payload(new byte[EventContent.NONCE_BYTES]);
      return CanonicalJson.readUntrusted(payload).has(member);
    } catch (JsonFormatException | RuntimeException e) {
      return false;
    }
  }
}
