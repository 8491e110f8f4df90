// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.event.AgentIds;
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
record GateInput(String agentId, AgentAction action) {
  /**
   * Reads {@code {"agent_id":…,"action":{"kind":…}}}.
   *
   * @param defaultAgent the agent if the object names none; null if it must name one
   */
  static GateInput read(JsonNode json, @Nullable String defaultAgent) throws JsonFormatException {
    JsonFields fields = JsonFields.of(json, "input");
    String agentId =
        requireAgentId(
            defaultAgent == null
                ? fields.string("agent_id")
                : fields.optionalString("agent_id").orElse(defaultAgent));
    AgentAction action = ActionParser.parse(fields.node("action"), "action");
    fields.requireNoOthers();
    return new GateInput(agentId, action);
  }

  /** Returns an agent id; refuses one that cannot be recorded. */
  static String requireAgentId(String agentId) throws JsonFormatException {
    try {
      return AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }
}
