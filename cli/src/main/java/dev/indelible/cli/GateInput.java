// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.encoding.AgentIds;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;

/**
 * A question for the gate.
 *
 * @param agentId the agent that wants to act
 * @param action the action that it asks about
 */
record GateInput(String agentId, AgentAction action) {
  /** Reads {@code {"agent_id":…,"action":{"kind":…}}}. */
  static GateInput fromEnvelope(byte[] json) throws JsonFormatException {
    JsonFields fields = JsonFields.of(CanonicalJson.read(json), "input");
    String agentId = requireAgentId(fields.string("agent_id"));
    AgentAction action = ActionParser.parse(fields.node("action"), "action");
    fields.requireNoOthers();
    return new GateInput(agentId, action);
  }

  static String requireAgentId(String agentId) throws JsonFormatException {
    try {
      return AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }
}
