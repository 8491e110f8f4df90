// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.List;

/** A command of the grammar, with all its parts. */
public sealed interface Command {
  /**
   * A simple command: assignments, words and redirections in any order.
   *
   * @param assignments the assignments before the first word
   * @param words the name of the command and its arguments; empty if there are only assignments or
   *     redirections
   * @param arrays assignments of arrays among the arguments, for example of {@code declare}
   * @param redirections the redirections in the order of the text
   * @param offset the position in the text at which the command begins
   * @param end the position at which it ends
   */
  record Simple(
      List<Assignment> assignments,
      List<Word> words,
      List<Assignment> arrays,
      List<Redirection> redirections,
      int offset,
      int end)
      implements Command {
    /** Copies the lists. */
    public Simple {
      assignments = List.copyOf(assignments);
      words = List.copyOf(words);
      arrays = List.copyOf(arrays);
      redirections = List.copyOf(redirections);
    }
  }

  /**
   * Commands joined by pipes. A negated or timed command is a pipeline too, even if it is alone.
   *
   * @param commands the commands from left to right
   * @param isNegated true if {@code !} inverts the status
   * @param isTimed true if {@code time} measures the pipeline
   */
  record Pipeline(List<Command> commands, boolean isNegated, boolean isTimed) implements Command {
    /** Copies the list. */
    public Pipeline {
      commands = List.copyOf(commands);
    }
  }

  /**
   * Two commands; the second runs depending on the status of the first.
   *
   * @param isAnd true if the second runs when the first succeeds ({@code &&}); false if it runs
   *     when the first fails ({@code ||})
   */
  record AndOr(Command left, Command right, boolean isAnd) implements Command {}

  /**
   * A compound command with redirections.
   *
   * @param redirections the redirections, at least one
   */
  record Redirected(Command command, List<Redirection> redirections) implements Command {
    /** Copies the list. */
    public Redirected {
      redirections = List.copyOf(redirections);
    }
  }

  /** {@code { …; }}: runs in the current shell. */
  record Group(Script body) implements Command {}

  /** {@code ( … )}: runs in a subshell. */
  record Subshell(Script body) implements Command {}

  /**
   * {@code if}. An {@code elif} is an {@code if} that is the only statement of {@code otherwise}.
   *
   * @param otherwise the {@code else} branch; empty if there is none
   */
  record If(Script condition, Script then, Script otherwise) implements Command {}

  /**
   * {@code while} and {@code until}.
   *
   * @param isUntil true if the loop continues while the condition fails
   */
  record While(Script condition, Script body, boolean isUntil) implements Command {}

  /**
   * {@code for name in words} and {@code select}.
   *
   * @param isOverArguments true if there is no {@code in}, so that the loop is over the positional
   *     parameters
   * @param isSelect true if the loop is a {@code select}, which asks a person for the value
   */
  record For(String name, List<Word> words, boolean isOverArguments, boolean isSelect, Script body)
      implements Command {
    /** Copies the list. */
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
    /** Copies the list. */
    public Case {
      branches = List.copyOf(branches);
    }
  }

  /**
   * A branch of {@code case}.
   *
   * @param end {@code ;;}, {@code ;&} (continues with the next body) or {@code ;;&} (continues with
   *     the next pattern)
   */
  record Branch(List<Word> patterns, Script body, String end) {
    /** Copies the list. */
    public Branch {
      patterns = List.copyOf(patterns);
    }
  }

  /** The definition of a function. */
  record Function(String name, Command body) implements Command {}

  /** {@code (( … ))}, as a word with its substitutions. */
  record ArithmeticCommand(Word expression) implements Command {}

  /**
   * {@code [[ … ]]}.
   *
   * @param words all operands in the order of the text, without the operators
   */
  record Conditional(List<Word> words) implements Command {
    /** Copies the list. */
    public Conditional {
      words = List.copyOf(words);
    }
  }

  /**
   * {@code coproc}: runs concurrently with the shell.
   *
   * @param name the name in the text, or {@code COPROC}
   */
  record Coprocess(String name, Command body) implements Command {}
}
