// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

@Command(
    name = "dlq",
    description = "Read the dead letters: events that could not go into the chain.",
    subcommands = {DlqListCommand.class, DlqShowCommand.class})
final class DlqCommand extends VerbGroup {}
