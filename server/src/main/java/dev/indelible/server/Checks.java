// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.encoding.AgentIds;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.mcp.ToolGate;
import dev.indelible.policy.Redactor;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * Decides about actions and records the decisions.
 *
 * <p>The status is 200 for any decision. Content that cannot be read is refused, and its size and
 * digest are recorded: status 400, with the decision as {@code refusal} in the problem details.
 */
final class Checks {
  /** Maximum number of actions in one request. */
  static final int MAX_ACTIONS = 1_000;

  private final Gate gate;
  private final ToolGate tools;

  Checks(Indelible log) {
    this.gate = log.gate();
    this.tools = new ToolGate(log);
  }

  /** Decides about {@code {"agent_id":…,"action":…}}; {@code tool_hash} is optional. */
  Response one(Request request) throws ForbiddenException {
    GateRequest asked;
    try {
      asked = read(request, CanonicalJson.readUntrusted(request.body()), "input");
    } catch (JsonFormatException e) {
      return refuse(request, Redactor.scrub(String.valueOf(e.getMessage())));
    }
    RecordedDecision decided = tools.record(asked);
    return Response.json(200, out -> decided.write(asked.agentId(), out));
  }

  /**
   * Decides about {@code {"checks":[{"agent_id":…,"action":…},…]}}, in order. All are read before
   * the first decision, so a request is answered as a whole or refused as a whole. Stores no new
   * tool.
   */
  Response many(Request request) throws ForbiddenException {
    List<GateRequest> asked = new ArrayList<>();
    try {
      JsonNode checks = CanonicalJson.readUntrusted(request.body()).path("checks");
      if (!checks.isArray() || checks.isEmpty() || checks.size() > MAX_ACTIONS) {
        throw new JsonFormatException(
            "checks: give a list of 1 to %s objects with agent_id and action"
                .formatted(MAX_ACTIONS));
      }
      for (JsonNode check : checks) {
        asked.add(read(request, check, "checks[%s]".formatted(asked.size())));
      }
    } catch (JsonFormatException e) {
      return refuse(request, Redactor.scrub(String.valueOf(e.getMessage())));
    }
    return Response.json(
        200,
        out -> {
          out.name("decisions").beginArray();
          for (GateRequest each : asked) {
            out.element().beginObject();
            tools.recordOfMany(each).write(each.agentId(), out);
            out.endObject();
          }
          out.endArray();
        });
  }

  /** Reads a question; the agent of the caller's credential need not be named. */
  private static GateRequest read(Request request, JsonNode json, String where)
      throws JsonFormatException, ForbiddenException {
    Caller caller = request.caller();
    return caller.ask(GateRequest.read(json, where, caller.agentId().orElse(null)));
  }

  /** Refuses content that cannot be read, and records the refusal. */
  private Response refuse(Request request, String problem) {
    RecordedDecision refused = request.caller().refuseUnreadable(gate, request.body(), problem);
    return Response.json(
        400,
        Response.PROBLEM_JSON,
        out -> {
          out.member("detail", problem).name("refusal").beginObject();
          refused.write(AgentIds.UNREADABLE_INPUT, out);
          out.endObject().member("status", 400).member("title", Response.UNREADABLE);
        });
  }
}
