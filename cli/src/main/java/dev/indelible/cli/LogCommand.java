// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

@Command(
    name = "log",
    description = "Read the chain, and check it.",
    subcommands = {
      LogListCommand.class,
      LogShowCommand.class,
      LogTailCommand.class,
      LogExportCommand.class,
      LogVerifyCommand.class,
      LogAdoptCommand.class
    })
final class LogCommand extends VerbGroup {}
