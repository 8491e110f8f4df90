// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fact;

import java.util.List;

/**
 * The part of an action from which a fact follows.
 *
 * @param command the effective command for a person; empty if the action is no command
 * @param words the program and its operands, by which rules on commands compare; empty if the
 *     action is no command
 * @param via the wrappers that lead to it, outermost first
 * @param machine where it runs: empty for this machine
 */
public record Cause(String command, List<String> words, List<String> via, String machine) {
  /** The action itself. */
  public static final Cause ACTION = new Cause("", List.of(), List.of(), "");

  /** Takes copies of the lists. */
  public Cause {
    words = List.copyOf(words);
    via = List.copyOf(via);
  }
}
