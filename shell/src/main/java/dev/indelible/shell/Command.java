// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/** A command of the grammar, with everything below it. */
public sealed interface Command {
  /**
   * A simple command: assignments, words and redirections in any order.
   *
   * @param assignments before the first word
   * @param words the name of the command and its arguments; empty if there are assignments or
   *     redirections alone
   * @param arrays assignments of arrays among the arguments, as of {@code declare}
   * @param redirections in the order of the text
   * @param offset where the command begins in the text
   * @param end where it ends
   */
  record Simple(
      List<Assignment> assignments,
      List<Word> words,
      List<Assignment> arrays,
      List<Redirection> redirections,
      int offset,
      int end)
      implements Command {
    /** Takes copies of the lists. */
    public Simple {
      assignments = List.copyOf(assignments);
      words = List.copyOf(words);
      arrays = List.copyOf(arrays);
      redirections = List.copyOf(redirections);
    }
  }

  /**
   * Commands joined by pipes; a single one if it is negated or timed.
   *
   * @param commands from left to right
   * @param isNegated whether {@code !} inverts its status
   * @param isTimed whether {@code time} measures it
   */
  record Pipeline(List<Command> commands, boolean isNegated, boolean isTimed) implements Command {
    /** Takes a copy of the list. */
    public Pipeline {
      commands = List.copyOf(commands);
    }
  }

  /**
   * Two commands, of which the second depends on the status of the first.
   *
   * @param isAnd whether the second runs if the first succeeds ({@code &&}), not if it fails
   */
  record AndOr(Command left, Command right, boolean isAnd) implements Command {}

  /**
   * A compound command with redirections of its own.
   *
   * @param redirections at least one
   */
  record Redirected(Command command, List<Redirection> redirections) implements Command {
    /** Takes a copy of the list. */
    public Redirected {
      redirections = List.copyOf(redirections);
    }
  }

  /** {@code { …; }}: runs in the shell itself. */
  record Group(Script body) implements Command {}

  /** {@code ( … )}: runs in a shell of its own. */
  record Subshell(Script body) implements Command {}

  /**
   * {@code if}; an {@code elif} is an {@code if} alone in the list of the alternative.
   *
   * @param otherwise empty if there is no {@code else}
   */
  record If(Script condition, Script then, Script otherwise) implements Command {}

  /**
   * {@code while} and {@code until}.
   *
   * @param isUntil whether the loop goes on while the condition fails
   */
  record While(Script condition, Script body, boolean isUntil) implements Command {}

  /**
   * {@code for name in words} and {@code select}.
   *
   * @param isOverArguments whether there is no {@code in}: the loop is over the positional
   *     parameters
   * @param isSelect whether it asks a person for the value
   */
  record For(String name, List<Word> words, boolean isOverArguments, boolean isSelect, Script body)
      implements Command {
    /** Takes a copy of the list. */
    public For {
      words = List.copyOf(words);
    }
  }

  /**
   * {@code for ((…; …; …))}.
   *
   * @param expressions the text between the parentheses, as a word with its substitutions
   */
  record ArithmeticFor(Word expressions, Script body) implements Command {}

  /** {@code case word in … esac}. */
  record Case(Word subject, List<Branch> branches) implements Command {
    /** Takes a copy of the list. */
    public Case {
      branches = List.copyOf(branches);
    }
  }

  /**
   * A branch of {@code case}.
   *
   * @param end {@code ;;}, {@code ;&} (goes on with the next body) or {@code ;;&} (goes on with the
   *     next pattern)
   */
  record Branch(List<Word> patterns, Script body, String end) {
    /** Takes a copy of the list. */
    public Branch {
      patterns = List.copyOf(patterns);
    }
  }

  /** The definition of a function. */
  record Function(String name, Command body) implements Command {}

  /** {@code (( … ))}, with the substitutions in it. */
  record ArithmeticCommand(Word expression) implements Command {}

  /**
   * {@code [[ … ]]}.
   *
   * @param words all operands, in the order of the text; what they are compared by is left out
   */
  record Conditional(List<Word> words) implements Command {
    /** Takes a copy of the list. */
    public Conditional {
      words = List.copyOf(words);
    }
  }

  /**
   * {@code coproc}: runs beside the shell.
   *
   * @param name {@code COPROC} unless the text gives one
   */
  record Coprocess(String name, Command body) implements Command {}
}
