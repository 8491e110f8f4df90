// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * A use of arguments by a program.
 *
 * @param role what the program does with them
 * @param arguments one, or as the role describes them; none of a role that concerns the command as
 *     a whole
 * @param detail as the role describes it; empty otherwise
 * @param isRecursive true if everything below the path is concerned
 * @param isDetour true if a program runs through an option or variable that is not a usual way to
 *     run programs
 */
public record Use(
    Role role, List<Value> arguments, String detail, boolean isRecursive, boolean isDetour) {
  /** The detail of a path whose owner changes. */
  public static final String OWNER = "owner";

  /** The detail of a path, written as one in a user's home, that is given to that user. */
  public static final String OWN_OWNER = "own owner";

  /** Takes a copy of the list. */
  public Use {
    arguments = List.copyOf(arguments);
  }
}
