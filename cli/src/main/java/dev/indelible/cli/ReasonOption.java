// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Option;

/** Why something is done that goes on record. */
final class ReasonOption {
  @Option(
      names = "--reason",
      required = true,
      paramLabel = "TEXT",
      description = "why, for the record")
  String text = "";

  /** The reason, which says something. */
  String words() throws CommandFailure {
    Verb.requireWords("--reason", text);
    return text;
  }
}
