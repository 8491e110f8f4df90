// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The hooks of GitHub Copilot's command and coding agent, according to the types in its SDK 1.0.14
 * and the tools of its command 1.0.102. The spelling of the event in the settings chooses the names
 * of the members; both are read. A failed hook may not block, so each failure is an answer with
 * exit status 0.
 */
final class Copilot implements HookDialect {
  private static final String BEFORE_TOOL = "preToolUse";

  /** The tool whose argument is a text, not JSON; models of OpenAI edit files with it. */
  private static final String PATCH = "apply_patch";

  private static final Tools TOOLS =
      new Tools(
          Map.of(
              "bash", new Tools.Shell("command"),
              "create", new Tools.Write("path", null),
              "edit", new Tools.Write("path", null),
              "view", new Tools.ReadFile("path"),
              "grep", new Tools.Search("paths", "pattern"),
              "rg", new Tools.Search("paths", "pattern"),
              "glob", new Tools.Glob("paths", "pattern"),
              "web_fetch", new Tools.Fetch("url")));

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    boolean camel = event.has("toolName");
    String session = event.string(camel ? "sessionId" : "session_id");
    String tool = event.string(camel ? "toolName" : "tool_name");
    JsonNode given = event.node(camel ? "toolArgs" : "tool_input");
    JsonNode arguments = tool.equals(PATCH) ? patch(given) : Tools.arguments(given);
    Tools.Place place = new Tools.Place(event.optionalString("cwd").orElse(null), home);
    return new HookQuestion(
        BEFORE_TOOL,
        HookQuestion.request("copilot", session, () -> TOOLS.action(tool, arguments, place)));
  }

  private static JsonNode patch(JsonNode given) {
    return given.isString()
        ? JsonNodeFactory.instance.objectNode().put("input", given.stringValue())
        : given;
  }

  @Override
  public HookAnswer answer(HookQuestion question, RecordedDecision decided) {
    return decided.decision().isPermitted() ? HookAnswer.noOpinion() : denial(Wording.of(decided));
  }

  private static HookAnswer denial(String text) {
    return HookAnswer.json(
        out -> out.member("permissionDecision", "deny").member("permissionDecisionReason", text));
  }

  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    return denial(Wording.failure(reason));
  }
}
