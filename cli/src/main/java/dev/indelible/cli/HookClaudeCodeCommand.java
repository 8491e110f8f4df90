// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.JsonFormatException;
import java.util.Optional;
import java.util.UUID;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * Answers one event. After a failed hook Claude Code runs the tool, unless the exit status is 2. So
 * every failure here ends with status 2, and standard error has the reason.
 */
@Command(
    name = "claude-code",
    description = "Answer one PreToolUse or PreSkillShellCommand event of Claude Code.",
    footer = {
      "",
      "Reads the event from standard input and prints the answer in Claude Code's form: nothing for",
      "an allowed action, 'deny' with the reason for one that is refused or must be approved.",
      "",
      "Exit status: 0 answered; 2 for every failure, which blocks the action."
    })
final class HookClaudeCodeCommand extends Verb {
  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() {
    try {
      answer();
      return ExitCode.OK;
    } catch (Throwable failure) {
      // Errors too: the action must not run because this process has no memory or stack left.
      Main.report(root(), failure);
      return ExitCode.BLOCKED;
    }
  }

  private void answer() throws Exception {
    ClaudeHookEvent event = read();
    Indelible indelible = openLog(anchor.file(), Run.ONE_ACTION);
    try {
      RecordedDecision recorded =
          indelible.gate().record(event.input().agentId(), event.input().action());
      UUID id =
          recorded
              .eventId()
              .orElseThrow(() -> CommandFailure.failed(recorded.decision().reason().orElseThrow()));
      print(ClaudeHookAnswer.json(event.name(), recorded.decision(), id));
    } finally {
      closeAfterAnswer(indelible);
    }
  }

  private ClaudeHookEvent read() throws JsonFormatException, CommandFailure {
    try {
      return ClaudeHookEvent.read(
          console().readInput(), Optional.ofNullable(System.getProperty("user.home")));
    } catch (JsonFormatException e) {
      throw new JsonFormatException(
          "standard input is not a hook event that this hook can answer: " + e.getMessage());
    }
  }

  private void print(Optional<byte[]> answer) throws CommandFailure {
    answer.ifPresent(console()::json);
    if (console().out().checkError()) {
      throw CommandFailure.failed("the answer cannot be written to standard output");
    }
  }
}
