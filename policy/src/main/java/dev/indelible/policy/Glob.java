// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * A compiled glob. {@code *} matches any characters except {@code /}; {@code **} any characters;
 * {@code **}{@code /}, at the start or after a {@code /}, zero or more whole directories; {@code ?}
 * one character except {@code /}; a backslash before {@code *?[]{}\} that character itself.
 *
 * <p>Matching does not backtrack: each step of the pattern maps the set of positions reached in the
 * text to the next set, in one sweep. The time is at most pattern length times text length.
 *
 * <p>Immutable.
 */
final class Glob {
  /** More than any path in a rule needs; limits the time of a match. */
  static final int MAX_CHARS = 1024;

  private static final char SEPARATOR = '/';

  /** A step of a pattern: maps the positions reached before it to those reached after it. */
  private interface Step {
    BitSet advance(String text, BitSet from);
  }

  private final List<Step> steps;

  private Glob(List<Step> steps) {
    this.steps = List.copyOf(steps);
  }

  /**
   * Compiles a pattern.
   *
   * @throws IllegalArgumentException if it is not a glob of this syntax
   */
  static Glob compile(String pattern) {
    if (pattern.isEmpty() || pattern.length() > MAX_CHARS) {
      throw bad(pattern, "a glob has 1 to " + MAX_CHARS + " characters");
    }
    return new Compiler(pattern).compile();
  }

  /** Returns true if a pattern has no special character, so that it matches only itself. */
  static boolean isLiteral(String pattern) {
    return pattern.chars().noneMatch(c -> "*?\\".indexOf(c) >= 0);
  }

  /** Returns true if the whole of {@code text} matches. */
  boolean matches(String text) {
    BitSet reached = new BitSet();
    reached.set(0);
    for (Step step : steps) {
      reached = step.advance(text, reached);
      if (reached.isEmpty()) {
        return false;
      }
    }
    return reached.get(text.length());
  }

  private static BitSet literal(String literal, String text, BitSet from) {
    BitSet after = new BitSet();
    for (int i = from.nextSetBit(0); i >= 0; i = from.nextSetBit(i + 1)) {
      if (text.startsWith(literal, i)) {
        after.set(i + literal.length());
      }
    }
    return after;
  }

  private static BitSet oneCharacter(String text, BitSet from) {
    BitSet after = new BitSet();
    for (int i = from.nextSetBit(0); i >= 0; i = from.nextSetBit(i + 1)) {
      if (i < text.length() && text.charAt(i) != SEPARATOR) {
        after.set(i + Character.charCount(text.codePointAt(i)));
      }
    }
    return after;
  }

  private static BitSet withinSegment(String text, BitSet from) {
    BitSet after = new BitSet();
    int i = from.nextSetBit(0);
    while (i >= 0) {
      int separator = text.indexOf(SEPARATOR, i);
      int end = separator < 0 ? text.length() : separator;
      after.set(i, end + 1);
      i = from.nextSetBit(end + 1);
    }
    return after;
  }

  private static BitSet anything(String text, BitSet from) {
    BitSet after = new BitSet();
    after.set(from.nextSetBit(0), text.length() + 1);
    return after;
  }

  private static BitSet directories(String text, BitSet from) {
    BitSet after = (BitSet) from.clone();
    int separator = text.indexOf(SEPARATOR, from.nextSetBit(0));
    while (separator >= 0) {
      after.set(separator + 1);
      separator = text.indexOf(SEPARATOR, separator + 1);
    }
    return after;
  }

  private static IllegalArgumentException bad(String pattern, String why) {
    return new IllegalArgumentException("bad glob " + Quoted.of(pattern) + ": " + why);
  }

  /** Compiles a pattern in one pass from left to right. */
  private static final class Compiler {
    private final String pattern;
    private final List<Step> steps = new ArrayList<>();
    private final StringBuilder literal = new StringBuilder();
    private int at;

    Compiler(String pattern) {
      this.pattern = pattern;
    }

    Glob compile() {
      while (at < pattern.length()) {
        char c = pattern.charAt(at);
        switch (c) {
          case '*' -> stars();
          case '?' -> step(Glob::oneCharacter, 1);
          case '\\' -> escaped();
          case '[', '{' ->
              throw bad(
                  pattern,
                  "%s is not supported; give a list of globs, or write \\%s for the character"
                      .formatted(c, c));
          default -> {
            literal.append(c);
            at++;
          }
        }
      }
      endLiteral();
      return new Glob(steps);
    }

    private void stars() {
      if (pattern.startsWith("***", at)) {
        throw bad(pattern, "*** is not supported; use * within a directory, ** across directories");
      }
      boolean startsSegment = at == 0 || pattern.charAt(at - 1) == SEPARATOR;
      if (startsSegment && pattern.startsWith("**/", at)) {
        step(Glob::directories, 3);
      } else if (pattern.startsWith("**", at)) {
        step(Glob::anything, 2);
      } else {
        step(Glob::withinSegment, 1);
      }
    }

    private void escaped() {
      if (at + 1 == pattern.length() || "*?[]{}\\".indexOf(pattern.charAt(at + 1)) < 0) {
        throw bad(
            pattern, "a backslash must precede one of * ? [ ] { } \\; write \\\\ for a backslash");
      }
      literal.append(pattern.charAt(at + 1));
      at += 2;
    }

    private void step(Step step, int length) {
      endLiteral();
      steps.add(step);
      at += length;
    }

    private void endLiteral() {
      if (!literal.isEmpty()) {
        String run = literal.toString();
        steps.add((text, from) -> literal(run, text, from));
        literal.setLength(0);
      }
    }
  }
}
