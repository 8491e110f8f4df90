// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.json.Text;
import java.util.Objects;

/** What an agent id must be. */
public final class AgentIds {
  /** Begins the agent ids that only the log itself uses, in whatever case they are written. */
  public static final String RESERVED_PREFIX = "indelible";

  /** Who is named where input could not be read, and so does not say who wants to act. */
  public static final String UNREADABLE_INPUT = "indelible:unreadable-input";

  private AgentIds() {}

  /** Whether an agent id begins as those do that only the log itself uses (ASCII, in any case). */
  public static boolean isReserved(String agentId) {
    return agentId.regionMatches(true, 0, RESERVED_PREFIX, 0, RESERVED_PREFIX.length());
  }

  /**
   * Returns {@code agentId} if it can go on record.
   *
   * @throws IllegalArgumentException if it is empty, over {@value AuditEvent#MAX_AGENT_ID_BYTES}
   *     bytes of UTF-8, holds half of a surrogate pair, or a control character (which could forge
   *     lines in a terminal or a log), or begins with {@value #RESERVED_PREFIX}
   */
  public static String require(String agentId) {
    Objects.requireNonNull(agentId, "agentId is null");
    Text.requireWellFormed(agentId, "agent_id");
    if (agentId.isEmpty()) {
      throw new IllegalArgumentException("agent_id is empty; say who acts");
    }
    int bytes = Text.utf8Length(agentId);
    if (bytes > AuditEvent.MAX_AGENT_ID_BYTES) {
      throw new IllegalArgumentException(
          "agent_id is " + bytes + " bytes; at most " + AuditEvent.MAX_AGENT_ID_BYTES);
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
