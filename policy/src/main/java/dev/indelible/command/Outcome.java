// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import org.jspecify.annotations.Nullable;

/**
 * The possible states of the shell after a command. A state is null if the script does not continue
 * with it.
 *
 * @param success after it succeeded
 * @param failure after it failed
 * @param unlikely after a failure that usually ends a script, such as a failure of {@code cd}; it
 *     counts only if the script handles the failure, with <code>||</code>, {@code !} or {@code
 *     else}, or if the command has no other outcome
 */
record Outcome(@Nullable State success, @Nullable State failure, @Nullable State unlikely) {
  /** The script ends. */
  static final Outcome END = new Outcome(null, null, null);

  /** Returns the outcome of a command after which the state does not depend on its status. */
  static Outcome of(@Nullable State state) {
    return state == null ? END : new Outcome(state, state, null);
  }

  /** Returns the state in which the next command runs; null if none does. */
  @Nullable State next() {
    State next = State.either(success, failure);
    return next == null ? unlikely : next;
  }

  /** Returns the state in which the next command runs after a failure. */
  @Nullable State failed() {
    return State.either(failure, unlikely);
  }
}
