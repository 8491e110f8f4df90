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
 * The hooks of OpenAI Codex, according to their source in version 0.171.0. It asks like Claude
 * Code, but reads answers more strictly: an unknown member, an {@code allow} or {@code ask}, or a
 * denial without a reason marks the hook as failed, and the tool runs.
 */
final class Codex implements HookDialect {
  private static final String BEFORE_TOOL = "PreToolUse";
  private static final String PERMISSION = "PermissionRequest";

  private static final List<String> EVENTS = List.of(BEFORE_TOOL, PERMISSION);

  private static final Tools TOOLS = new Tools(Map.of("Bash", new Tools.Shell("command")));

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    String name = HookQuestion.event(event, EVENTS);
    return new HookQuestion(name, HookQuestion.toolCall("codex", TOOLS, event, home));
  }

  @Override
  public HookAnswer answer(HookQuestion question, RecordedDecision decided) {
    String text = Wording.of(decided);
    if (!decided.decision().isPermitted()) {
      return denial(question.event(), text);
    }
    return decided.decision() instanceof Warn
        ? HookAnswer.json(out -> out.member("systemMessage", text))
        : HookAnswer.noOpinion();
  }

  private static HookAnswer denial(String event, String text) {
    if (!event.equals(PERMISSION)) {
      return ClaudeCode.denial(event, text);
    }
    return HookAnswer.json(
        out ->
            out.name("hookSpecificOutput")
                .beginObject()
                .name("decision")
                .beginObject()
                .member("behavior", "deny")
                .member("message", text)
                .endObject()
                .member("hookEventName", event)
                .endObject());
  }

  /** Codex rejects an answer that names another event, and has no form that names none. */
  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    String text = Wording.failure(reason);
    return event
        .filter(EVENTS::contains)
        .map(known -> denial(known, text))
        .orElseGet(HookAnswer::noOpinion)
        .failed(text);
  }
}
