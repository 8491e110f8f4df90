// SPDX-License-Identifier: Apache-2.0
package dev.indelible.encoding;

import dev.indelible.base.Text;
import dev.indelible.event.AuditEvent;
import java.util.Objects;

/** Rules for agent ids. */
public final class AgentIds {
  /** The prefix, in any case, of the agent ids that only the log itself uses. */
  public static final String RESERVED_PREFIX = "indelible";

  /** The agent id recorded for unreadable input, which names no agent. */
  public static final String UNREADABLE_INPUT = "indelible:unreadable-input";

  private AgentIds() {}

  /** Returns true if an agent id begins with {@link #RESERVED_PREFIX} (ASCII, in any case). */
  public static boolean isReserved(String agentId) {
    return agentId.regionMatches(true, 0, RESERVED_PREFIX, 0, RESERVED_PREFIX.length());
  }

  /**
   * Returns {@code agentId} if it can be recorded.
   *
   * @throws IllegalArgumentException if it is empty, has over {@value
   *     AuditEvent#MAX_AGENT_ID_BYTES} bytes of UTF-8, a lone surrogate, or a control character
   *     (which could forge lines in a terminal or a log), or begins with {@value #RESERVED_PREFIX}
   */
  public static String require(String agentId) {
    Objects.requireNonNull(agentId, "agentId is null");
    Text.requireAtMost(AuditEvent.MAX_AGENT_ID_BYTES, agentId, "agent_id");
    if (agentId.isEmpty()) {
      throw new IllegalArgumentException("agent_id is empty; name the agent that acts");
    }
    if (isReserved(agentId)) {
      throw new IllegalArgumentException(
          "agent_id begins with \"" + RESERVED_PREFIX + "\", which is reserved for the log itself");
    }
    for (int i = 0; i < agentId.length(); i++) {
      if (Character.isISOControl(agentId.charAt(i))) {
        throw new IllegalArgumentException(
            "agent_id has a control character (U+%04X) at char %s"
                .formatted((int) agentId.charAt(i), i));
      }
    }
    return agentId;
  }
}
