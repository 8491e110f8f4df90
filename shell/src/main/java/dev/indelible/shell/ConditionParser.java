// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads the expression of {@code [[ … ]]} (bash manual 3.2.5.2). */
final class ConditionParser {
  private static final Set<String> BINARY =
      Set.of(
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

  /** Reads from behind the opening brackets through the closing ones. */
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
    if (isUnary && !isEnd()) {
      int start = source.position;
      String operator = binaryOperator();
      source.position = start;
      if (operator.isEmpty()) {
        operands.add(operand(WordParser.Mode.PLAIN));
        return;
      }
    }
    operands.add(first);
    String operator = isEnd() ? "" : binaryOperator();
    if (!operator.isEmpty()) {
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

  /** Returns whether the expression or a part of it ends here. */
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

  /** Reads an operator between two operands; empty, and nothing is read, if there is none. */
  private String binaryOperator() throws ShellSyntaxException {
    if (source.peek() == '<' || source.peek() == '>') {
      String operator = String.valueOf((char) source.peek());
      source.skip(1);
      return operator;
    }
    int start = source.position;
    Word word = words.word(WordParser.Mode.PLAIN);
    String text = word.hasQuotes() ? "" : word.literal().orElse("");
    if (BINARY.contains(text)) {
      return text;
    }
    source.position = start;
    return "";
  }
}
