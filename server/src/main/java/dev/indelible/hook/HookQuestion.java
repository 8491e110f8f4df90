// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.action.AgentAction;
import dev.indelible.base.Text;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A question of an agent to its hook.
 *
 * @param event the agent's name of the event, which some answers repeat
 * @param request the agent and its action
 */
public record HookQuestion(String event, GateRequest request) {
  /** Reads the action of a question. */
  @FunctionalInterface
  interface ActionReader {
    /**
     * Returns the action.
     *
     * @throws JsonFormatException if a member is missing or malformed
     * @throws IllegalArgumentException if the action cannot be recorded
     */
    AgentAction read() throws JsonFormatException;
  }

  /** Reads the name of an event that a hook can stop. */
  static String event(JsonFields input, List<String> known) throws JsonFormatException {
    String name = input.string("hook_event_name");
    if (!known.contains(name)) {
      throw new JsonFormatException(
          "hook_event_name: is \"%s\"; a hook answers %s"
              .formatted(Text.printable(name, 60), String.join(" and ", known)));
    }
    return name;
  }

  /**
   * Returns the request of an agent, whose id has the name of the client and the session.
   *
   * @param client the name of the agent's program, for example {@code claude}
   * @param session the session that the client names; empty if it names none
   * @throws JsonFormatException if the session or the action cannot be recorded
   */
  static GateRequest request(String client, String session, ActionReader action)
      throws JsonFormatException {
    Optional<String> named = Optional.of(session).filter(name -> !name.isEmpty());
    try {
      return new GateRequest(
          GateRequest.requireAgent(client + ":" + session, named), action.read(), Optional.empty());
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException("input: " + e.getMessage());
    }
  }

  /**
   * Reads a call of a tool with the members that Claude Code named first and others copied.
   *
   * @param client the name of the agent's program
   * @param tools the tools of the agent
   */
  static GateRequest toolCall(String client, Tools tools, JsonFields input, @Nullable String home)
      throws JsonFormatException {
    Tools.Place place = new Tools.Place(input.optionalString("cwd").orElse(null), home);
    return request(
        client,
        input.string("session_id"),
        () -> tools.action(input.string("tool_name"), input.node("tool_input"), place));
  }
}
