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
 * @param uses what it does with its arguments, its redirections and its variables; the commands
 *     that it runs stand beside it. {@code RUNS_INPUT} and {@code SENDS} have the content of the
 *     standard input as their argument, and {@code RUNS_INPUT} also stands for code that comes from
 *     a file or text of which no more is known; a path that leads through a link of the script is
 *     there once as written and once resolved
 * @param via the wrappers that lead to it, outermost first, for example {@code sudo}, {@code sh -c}
 * @param machine where it runs: empty for this machine, else the container or host
 */
public record EffectiveCommand(
    List<Value> argv, Value workingDirectory, List<Use> uses, List<String> via, String machine) {
  /** Characters of a command that are shown. */
  private static final int MAX_DISPLAY = 300;

  /** Takes copies of the lists. */
  public EffectiveCommand {
    argv = List.copyOf(argv);
    uses = List.copyOf(uses);
    via = List.copyOf(via);
  }

  /** Returns true if it stands for commands that could not be read. */
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
