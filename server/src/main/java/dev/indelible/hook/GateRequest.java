// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.encoding.AgentIds;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A question for the gate.
 *
 * @param agentId the agent that wants to act
 * @param action the action that it asks about
 */
public record GateRequest(String agentId, AgentAction action) {
  /**
   * Reads {@code {"agent_id":…,"action":{"kind":…}}} from UTF-8 bytes.
   *
   * @throws JsonFormatException if it is not JSON, or a member is missing, malformed or unknown;
   *     the message names the member
   */
  public static GateRequest read(byte[] json) throws JsonFormatException {
    return read(CanonicalJson.read(json), "input", null);
  }

  /**
   * Reads {@code {"agent_id":…,"action":{"kind":…}}}.
   *
   * @param where names the object in errors
   * @param defaultAgent the agent if the object names none; null if it must name one
   * @throws JsonFormatException if a member is missing, malformed or unknown
   */
  public static GateRequest read(JsonNode json, String where, @Nullable String defaultAgent)
      throws JsonFormatException {
    JsonFields fields = JsonFields.of(json, where);
    String agentId =
        requireAgentId(
            defaultAgent == null
                ? fields.string("agent_id")
                : fields.optionalString("agent_id").orElse(defaultAgent));
    AgentAction action = ActionParser.parse(fields.node("action"), "action");
    fields.requireNoOthers();
    return new GateRequest(agentId, action);
  }

  /**
   * Returns an agent id that can be recorded.
   *
   * @throws JsonFormatException if it is empty, too long or reserved
   */
  public static String requireAgentId(String agentId) throws JsonFormatException {
    try {
      return AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }
}
