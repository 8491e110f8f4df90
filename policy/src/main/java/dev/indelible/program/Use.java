// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * A use that a program makes of its arguments: it deletes a path, contacts a host, runs a command.
 *
 * @param role what the program does with them
 * @param arguments one unless the role says otherwise; empty if the role concerns the whole command
 * @param detail the detail that the role describes; empty if there is none
 * @param isRecursive true if the use includes everything below the path
 * @param isDetour true if a program runs through an option or variable that is not a usual way to
 *     run programs
 */
public record Use(
    Role role, List<Value> arguments, String detail, boolean isRecursive, boolean isDetour) {
  /** The detail of a path whose owner changes. */
  public static final String OWNER = "owner";

  /** The detail of a path in a user's home whose owner becomes that user. */
  public static final String OWN_OWNER = "own owner";

  /** Takes a copy of the list. */
  public Use {
    arguments = List.copyOf(arguments);
  }
}
