// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;

/** What an {@code audit.gap} event says of how much was lost (D7). */
public final class GapNote {
  private GapNote() {}

  /**
   * How many events an event says were lost: none unless it is an {@code audit.gap}, and one if it
   * is and does not say how many, because nobody could tell.
   */
  public static long lost(AuditEvent event) {
    if (!(event instanceof SystemEvent said) || !said.eventType().equals(SystemEvent.GAP)) {
      return 0;
    }
    try {
      return JsonFields.of(said.details().tree(), "details").optionalLong("count").orElse(1);
    } catch (JsonFormatException e) {
      return 1;
    }
  }
}
