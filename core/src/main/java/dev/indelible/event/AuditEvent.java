// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import java.time.Instant;
import java.util.UUID;

/**
 * Anything that goes into the chain: what a gate decided, or what the log has to say of itself.
 *
 * <p>Immutable. Its id is its identity (D4): journal, chain, dead letter and receipt carry the
 * same.
 */
public sealed interface AuditEvent permits DeferredAuditEvent, StoredEvent, SystemEvent {
  /** Most bytes an agent id may have. */
  int MAX_AGENT_ID_BYTES = 1024;

  /** Most bytes an event type may have. */
  int MAX_EVENT_TYPE_BYTES = 128;

  /** A UUID of version 7. */
  UUID id();

  /** Who acted: 1 to {@value #MAX_AGENT_ID_BYTES} bytes, no control characters. */
  String agentId();

  /** For example {@code governance.refusal}; at most {@value #MAX_EVENT_TYPE_BYTES} bytes. */
  String eventType();

  /** When it happened, to the microsecond. */
  Instant timestamp();

  /**
   * Writes what goes on record, before its nonce.
   *
   * @return where in it the nonce goes, as in {@link EventContent#nonceAt}
   */
  int writeContent(CanonicalWriter out);

  /** What goes on record, before its nonce. */
  default EventContent content() {
    CanonicalWriter out = new CanonicalWriter();
    int nonceAt = writeContent(out);
    return new EventContent(out.toBytes(), nonceAt);
  }
}
