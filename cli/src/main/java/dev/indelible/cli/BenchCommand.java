// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

@Command(
    name = "bench",
    description = "Measure this machine.",
    subcommands = {
      BenchDrainCommand.class,
      BenchSubmitCommand.class,
      BenchVerifyCommand.class,
      BenchGateCommand.class
    })
final class BenchCommand extends VerbGroup {}
