// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;

/** The events that record changes of credentials. No event has a key or its hash. */
public final class AccessEvents {
  private AccessEvents() {}

  /**
   * Returns the event that a key is created.
   *
   * @param by the name of the person who does this
   */
  public static SystemEvent created(ApiKey key, String by) {
    return of(SystemEvent.ACCESS_KEY_CREATED, key, by);
  }

  /** Returns the event that a key takes the place of the earlier key of its name. */
  public static SystemEvent rotated(ApiKey next, String by) {
    return of(SystemEvent.ACCESS_KEY_ROTATED, next, by);
  }

  /** Returns the event that a key is revoked. */
  public static SystemEvent revoked(ApiKey key, String by) {
    return of(SystemEvent.ACCESS_KEY_REVOKED, key, by);
  }

  private static SystemEvent of(String type, ApiKey key, String by) {
    CanonicalWriter details = new CanonicalWriter().beginObject();
    key.grant().writeAgent(details);
    details.member("by", by);
    details.member("expires", key.expires().map(Timestamps::format));
    details.member("key", key.id()).member("name", key.name());
    key.grant().writeRoles(details);
    return SystemEvent.of(type, details.endObject());
  }
}
