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

/** The hooks of Gemini CLI, according to their reference for version 0.61.0. */
final class Gemini implements HookDialect {
  private static final String BEFORE_TOOL = "BeforeTool";

  private static final Tools TOOLS =
      new Tools(
          Map.of(
              "run_shell_command", new Tools.Shell("command", "dir_path", "directory"),
              "write_file", new Tools.Write("file_path", "content"),
              "replace", new Tools.Write("file_path", null),
              "read_file", new Tools.ReadFile("file_path"),
              "list_directory", new Tools.ReadFile("dir_path"),
              "glob", new Tools.Glob("dir_path", "pattern"),
              "grep_search", new Tools.Search("dir_path", "pattern"),
              "search_file_content", new Tools.Search("dir_path", "pattern"),
              "google_web_search", new Tools.WebSearch("query")));

  @Override
  public HookQuestion read(byte[] json, @Nullable String home) throws JsonFormatException {
    JsonFields event = JsonFields.of(CanonicalJson.readUntrusted(json), "input");
    String name = HookQuestion.event(event, List.of(BEFORE_TOOL));
    return new HookQuestion(name, HookQuestion.toolCall("gemini", TOOLS, event, home));
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
            out.member("systemMessage", text);
          }
        });
  }

  private static HookAnswer denial(String text) {
    return HookAnswer.json(out -> out.member("decision", "deny").member("reason", text));
  }

  @Override
  public HookAnswer failure(Optional<String> event, String reason) {
    String text = Wording.failure(reason);
    return denial(text).failed(text);
  }
}
