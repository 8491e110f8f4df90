// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import picocli.CommandLine.Option;

/** Who does something that goes on record with a name. */
final class ByOption {
  @Option(
      names = "--by",
      paramLabel = "NAME",
      defaultValue = "${sys:user.name}",
      description = "who does it, for the record (default: the name of the user)")
  String name = "";

  /** Returns the name; refuses an empty or overlong one. */
  String name() throws CommandFailure {
    Verb.requireWords("--by", name);
    return name;
  }
}
