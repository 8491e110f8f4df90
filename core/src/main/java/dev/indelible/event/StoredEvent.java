// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import java.time.Instant;
import java.util.UUID;

/**
 * An event that was read back from a store, with its payload already encoded.
 *
 * @param id the id of the event
 * @param agentId the agent that acted
 * @param eventType the type of the event
 * @param timestamp the time of the event, to the microsecond
 * @param content the payload without its nonce
 */
record StoredEvent(
    UUID id, String agentId, String eventType, Instant timestamp, EventContent content)
    implements AuditEvent {

  @Override
  public int writeContent(CanonicalWriter out) {
    out.canonical(content.bytes());
    return content.nonceAt();
  }
}
