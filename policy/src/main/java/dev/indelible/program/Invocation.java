// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * A command line as its program reads it.
 *
 * @param program the program's name in the table
 * @param uses the uses of the options in order, then those of the operands
 * @param operands the arguments that are neither options nor their values nor names of subcommands;
 *     for {@code find}, the paths that it finds, as globs
 * @param output what it prints
 */
public record Invocation(String program, List<Use> uses, List<Value> operands, Output output) {
  /** Takes copies of the lists. */
  public Invocation {
    uses = List.copyOf(uses);
    operands = List.copyOf(operands);
  }
}
