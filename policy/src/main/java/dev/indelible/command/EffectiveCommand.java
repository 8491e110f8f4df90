// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.List;

/**
 * A simple command that a script runs in the end.
 *
 * @param argv the program and its arguments after expansion
 * @param workingDirectory where it runs
 * @param uses what it does with its arguments, its redirections and its variables; those that run
 *     other commands are followed, and these commands stand beside it
 * @param via the wrappers that lead to it, outermost first, for example {@code sudo}, {@code sh -c}
 * @param machine where it runs: empty for this machine, else the container or host
 */
public record EffectiveCommand(
    List<Value> argv, Value workingDirectory, List<Use> uses, List<String> via, String machine) {
  /** Takes copies of the lists. */
  public EffectiveCommand {
    argv = List.copyOf(argv);
    uses = List.copyOf(uses);
    via = List.copyOf(via);
  }
}
