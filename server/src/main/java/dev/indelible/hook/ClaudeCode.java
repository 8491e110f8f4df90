// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.decision.Warn;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The hooks of Claude Code, according to the types in the Claude Agent SDK 0.3.332.
 *
 * <p>An allowed action gets no answer, so that Claude Code's own permissions still apply.
 */
public final class ClaudeCode implements HookDialect {
  private static final String BEFORE_TOOL = "PreToolUse";

  /**
   * Events in which a hook can stop an action. Shell lines inside a skill or command have their own
   * event and are not {@code PreToolUse}.
   */
  public static final List<String> EVENTS = List.of(BEFORE_TOOL, "PreSkillShellCommand");

  private static final Tools TOOLS =
      new Tools(
          Map.ofEntries(
              Map.entry("Bash", new Tools.Shell("command")),
              Map.entry("Monitor", new Tools.OptionalShell("command")),
              Map.entry("Write", new Tools.Write("file_path", "content")),
              Map.entry("Edit", new Tools.Write("file_path", null)),
              Map.entry("MultiEdit", new Tools.Write("file_path", null)),
              Map.entry("NotebookEdit", new Tools.Write("notebook_path", null)),
              Map.entry("WebFetch", new Tools.Fetch("url")),
              Map.entry("WebSearch", new Tools.WebSearch("query")),
              Map.entry("Read", new Tools.ReadFile("file_path")),
              Map.entry("Glob", new Tools.Glob("path", "pattern")),
              Map.entry("Grep", new Tools.Search("path", "pattern"))));

  /** Creates the dialect. */
  public ClaudeCode() {}

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    return new HookQuestion(HookQuestion.event(event, EVENTS), request(event, home));
  }

  /**
   * Reads the agent and action of a recorded event of any name.
   *
   * @throws JsonFormatException if a member is missing or malformed
   */
  public static GateRequest readRecorded(byte[] json) throws JsonFormatException {
    return request(JsonFields.of(CanonicalJson.read(json), "input"), null);
  }

  private static GateRequest request(JsonFields event, @Nullable String home)
      throws JsonFormatException {
    return HookQuestion.toolCall("claude", TOOLS, event, home);
  }

  @Override
  public HookAnswer answer(HookQuestion question, RecordedDecision decided) {
    String text = Wording.of(decided);
    if (!decided.decision().isPermitted()) {
      return denial(question.event(), text);
    }
    return decided.decision() instanceof Warn
        ? warning(question.event(), text)
        : HookAnswer.noOpinion();
  }

  private static HookAnswer warning(String event, String text) {
    return HookAnswer.json(
        out -> {
          if (event.equals(BEFORE_TOOL)) {
            // PreSkillShellCommand has no member for a text to the model.
            out.name("hookSpecificOutput")
                .beginObject()
                .member("additionalContext", text)
                .member("hookEventName", event)
                .endObject();
          }
          out.member("systemMessage", text);
        });
  }

  /** Returns the answer that stops an action; Codex reads it as well. */
  static HookAnswer denial(String event, String text) {
    return HookAnswer.json(
        out ->
            out.name("hookSpecificOutput")
                .beginObject()
                .member("hookEventName", event)
                .member("permissionDecision", "deny")
                .member("permissionDecisionReason", text)
                .endObject());
  }

  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    String text = Wording.failure(reason);
    return event
        .filter(EVENTS::contains)
        .map(known -> denial(known, text))
        .orElseGet(() -> stop(text))
        .failed(text);
  }

  /** Returns the answer that stops Claude Code at an event of any name. */
  private static HookAnswer stop(String text) {
    return HookAnswer.json(
        out ->
            out.member("continue", false)
                .member("decision", "block")
                .member("reason", text)
                .member("stopReason", text));
  }
}
