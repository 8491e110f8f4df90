// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.CanonicalWriter;
import java.time.Instant;
import java.util.UUID;

/**
 * An event as it was read back from where it waited: already in the form that is hashed.
 *
 * @param id the event's id
 * @param agentId who acted
 * @param eventType its type
 * @param timestamp when, to the microsecond
 * @param content what goes on record, before its nonce
 */
public record StoredEvent(
    UUID id, String agentId, String eventType, Instant timestamp, EventContent content)
    implements AuditEvent {

  @Override
  public int writeContent(CanonicalWriter out) {
    out.canonical(content.bytes());
    return content.nonceAt();
  }
}
