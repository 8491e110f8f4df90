// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import java.time.Instant;
import java.util.UUID;

/**
 * An event for the chain: a decision of a gate, or a report of the log about itself (D4).
 *
 * <p>Immutable. The id identifies the event in journal, chain, dead letter and receipt.
 */
public sealed interface AuditEvent permits DeferredAuditEvent, StoredEvent, SystemEvent {
  /** The most bytes that an agent id may have. */
  int MAX_AGENT_ID_BYTES = 1024;

  /** The most bytes that an event type may have. */
  int MAX_EVENT_TYPE_BYTES = 128;

  /**
   * Returns an event that was read back from a store, with its payload already encoded.
   *
   * @param timestamp the time of the event, to the microsecond
   * @param content the payload without its nonce
   */
  static AuditEvent stored(
      UUID id, String agentId, String eventType, Instant timestamp, EventContent content) {
    return new StoredEvent(id, agentId, eventType, timestamp, content);
  }

  /** Returns the id, a UUID of version 7. */
  UUID id();

  /**
   * Returns the agent that acted: 1 to {@value #MAX_AGENT_ID_BYTES} bytes, no control characters.
   */
  String agentId();

  /** Returns the type, for example {@code governance.refusal}. */
  String eventType();

  /** Returns the time of the event, to the microsecond. */
  Instant timestamp();

  /**
   * Writes the payload without its nonce.
   *
   * @return the offset of the nonce, see {@link EventContent#nonceAt}
   */
  int writeContent(CanonicalWriter out);

  /** Returns the payload without its nonce. */
  default EventContent content() {
    CanonicalWriter out = new CanonicalWriter();
    int nonceAt = writeContent(out);
    return new EventContent(out.toBytes(), nonceAt);
  }
}
