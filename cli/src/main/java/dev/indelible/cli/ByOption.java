// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Option;

/** The name of the person who changes the log, which is recorded. */
final class ByOption {
  @Option(
      names = "--by",
      paramLabel = "NAME",
      defaultValue = "${sys:user.name}",
      description =
          "the name of the person who does this, to record (default: the name of the user)")
  String name = "";

  /** Returns the name; refuses an empty or overlong one. */
  String name() throws CommandFailure {
    Verb.requireRecordable("--by", name);
    return name;
  }
}
