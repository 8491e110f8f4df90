// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Option;

/** The reason for a change to the log, which is recorded. */
final class ReasonOption {
  @Option(
      names = "--reason",
      required = true,
      paramLabel = "TEXT",
      description = "why, as recorded in the chain")
  String text = "";

  /** Returns the reason; refuses an empty or overlong one. */
  String words() throws CommandFailure {
    Verb.requireWords("--reason", text);
    return text;
  }
}
