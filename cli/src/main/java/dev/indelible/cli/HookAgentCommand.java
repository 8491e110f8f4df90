// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.base.Home;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.HookAnswer;
import dev.indelible.hook.HookDialect;
import dev.indelible.hook.HookQuestion;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Redactor;
import java.io.IOException;
import java.util.Objects;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Answers one event of an agent's hook. Most agents act after a failed hook, unless its exit status
 * is 2; Copilot may act after every status but 0. So each failure here becomes the agent's own
 * answer that blocks, with the reason on standard error.
 */
@Command(
    footer = {
      "",
      "Reads the event from standard input and prints the answer in the agent's",
      "format. An action that is refused, or that a person must approve, is denied",
      "with the reason.",
      "",
      "Exit status: 0 answered; 2 for every failure, which blocks the action. For",
      "copilot, a failure is an answer that denies, with exit status 0."
    })
abstract class HookAgentCommand extends Verb {
  @Mixin AnchorOption anchor = new AnchorOption();

  /** True once an answer was printed completely or in part. */
  private boolean isPrinted;

  @Override
  public Integer call() {
    HookDialect dialect = HookDialect.named(Objects.requireNonNull(spec).name()).orElseThrow();
    try {
      return answer(dialect);
    } catch (Throwable failure) {
      // An Error also blocks: without memory or stack the action must not run.
      try {
        Main.report(root(), failure);
      } catch (Throwable unreported) {
        // The answer is printed even if the report on standard error fails.
      }
      return block(dialect, Redactor.scrub(String.valueOf(failure.getMessage())));
    }
  }

  private int answer(HookDialect dialect) throws Exception {
    HookQuestion question = read(dialect);
    Indelible indelible = openLog(anchor.file(), Run.ONE_ACTION);
    try {
      RecordedDecision recorded =
          indelible.gate().record(question.request().agent(), question.request().action());
      if (recorded.eventId().isEmpty()) {
        throw CommandFailure.failed(recorded.decision().reason().orElseThrow());
      }
      HookAnswer answer = dialect.answer(question, recorded);
      print(answer);
      return answer.exitStatus();
    } finally {
      closeAfterAnswer(indelible);
    }
  }

  private HookQuestion read(HookDialect dialect) throws JsonFormatException, CommandFailure {
    try {
      return dialect.read(
          console().in().readNBytes(CanonicalJson.MAX_TEXT_BYTES + 1), Home.directory());
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    } catch (JsonFormatException e) {
      throw new JsonFormatException(
          "standard input is not a hook event that this hook can answer: " + e.getMessage());
    }
  }

  /** Prints the answer of a failed hook; its reason is on standard error already. */
  private int block(HookDialect dialect, String reason) {
    HookAnswer answer = dialect.failure(Optional.empty(), reason);
    if (answer.exitStatus() != ExitCode.OK || isPrinted) {
      // The agent cannot read two answers, so the first one stays the only one.
      return answer.exitStatus();
    }
    try {
      print(answer);
      return ExitCode.OK;
    } catch (CommandFailure | RuntimeException e) {
      return ExitCode.BLOCKED;
    }
  }

  private void print(HookAnswer answer) throws CommandFailure {
    isPrinted = true;
    if (answer.out().length > 0) {
      console().json(answer.out());
    }
    if (console().out().checkError()) {
      throw CommandFailure.failed("the answer cannot be written to standard output");
    }
  }

  @Command(
      name = "claude-code",
      description = "Answer one PreToolUse or PreSkillShellCommand event of Claude Code.")
  static final class ForClaudeCode extends HookAgentCommand {}

  @Command(
      name = "codex",
      description = "Answer one PreToolUse or PermissionRequest event of OpenAI Codex.")
  static final class ForCodex extends HookAgentCommand {}

  @Command(name = "copilot", description = "Answer one preToolUse event of GitHub Copilot.")
  static final class ForCopilot extends HookAgentCommand {}

  @Command(
      name = "cursor",
      description =
          "Answer one beforeShellExecution, beforeMCPExecution, beforeReadFile or preToolUse event"
              + " of Cursor.")
  static final class ForCursor extends HookAgentCommand {}

  @Command(name = "gemini", description = "Answer one BeforeTool event of Gemini CLI.")
  static final class ForGemini extends HookAgentCommand {}

  @Command(
      name = "opencode",
      description = "Answer one tool.execute.before event of a plugin of OpenCode.")
  static final class ForOpenCode extends HookAgentCommand {}
}
