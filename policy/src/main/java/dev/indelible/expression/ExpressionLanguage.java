// SPDX-License-Identifier: Apache-2.0
package dev.indelible.expression;

import java.util.Map;

/**
 * A language for conditions in rules, from a module of its own. A policy finds it by {@link
 * java.util.ServiceLoader} when it has a rule that uses the language, and not before. Any number of
 * threads may use it at once.
 *
 * <p>An expression sees these variables:
 *
 * <ul>
 *   <li>{@code action}: a {@code Map} of every member that an action of any kind has, keyed by JSON
 *       name. A member that the action does not have is an empty text, 0 or an empty list. {@code
 *       arguments} and {@code payload} are {@code JsonNode}s.
 *   <li>{@code facts}: a list of maps with {@code verb}, {@code operand}, {@code recursive} and
 *       {@code command}.
 *   <li>{@code commands}: a list of the effective commands, as texts.
 * </ul>
 *
 * <p>The agent is not a variable: its id is a claim, and an expression could exempt anyone who
 * makes that claim.
 */
public interface ExpressionLanguage {
  /** Returns the key of a condition in this language, for example {@code cel}. */
  String key();

  /**
   * Compiles an expression and checks its types.
   *
   * @throws MistakeException if it is not a boolean expression
   */
  Expression compile(String text) throws MistakeException;

  /** A compiled expression. */
  @FunctionalInterface
  interface Expression {
    /**
     * Returns true if the expression is true. Bounded in time and memory.
     *
     * @throws RuntimeException if it cannot be evaluated, or exceeds a limit; the rule then blocks
     */
    boolean isTrue(Map<String, Object> variables);
  }

  /** Thrown for a text that is no expression of the language. */
  final class MistakeException extends Exception {
    private static final long serialVersionUID = 1;

    /** The place in the text, from 1. */
    private final int line;

    private final int column;

    /**
     * Creates the exception.
     *
     * @param message what is wrong, for a person
     * @param line the line in the text, from 1
     * @param column the column in the line, from 1
     */
    public MistakeException(String message, int line, int column) {
      super(message);
      this.line = line;
      this.column = column;
    }

    /** Returns the line in the text, from 1. */
    public int line() {
      return line;
    }

    /** Returns the column in the line, from 1. */
    public int column() {
      return column;
    }
  }
}
