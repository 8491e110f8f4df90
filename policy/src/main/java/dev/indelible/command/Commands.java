// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Programs;
import dev.indelible.program.Use;
import dev.indelible.value.Value;
import java.util.List;

/** Finds the commands that a shell script finally runs. */
public final class Commands {
  private Commands() {}

  /**
   * Returns the commands that a script may run, in the order of interpretation. A part that cannot
   * be read becomes a command with a use of the role {@code HIDES}, which states the reason.
   */
  public static List<EffectiveCommand> of(String script, Context context) {
    return new Interpreter(context, Programs.standard()).run(script);
  }

  /** Returns a command without a shell, and the commands that it runs. */
  public static List<EffectiveCommand> ofCommand(List<Value> argv, Context context) {
    return new Interpreter(context, Programs.standard()).runCommand(argv);
  }

  /**
   * Returns a command that is not in the table of programs, and the commands that it runs.
   *
   * @param uses what it does with its arguments
   */
  public static List<EffectiveCommand> ofUses(List<Value> argv, List<Use> uses, Context context) {
    return new Interpreter(context, Programs.standard()).runUses(argv, uses);
  }
}
