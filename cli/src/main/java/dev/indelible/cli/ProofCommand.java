// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Command;

@Command(
    name = "proof",
    description = "Check receipts of single events; 'log prove' makes them.",
    subcommands = ProofVerifyCommand.class)
final class ProofCommand extends VerbGroup {}
