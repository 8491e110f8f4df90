// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/**
 * Commands that run one after another.
 *
 * @param statements in the order of the text
 */
public record Script(List<Statement> statements) {
  /** Takes a copy of the list. */
  public Script {
    statements = List.copyOf(statements);
  }

  /**
   * One command of a list.
   *
   * @param command what runs
   * @param isBackground whether the shell goes on without waiting for it ({@code &})
   */
  public record Statement(Command command, boolean isBackground) {}
}
