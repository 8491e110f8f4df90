// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Custom;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The Access Evaluation API and Access Evaluations API of the AuthZEN Authorization API 1.0.
 *
 * <p>{@code subject.id} is the agent. {@code action.name} is a kind of action, and {@code
 * action.properties} its members; if they lack the member that names the target (the command, path,
 * host, binary, tool or surface), {@code resource.id} is used. An action with any other name is a
 * custom action with the whole request as its payload.
 */
final class AuthZen {
  private final Gate gate;

  AuthZen(Gate gate) {
    this.gate = gate;
  }

  /** The condition that ends a list of evaluations early. */
  private enum Semantic {
    EXECUTE_ALL,
    DENY_ON_FIRST_DENY,
    PERMIT_ON_FIRST_PERMIT;

    static Semantic read(JsonNode request) throws JsonFormatException {
      JsonNode named = request.path("options").path("evaluations_semantic");
      if (named.isMissingNode()) {
        return EXECUTE_ALL;
      }
      for (Semantic known : values()) {
        if (named.isString() && known.name().toLowerCase(Locale.ROOT).equals(named.stringValue())) {
          return known;
        }
      }
      throw new JsonFormatException(
          "options.evaluations_semantic: use execute_all, deny_on_first_deny or"
              + " permit_on_first_permit");
    }

    boolean endsAfter(boolean permitted) {
      return this == (permitted ? PERMIT_ON_FIRST_PERMIT : DENY_ON_FIRST_DENY);
    }
  }

  /** Returns the metadata of this decision point, with the address that the client used. */
  static Response configuration(Request request) {
    String scheme = request.peer().isSecure() ? "https://" : "http://";
    String here = scheme + request.header("Host").orElse("localhost");
    return Response.json(
        200,
        out ->
            out.member("access_evaluation_endpoint", here + "/access/v1/evaluation")
                .member("access_evaluations_endpoint", here + "/access/v1/evaluations")
                .member("policy_decision_point", here));
  }

  /** Answers {@code POST /access/v1/evaluation}. */
  Response evaluation(Request request) throws JsonFormatException, ForbiddenException {
    GateRequest asked = request.caller().ask(read(object(request), "request"));
    RecordedDecision decided = gate.record(asked.agent(), asked.action());
    return Response.json(200, out -> write(decided, out));
  }

  /** Answers {@code POST /access/v1/evaluations}. */
  Response evaluations(Request request) throws JsonFormatException, ForbiddenException {
    ObjectNode all = object(request);
    JsonNode list = all.path("evaluations");
    if (list.isMissingNode() || list.isArray() && list.isEmpty()) {
      return evaluation(request);
    }
    if (!list.isArray() || list.size() > Checks.MAX_ACTIONS) {
      throw new JsonFormatException(
          "evaluations: give a list of at most %s objects".formatted(Checks.MAX_ACTIONS));
    }
    Semantic semantic = Semantic.read(all);
    List<GateRequest> asked = new ArrayList<>();
    for (JsonNode each : list) {
      String where = "evaluations[%s]".formatted(asked.size());
      asked.add(request.caller().ask(read(withDefaults(each, all, where), where)));
    }
    return Response.json(
        200,
        out -> {
          out.name("evaluations").beginArray();
          for (GateRequest each : asked) {
            RecordedDecision decided = gate.record(each.agent(), each.action());
            out.element().beginObject();
            write(decided, out);
            out.endObject();
            if (semantic.endsAfter(decided.decision().isPermitted())) {
              break;
            }
          }
          out.endArray();
        });
  }

  private static ObjectNode object(Request request) throws JsonFormatException {
    if (CanonicalJson.readUntrusted(request.body()) instanceof ObjectNode object) {
      return object;
    }
    throw new JsonFormatException("request: give an object with subject, action and resource");
  }

  private static ObjectNode withDefaults(JsonNode each, ObjectNode defaults, String where)
      throws JsonFormatException {
    if (!(each instanceof ObjectNode given)) {
      throw new JsonFormatException(where + ": give an object");
    }
    ObjectNode whole = JsonNodeFactory.instance.objectNode();
    for (String name : List.of("subject", "action", "resource", "context")) {
      JsonNode value = given.has(name) ? given.get(name) : defaults.get(name);
      if (value != null) {
        whole.set(name, value);
      }
    }
    return whole;
  }

  private static GateRequest read(ObjectNode request, String where) throws JsonFormatException {
    JsonFields members = JsonFields.of(request, where);
    JsonFields subject = JsonFields.of(members.node("subject"), where + ".subject");
    subject.string("type");
    String agentId = GateRequest.requireAgentId(subject.string("id"));
    JsonFields action = JsonFields.of(members.node("action"), where + ".action");
    JsonFields resource = JsonFields.of(members.node("resource"), where + ".resource");
    resource.string("type");
    return new GateRequest(agentId, action(request, action, resource.string("id")));
  }

  private static AgentAction action(ObjectNode request, JsonFields action, String resource)
      throws JsonFormatException {
    String kind = action.string("name");
    if (!AgentAction.KINDS.contains(kind)) {
      try {
        return new Custom(kind, JsonValue.of(request));
      } catch (IllegalArgumentException e) {
        throw new JsonFormatException(action.where() + ".name: " + e.getMessage());
      }
    }
    ObjectNode members = JsonNodeFactory.instance.objectNode();
    if (action.has("properties")) {
      JsonNode properties = action.node("properties");
      if (!(properties instanceof ObjectNode given)) {
        throw new JsonFormatException(action.where() + ".properties: give an object");
      }
      members.setAll(given);
    }
    members.put("kind", kind);
    String operand = operand(kind);
    JsonNode named = members.get(operand);
    if (named == null) {
      members.put(operand, resource);
    } else if (!named.isString() || !named.stringValue().equals(resource)) {
      throw new JsonFormatException(
          "%s.properties.%s: differs from resource.id; give one of them, or equal values"
              .formatted(action.where(), operand));
    }
    return ActionParser.parse(members, action.where() + ".properties");
  }

  /** Returns the member of an action that names what it acts on. */
  private static String operand(String kind) {
    return switch (kind) {
      case "bash" -> "command";
      case "filesystem_write" -> "path";
      case "network_request" -> "host";
      case "process_spawn" -> "binary";
      case "tool_call" -> "tool";
      case "read" -> "surface";
      default -> "custom_kind";
    };
  }

  /**
   * Writes the members of a decision; {@code context} has the verdict, the event's id, and, for an
   * escalation, the command with which a person approves the action.
   */
  private static void write(RecordedDecision decided, CanonicalWriter out) {
    out.name("context").beginObject();
    out.member("approve", decided.approveCommand());
    out.name("id").nullable(decided.eventId().map(UUID::toString));
    out.name("reason").nullable(decided.decision().reason());
    out.name("rule_id").nullable(decided.decision().ruleId());
    out.member("verdict", decided.decision().verdict()).endObject();
    out.member("decision", decided.decision().isPermitted());
  }
}
