// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.util.Objects;
import picocli.CommandLine.Command;

/** A verb that only has verbs of its own; the groups without code of their own are below. */
abstract class VerbGroup extends Verb {
  @Override
  public Integer call() throws CommandFailure {
    String name = Objects.requireNonNull(spec).name();
    throw CommandFailure.usage(
        "%s: say which: %s", name, String.join(", ", spec.subcommands().keySet()));
  }

  @Command(
      name = "hook",
      description = "Answer an agent's hook events, and install the hook.",
      subcommands = {HookClaudeCodeCommand.class, HookInstallCommand.class})
  static final class Hook extends VerbGroup {}

  @Command(
      name = "log",
      description = "Read the chain, check it, and erase payloads from it.",
      subcommands = {
        LogListCommand.class,
        LogShowCommand.class,
        LogTailCommand.class,
        LogExportCommand.class,
        LogProveCommand.class,
        LogVerifyCommand.class,
        LogAdoptCommand.class,
        LogErasePayloadCommand.class,
        LogAnswerCommand.class
      })
  static final class Log extends VerbGroup {}

  @Command(
      name = "proof",
      description = "Check receipts of single events; 'log prove' makes them.",
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
