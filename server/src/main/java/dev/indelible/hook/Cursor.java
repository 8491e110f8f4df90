// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Warn;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The hooks of Cursor, according to their documentation for version 3.24. */
final class Cursor implements HookDialect {
  private static final String SHELL = "beforeShellExecution";
  private static final String MCP = "beforeMCPExecution";
  private static final String READ_FILE = "beforeReadFile";
  private static final String BEFORE_TOOL = "preToolUse";

  private static final Tools TOOLS =
      new Tools(
          Map.of(
              "Shell", new Tools.Shell("command", "working_directory", "cwd"),
              "Write", new Tools.Write("file_path", null),
              "Read", new Tools.ReadFile("file_path")));

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    String name = HookQuestion.event(event, List.of(SHELL, MCP, READ_FILE, BEFORE_TOOL));
    String session = event.string("conversation_id");
    return new HookQuestion(
        name, HookQuestion.request("cursor", session, () -> action(name, event, home)));
  }

  private static AgentAction action(String event, JsonFields input, @Nullable String home)
      throws JsonFormatException {
    Tools.Place place = place(input, home);
    return switch (event) {
      case SHELL ->
          new Bash(
              input.string("command"),
              Optional.ofNullable(place.cwd()),
              Optional.ofNullable(home),
              Optional.empty());
      case READ_FILE ->
          new Read(
              "filesystem",
              Optional.of(Tools.absolute(input.string("file_path"), place)),
              Optional.empty());
      case MCP -> new ToolCall(input.string("tool_name"), JsonValue.of(arguments(input)));
      default -> TOOLS.action(input.string("tool_name"), arguments(input), place);
    };
  }

  /** The working directory is the command's, or else the workspace's folder if it has only one. */
  private static Tools.Place place(JsonFields input, @Nullable String home)
      throws JsonFormatException {
    String cwd = input.optionalString("cwd").filter(path -> !path.isEmpty()).orElse(null);
    if (cwd == null && input.has("workspace_roots")) {
      List<String> roots = input.strings("workspace_roots");
      cwd = roots.size() == 1 ? roots.get(0) : null;
    }
    return new Tools.Place(cwd, home);
  }

  private static JsonNode arguments(JsonFields input) throws JsonFormatException {
    return Tools.arguments(input.node("tool_input"));
  }

  @Override
  public HookAnswer answer(HookQuestion question, RecordedDecision decided) {
    String text = Wording.of(decided);
    if (!decided.decision().isPermitted()) {
      return denial(text);
    }
    return HookAnswer.json(
        out -> {
          if (decided.decision() instanceof Warn) {
            out.member("agent_message", text);
          }
          out.member("permission", "allow");
        });
  }

  private static HookAnswer denial(String text) {
    return HookAnswer.json(
        out ->
            out.member("agent_message", text)
                .member("permission", "deny")
                .member("user_message", text));
  }

  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    String text = Wording.failure(reason);
    return denial(text).failed(text);
  }
}
