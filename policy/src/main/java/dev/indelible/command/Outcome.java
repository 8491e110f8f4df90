// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import org.jspecify.annotations.Nullable;

/**
 * The states in which a command may leave the shell; null where it does not go on.
 *
 * @param success after it succeeded
 * @param failure after it failed
 * @param unlikely after a failure that usually ends a script, such as a failure of {@code cd}; it
 *     counts only where the script handles the failure with <code>||</code>, {@code !} or {@code
 *     else} alone
 */
record Outcome(@Nullable State success, @Nullable State failure, @Nullable State unlikely) {
  /** The script ends. */
  static final Outcome END = new Outcome(null, null, null);

  /** A command after which the state does not depend on its status. */
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
