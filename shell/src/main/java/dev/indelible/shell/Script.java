// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/**
 * Commands that run one after another.
 *
 * @param statements the statements in the order of the text
 */
public record Script(List<Statement> statements) {
  /** Copies the list. */
  public Script {
    statements = List.copyOf(statements);
  }

  /**
   * One command of a list.
   *
   * @param command the command
   * @param isBackground true if the shell continues without waiting for it ({@code &})
   */
  public record Statement(Command command, boolean isBackground) {}
}
