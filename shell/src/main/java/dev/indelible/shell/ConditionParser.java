// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;

/** Reads the expression of {@code [[ … ]]} (bash manual 3.2.5.2). */
final class ConditionParser {
  private static final List<String> BINARY =
      List.of(
          "=", "==", "!=", "=~", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot",
          "-ef");
  private static final String UNARY = "abcdefghknoprstuvwxzGLNORS";

  private final Source source;
  private final WordParser words;
  private final ShellParser commands;
  private final List<Word> operands = new ArrayList<>();

  ConditionParser(Source source, WordParser words, ShellParser commands) {
    this.source = source;
    this.words = words;
    this.commands = commands;
  }

  /** Reads from after the opening brackets up to and including the closing ones. */
  List<Word> read() throws ShellSyntaxException {
    or();
    commands.skipLines();
    source.expect("]]");
    int after = source.peek();
    if (after != Source.END && !WordParser.isMetacharacter(after)) {
      throw source.unexpected("the end of ']]' is expected");
    }
    return operands;
  }

  private void or() throws ShellSyntaxException {
    source.budget.enter(source.position);
    do {
      and();
      commands.skipLines();
    } while (source.accept("||"));
    source.budget.leave();
  }

  private void and() throws ShellSyntaxException {
    do {
      term();
      commands.skipLines();
    } while (source.accept("&&"));
  }

  private void term() throws ShellSyntaxException {
    commands.skipLines();
    while (source.peek() == '!' && WordParser.isMetacharacter(source.peek(1))) {
      source.skip(1);
      commands.skipLines();
    }
    if (source.accept("(")) {
      or();
      source.expect(")");
      return;
    }
    Word first = operand(WordParser.Mode.PLAIN);
    String text = first.hasQuotes() ? "" : first.literal().orElse("");
    if (text.equals("]]")) {
      throw source.error("an expression is expected before ']]'");
    }
    commands.skipBlanks();
    boolean isUnary =
        text.length() == 2 && text.charAt(0) == '-' && UNARY.indexOf(text.charAt(1)) >= 0;
    String operator = operatorAhead();
    if (isUnary && operator.isEmpty() && !isEnd()) {
      operands.add(operand(WordParser.Mode.PLAIN));
      return;
    }
    operands.add(first);
    if (!operator.isEmpty()) {
      source.skip(operator.length());
      commands.skipBlanks();
      operands.add(
          operand(
              switch (operator) {
                case "=~" -> WordParser.Mode.REGEX;
                case "=", "==", "!=" -> WordParser.Mode.PATTERN;
                default -> WordParser.Mode.PLAIN;
              }));
    }
  }

  /** Returns true if the expression, or a part of it, ends here. */
  private boolean isEnd() {
    int c = source.peek();
    return c == Source.END
        || c == '\n'
        || c == ')'
        || source.isAt("&&")
        || source.isAt("||")
        || source.isAt("]]");
  }

  private Word operand(WordParser.Mode mode) throws ShellSyntaxException {
    Word word = words.word(mode);
    if (word.parts().isEmpty()) {
      throw source.unexpected("an operand is expected");
    }
    return word;
  }

  /** Returns the binary operator that comes next; empty if there is none. */
  private String operatorAhead() {
    for (String operator : BINARY) {
      int after = source.peek(operator.length());
      boolean isWhole =
          operator.equals("<")
              || operator.equals(">")
              || after == Source.END
              || WordParser.isMetacharacter(after);
      if (isWhole && source.isAt(operator)) {
        return operator;
      }
    }
    return "";
  }
}
