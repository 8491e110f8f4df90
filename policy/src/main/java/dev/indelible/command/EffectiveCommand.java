// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.List;

/**
 * A simple command that a script finally runs.
 *
 * @param argv the program and its arguments after expansion; empty if there are only assignments or
 *     redirections, or if the script could not be read
 * @param workingDirectory where it runs
 * @param uses what it does with its arguments, its redirections and its variables. The commands
 *     that it runs are separate effective commands. The argument of {@code RUNS_INPUT} and {@code
 *     SENDS} is the content of the standard input. {@code RUNS_INPUT} also represents code from a
 *     file or text whose content is unknown. A path through a link that the script creates has two
 *     uses: one with the path as written, one with the resolved path
 * @param via the wrappers that lead to it, outermost first, for example {@code sudo}, {@code sh -c}
 * @param machine where it runs: empty for this machine, else the container or host
 */
public record EffectiveCommand(
    List<Value> argv, Value workingDirectory, List<Use> uses, List<String> via, String machine) {
  /** Maximum number of characters of a command that are shown. */
  private static final int MAX_DISPLAY = 300;

  /** Takes copies of the lists. */
  public EffectiveCommand {
    argv = List.copyOf(argv);
    uses = List.copyOf(uses);
    via = List.copyOf(via);
  }

  /** Returns true if it represents commands that could not be read. */
  public boolean isOpaque() {
    for (Use use : uses) {
      if (use.role() == Role.HIDES) {
        return true;
      }
    }
    return false;
  }

  /** Returns the command in one line of text, without the wrappers. */
  public String display() {
    StringBuilder out = new StringBuilder();
    for (Value argument : argv) {
      if (out.length() > MAX_DISPLAY) {
        break;
      }
      String text = argument.display();
      out.append(out.length() == 0 ? "" : " ");
      out.append(text.isEmpty() ? "''" : text.replace('\n', ' '));
    }
    if (out.length() > MAX_DISPLAY) {
      out.setLength(MAX_DISPLAY);
      out.append('…');
    }
    return out.toString();
  }
}
