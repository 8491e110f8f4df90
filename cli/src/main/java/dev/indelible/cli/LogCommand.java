// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

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
final class LogCommand extends VerbGroup {}
