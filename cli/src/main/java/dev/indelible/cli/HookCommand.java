// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

@Command(
    name = "hook",
    description = "Answer an agent's hook events, and install the hook.",
    subcommands = {HookClaudeCodeCommand.class, HookInstallCommand.class})
final class HookCommand extends VerbGroup {}
