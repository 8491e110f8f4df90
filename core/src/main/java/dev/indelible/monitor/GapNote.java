// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;

/** Reads {@code audit.gap} events, which report lost events (D7). */
public final class GapNote {
  private GapNote() {}

  /**
   * Returns the number of lost events that an event reports: 0 unless it is an {@code audit.gap},
   * and 1 for a gap of unknown size.
   */
  public static long lost(AuditEvent event) {
    if (!(event instanceof SystemEvent gap) || !gap.eventType().equals(SystemEvent.GAP)) {
      return 0;
    }
    try {
      return JsonFields.of(gap.details().tree(), "details").optionalLong("count").orElse(1);
    } catch (JsonFormatException e) {
      return 1;
    }
  }
}
