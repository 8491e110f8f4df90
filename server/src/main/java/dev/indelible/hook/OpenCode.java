// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * OpenCode, through a plugin that sends the members of {@code tool.execute.before} (plugin types
 * 1.18.33) with the working directory, and throws unless the answer is {@code {"allow":true}}.
 */
final class OpenCode implements HookDialect {
  private static final String BEFORE_TOOL = "tool.execute.before";

  private static final Tools TOOLS =
      new Tools(
          Map.of(
              "bash", new Tools.Shell("command", "workdir"),
              "write", new Tools.Write("filePath", "content"),
              "edit", new Tools.Write("filePath", null),
              "read", new Tools.ReadFile("filePath"),
              "glob", new Tools.Glob("path", "pattern"),
              "grep", new Tools.Search("path", "pattern"),
              "webfetch", new Tools.Fetch("url")));

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    Tools.Place place = new Tools.Place(event.optionalString("cwd").orElse(null), home);
    return new HookQuestion(
        BEFORE_TOOL,
        HookQuestion.request(
            "opencode",
            event.string("sessionID"),
            () -> TOOLS.action(event.string("tool"), event.node("args"), place)));
  }

  @Override
  public HookAnswer answer(HookQuestion question, RecordedDecision decided) {
    return decided.decision().isPermitted()
        ? HookAnswer.json(out -> out.member("allow", true))
        : denial(Wording.of(decided));
  }

  private static HookAnswer denial(String text) {
    return HookAnswer.json(out -> out.member("allow", false).member("reason", text));
  }

  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    String text = Wording.failure(reason);
    return denial(text).failed(text);
  }
}
