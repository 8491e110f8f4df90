// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.util.Objects;

/** A verb that only has verbs of its own. */
abstract class VerbGroup extends Verb {
  @Override
  public Integer call() throws CommandFailure {
    String name = Objects.requireNonNull(spec).name();
    throw CommandFailure.usage(
        name + ": say which: " + String.join(", ", spec.subcommands().keySet()));
  }
}
