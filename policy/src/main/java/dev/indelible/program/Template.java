// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * A use as an entry of the table describes it.
 *
 * @param condition on the options that are present
 * @param action the role of the argument, or the code that reads it
 * @param literal an argument that the entry states itself; empty if the command line has it
 * @param detail of the use; {@code {1}} stands for the first operand
 * @param isRecursive true if everything below is concerned
 * @param isDetour true if the use is a detour
 * @param isInto true if the argument may be a directory that takes the other operands
 */
record Template(
    Condition condition,
    Action action,
    List<Value> literal,
    String detail,
    boolean isRecursive,
    boolean isDetour,
    boolean isInto) {

  /**
   * A condition on the options that are present.
   *
   * @param anyOf bits of which one is present; 0 for any command line
   * @param noneOf bits of which none is present
   */
  record Condition(long anyOf, long noneOf) {
    static final Condition ALWAYS = new Condition(0, 0);

    boolean holds(long present) {
      return (anyOf == 0 || (anyOf & present) != 0) && (noneOf & present) == 0;
    }
  }

  /** The reading of an argument. */
  sealed interface Action {}

  /** The argument has this role. */
  record HasRole(Role role) implements Action {}

  /** Code reads the argument. */
  record ReadBy(ArgumentReader reader) implements Action {}
}
