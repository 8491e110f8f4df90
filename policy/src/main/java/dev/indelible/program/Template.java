// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/**
 * A use as an entry of the table describes it.
 *
 * @param condition the condition on the options that are present
 * @param action the role of the argument, or the code that reads it
 * @param literal the argument if the entry itself contains it; empty if it comes from the command
 *     line
 * @param detail the detail of the use; {@code {1}} is replaced by the first operand
 * @param isRecursive true if the use includes everything below a path
 * @param isDetour true if the use is a detour
 * @param isInto true if the argument may be a directory into which the other operands go
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
   * @param anyOf bits of which at least one must be present; 0 if none needs to be
   * @param noneOf bits of which none may be present
   */
  record Condition(long anyOf, long noneOf) {
    static final Condition ALWAYS = new Condition(0, 0);

    boolean holds(long present) {
      return (anyOf == 0 || (anyOf & present) != 0) && (noneOf & present) == 0;
    }
  }

  /** The role of an argument, or its reader. */
  sealed interface Action {}

  /** The argument has this role. */
  record HasRole(Role role) implements Action {}

  /** Code reads the argument. */
  record ReadBy(ArgumentReader reader) implements Action {}
}
