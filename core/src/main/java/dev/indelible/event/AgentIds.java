// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.Text;
import org.jspecify.annotations.Nullable;

/** What an agent id must be. */
public final class AgentIds {
  private AgentIds() {}

  /**
   * Returns {@code agentId} if it can go on record.
   *
   * @throws IllegalArgumentException if it is null, empty, over {@value
   *     AuditEvent#MAX_AGENT_ID_BYTES} bytes of UTF-8, holds half of a surrogate pair, or a control
   *     character (which could forge lines in a terminal or a log)
   */
  public static String require(@Nullable String agentId) {
    if (agentId == null) {
      throw new IllegalArgumentException("agentId is null; say who acts");
    }
    Text.requireWellFormed(agentId, "agent_id");
    if (agentId.isEmpty()) {
      throw new IllegalArgumentException("agent_id is empty; say who acts");
    }
    int bytes = Text.utf8Length(agentId);
    if (bytes > AuditEvent.MAX_AGENT_ID_BYTES) {
      throw new IllegalArgumentException(
          "agent_id is " + bytes + " bytes; at most " + AuditEvent.MAX_AGENT_ID_BYTES);
    }
    for (int i = 0; i < agentId.length(); i++) {
      if (Character.isISOControl(agentId.charAt(i))) {
        throw new IllegalArgumentException(
            "agent_id has a control character (U+%04X) at char %d"
                .formatted((int) agentId.charAt(i), i));
      }
    }
    return agentId;
  }
}
