// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

/** Limits on the interpretation of one script. */
final class Budget {
  /** Maximum number of commands; the commands in a loop count in each round. */
  static final int MAX_COMMANDS = 10_000;

  /** Maximum number of characters that are produced by expansion or read as separate scripts. */
  static final long MAX_TEXT = 4L << 20;

  /** Maximum depth of nested constructs; the parser's own limit for one text is 200. */
  static final int MAX_DEPTH = 250;

  /** Maximum number of steps of matching patterns and of copying variables. */
  static final long MAX_STEPS = 16L << 20;

  private int commands;
  private long steps;
  private long text;
  private int depth;

  /** Counts a command. */
  void command() {
    if (++commands > MAX_COMMANDS) {
      throw new ExceededException("runs more than " + MAX_COMMANDS + " commands");
    }
  }

  /** Counts characters. */
  void text(long characters) {
    text += characters;
    if (text > MAX_TEXT) {
      throw new ExceededException("expands to more than " + MAX_TEXT + " characters");
    }
  }

  /** Counts steps of work that produces no text. */
  void steps(long count) {
    steps += count;
    if (steps > MAX_STEPS) {
      throw new ExceededException("needs more than " + MAX_STEPS + " steps");
    }
  }

  /** Enters a construct within another. */
  void enter() {
    if (++depth > MAX_DEPTH) {
      throw new ExceededException("nested more than " + MAX_DEPTH + " levels deep");
    }
  }

  void leave() {
    depth--;
  }

  /** A limit that a script exceeds; the message names it. */
  static final class ExceededException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ExceededException(String message) {
      super(message, null, false, false);
    }
  }
}
