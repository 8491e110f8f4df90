// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Option;

/** The reason for a change to the log, which is recorded. */
final class ReasonOption {
  @Option(
      names = "--reason",
      required = true,
      paramLabel = "TEXT",
      description = "the reason, to record")
  String text = "";

  /** Returns the reason; refuses an empty or overlong one. */
  String text() throws CommandFailure {
    Verb.requireRecordable("--reason", text);
    return text;
  }
}
