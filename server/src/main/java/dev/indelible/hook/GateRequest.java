// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.ToolCall;
import dev.indelible.encoding.AgentIds;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Agent;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * A question for the gate.
 *
 * @param agent the agent that wants to act
 * @param action the action that it asks about
 * @param toolHash for a call of a tool, the digest of the tool's descriptor, or {@link #UNLISTED};
 *     empty if the descriptor is not known
 */
public record GateRequest(Agent agent, AgentAction action, Optional<String> toolHash) {
  /** The digest of a tool that its server does not list. */
  public static final String UNLISTED = "unlisted";

  private static final Pattern TOOL_HASH = Pattern.compile(UNLISTED + "|sha256:[0-9a-f]{64}");

  /** Creates a question about an action without a descriptor. */
  public GateRequest(String agentId, AgentAction action) {
    this(agentId, action, Optional.empty());
  }

  /** Creates a question without a credential. */
  public GateRequest(String agentId, AgentAction action, Optional<String> toolHash) {
    this(Agent.claimed(agentId), action, toolHash);
  }

  /** Returns the id of the agent. */
  public String agentId() {
    return agent.id();
  }

  /** Returns this question, asked with a credential. */
  public GateRequest by(Agent identified) {
    return new GateRequest(identified, action, toolHash);
  }

  /**
   * Reads {@code {"agent_id":…,"action":{"kind":…},"session":…,"tool_hash":…}} from UTF-8 bytes.
   *
   * @throws JsonFormatException if it is not JSON, or a member is missing, malformed or unknown;
   *     the message names the member
   */
  public static GateRequest read(byte[] json) throws JsonFormatException {
    return read(CanonicalJson.readUntrusted(json), "input", null);
  }

  /**
   * Reads {@code {"agent_id":…,"action":{"kind":…},"session":…,"tool_hash":…}}.
   *
   * @param where names the object in errors
   * @param defaultAgent the agent if the object names none; null if it must name one
   * @throws JsonFormatException if a member is missing, malformed or unknown
   */
  public static GateRequest read(JsonNode json, String where, @Nullable String defaultAgent)
      throws JsonFormatException {
    JsonFields fields = JsonFields.of(json, where);
    Agent agent =
        requireAgent(
            defaultAgent == null
                ? fields.string("agent_id")
                : fields.optionalString("agent_id").orElse(defaultAgent),
            fields.optionalString("session"));
    AgentAction action = ActionParser.parse(fields.node("action"), "action");
    Optional<String> toolHash = fields.optionalString("tool_hash");
    fields.requireNoOthers();
    if (toolHash.isPresent() && !(action instanceof ToolCall)) {
      throw new JsonFormatException(where + ".tool_hash: only an action of kind tool_call has one");
    }
    if (toolHash.isPresent() && !TOOL_HASH.matcher(toolHash.get()).matches()) {
      throw new JsonFormatException(
          "%s.tool_hash: give sha256: and 64 hex digits, or %s".formatted(where, UNLISTED));
    }
    return new GateRequest(agent, action, toolHash);
  }

  /**
   * Returns an agent without a credential.
   *
   * @param session the session that it names
   * @throws JsonFormatException if the id or the session cannot be recorded
   */
  public static Agent requireAgent(String agentId, Optional<String> session)
      throws JsonFormatException {
    try {
      return Agent.claimed(AgentIds.require(agentId)).inSession(session);
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns an agent id that can be recorded.
   *
   * @throws JsonFormatException if it is empty, too long or reserved
   */
  public static String requireAgentId(String agentId) throws JsonFormatException {
    return requireAgent(agentId, Optional.empty()).id();
  }
}
