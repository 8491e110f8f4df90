// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.util.Objects;
import picocli.CommandLine.Command;

/** A verb that only groups others. */
abstract class VerbGroup extends Verb {
  @Override
  public Integer call() throws CommandFailure {
    String name = Objects.requireNonNull(spec).name();
    throw CommandFailure.usage(
        "%s: give one of its verbs: %s", name, String.join(", ", spec.subcommands().keySet()));
  }

  @Command(
      name = "hook",
      description = "Answer an agent's hook events, and install the hook.",
      subcommands = {
        HookAgentCommand.ForClaudeCode.class,
        HookAgentCommand.ForCodex.class,
        HookAgentCommand.ForCopilot.class,
        HookAgentCommand.ForCursor.class,
        HookAgentCommand.ForGemini.class,
        HookAgentCommand.ForOpenCode.class,
        HookInstallCommand.class
      })
  static final class Hook extends VerbGroup {}

  @Command(
      name = "log",
      description = "Read, search, verify, export, prove and end the chain; erase payloads.",
      subcommands = {
        LogListCommand.class,
        LogShowCommand.class,
        LogTailCommand.class,
        LogStatsCommand.class,
        LogExportCommand.class,
        LogProveCommand.class,
        LogVerifyCommand.class,
        LogAdoptCommand.class,
        LogErasePayloadCommand.class,
        LogAnswerCommand.class,
        LogEndCommand.class
      })
  static final class Log extends VerbGroup {}

  @Command(
      name = "policy",
      description = "Read, test, try out and sign policies.",
      subcommands = {
        PolicyLintCommand.class,
        PolicyShowCommand.class,
        PolicyTestCommand.class,
        PolicyReplayCommand.class,
        PolicyKeygenCommand.class,
        PolicySignCommand.class,
        PolicyTrustCommand.class,
        PolicySchemaCommand.class
      })
  static final class Policies extends VerbGroup {}

  @Command(
      name = "proof",
      description = "Verify receipts of single events; 'log prove' writes them.",
      subcommands = ProofVerifyCommand.class)
  static final class Proof extends VerbGroup {}

  @Command(
      name = "bench",
      description = "Measure this machine.",
      subcommands = {
        BenchDrainCommand.class,
        BenchSubmitCommand.class,
        BenchVerifyCommand.class,
        BenchGateCommand.class
      })
  static final class Bench extends VerbGroup {}
}
