// SPDX-License-Identifier: Apache-2.0
package dev.indelible.shell;

import java.util.ArrayList;
import java.util.List;

/**
 * Reads words: quoting (bash manual 3.1.2), parameter expansion (3.5.3), command, arithmetic and
 * process substitution (3.5.4 to 3.5.6). Long because these contain each other.
 */
final class WordParser {
  private static final String SPECIAL_PARAMETERS = "@*#?-$!";

  private final Source source;
  private final ShellParser commands;

  WordParser(Source source, ShellParser commands) {
    this.source = source;
    this.commands = commands;
  }

  /** Decides which characters end a word and which are text. */
  enum Mode {
    /** An ordinary word. */
    PLAIN,
    /** A pattern in {@code [[}: extended globs contain parentheses. */
    PATTERN,
    /** A regular expression in {@code [[}: parentheses and bars are text. */
    REGEX
  }

  /** Reads a word; returns a word without parts if none begins here. */
  Word word(Mode mode) throws ShellSyntaxException {
    source.budget.node(source.position);
    WordBuilder word = new WordBuilder();
    int parentheses = 0;
    while (true) {
      int c = source.peek();
      if (c == Source.END) {
        break;
      } else if (isQuoteOrExpansion(c)) {
        quoteOrExpansion(word, c);
      } else if ((c == '<' || c == '>') && source.peek(1) == '(' && mode != Mode.REGEX) {
        word.add(processSubstitution());
      } else if (c == '(' && opensGroup(mode, word)) {
        parentheses++;
        text(word, c);
      } else if (parentheses > 0 && (c == ')' || isMetacharacter(c)) && c != '\n') {
        parentheses -= c == ')' ? 1 : 0;
        parentheses += c == '(' ? 1 : 0;
        text(word, c);
      } else if (isMetacharacter(c) && !(mode == Mode.REGEX && "|<>".indexOf(c) >= 0)) {
        break;
      } else if (isMetacharacter(c)) {
        text(word, c);
      } else {
        plain(word);
      }
    }
    if (parentheses > 0) {
      throw source.unexpected("')' is expected");
    }
    return word.build();
  }

  private boolean opensGroup(Mode mode, WordBuilder word) {
    boolean isExtended = mode == Mode.PATTERN || commands.hasExtendedGlobs();
    return mode == Mode.REGEX
        || isExtended && word.last() != 0 && "?*+@!".indexOf(word.last()) >= 0;
  }

  private void text(WordBuilder word, int c) {
    word.add(c, false);
    source.skip(1);
  }

  /** Reads one or more characters that stand for themselves. */
  private void plain(WordBuilder word) {
    int start = source.position;
    int end = start + 1;
    while (end < source.text.length() && isPlain(source.text.charAt(end))) {
      end++;
    }
    word.add(source.text.substring(start, end), false);
    source.position = end;
  }

  private static boolean isPlain(char c) {
    return !isMetacharacter(c) && !isQuoteOrExpansion(c);
  }

  static boolean isMetacharacter(int c) {
    return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '('
        || c == ')' || c == '<' || c == '>';
  }

  private static boolean isQuoteOrExpansion(int c) {
    return c == '\'' || c == '"' || c == '\\' || c == '$' || c == '`';
  }

  private void quoteOrExpansion(WordBuilder word, int c) throws ShellSyntaxException {
    switch (c) {
      case '\'' -> singleQuoted(word);
      case '"' -> doubleQuoted(word);
      case '\\' -> escaped(word);
      case '$' -> dollar(word, false);
      default -> word.add(backquoted(false));
    }
  }

  private void singleQuoted(WordBuilder word) throws ShellSyntaxException {
    int from = source.position + 1;
    int to = source.text.indexOf('\'', from);
    if (to < 0) {
      throw source.error("a single quote is not closed");
    }
    word.add(source.text.substring(from, to), true);
    source.position = to + 1;
  }

  /** Reads a backslash outside of quotes. The next character is literal. */
  private void escaped(WordBuilder word) {
    int next = source.position + 1;
    if (next < source.text.length()) {
      word.add(source.text.charAt(next), true);
      source.position = next + 1;
    } else {
      word.add('\\', false);
      source.position = next;
    }
  }

  private void doubleQuoted(WordBuilder word) throws ShellSyntaxException {
    int start = source.position;
    source.skip(1);
    word.begin(true);
    enter();
    while (!source.accept("\"")) {
      if (source.peek() == Source.END) {
        source.position = start;
        throw source.error("a double quote is not closed");
      }
      int end = source.position;
      while (end < source.text.length() && "$`\"\\".indexOf(source.text.charAt(end)) < 0) {
        end++;
      }
      if (end > source.position) {
        word.add(source.text.substring(source.position, end), true);
        source.position = end;
      } else {
        quotedCharacter(word, "$`\"\\");
      }
    }
    source.budget.leave();
  }

  /**
   * Reads the body of a here-document, in which double quotes are text.
   *
   * @return the text and its expansions, all quoted
   */
  Word hereText() throws ShellSyntaxException {
    WordBuilder word = new WordBuilder();
    while (source.peek() != Source.END) {
      quotedCharacter(word, "$`\\");
    }
    return word.build();
  }

  /** Reads a character, escape or expansion in double quotes. */
  private void quotedCharacter(WordBuilder word, String escapable) throws ShellSyntaxException {
    int c = source.peek();
    if (c == '\\') {
      int next =
          source.position + 1 < source.text.length() ? source.text.charAt(source.position + 1) : 0;
      if (next != 0 && escapable.indexOf(next) >= 0) {
        word.add(next, true);
        source.position += 2;
        return;
      }
    }
    if (c == '$') {
      dollar(word, true);
    } else if (c == '`') {
      word.add(backquoted(true));
    } else {
      word.add(c, true);
      source.skip(1);
    }
  }

  /** Reads an expansion that begins with {@code $}. */
  private void dollar(WordBuilder word, boolean quoted) throws ShellSyntaxException {
    int next = source.peek(1);
    if (next == '(' && source.peek(2) == '(' && isArithmetic(1)) {
      source.skip(3);
      Word expression = arithmetic(quoted, '(', ')');
      source.expect("))");
      word.add(new Word.Arithmetic(expression, quoted));
    } else if (next == '(') {
      source.skip(2);
      enter();
      Script script = commands.list();
      source.expect(")");
      source.budget.leave();
      word.add(new Word.CommandSubstitution(script, quoted));
    } else if (next == '[') {
      source.skip(2);
      Word expression = arithmetic(quoted, '[', ']');
      source.expect("]");
      word.add(new Word.Arithmetic(expression, quoted));
    } else if (next == '{') {
      source.skip(2);
      enter();
      word.add(braced(quoted));
      source.budget.leave();
    } else if (next == '\'' && !quoted) {
      source.skip(1);
      AnsiC.read(source, word);
    } else if (next == '"' && !quoted) {
      source.skip(1);
      doubleQuoted(word);
    } else if (isNameStart(next)) {
      source.skip(1);
      word.add(parameter(name(), quoted));
    } else if (next >= '0' && next <= '9' || next > 0 && SPECIAL_PARAMETERS.indexOf(next) >= 0) {
      source.skip(2);
      word.add(parameter(String.valueOf((char) next), quoted));
    } else {
      word.add('$', quoted);
      source.skip(1);
    }
  }

  private static Word.Parameter parameter(String name, boolean quoted) {
    return new Word.Parameter(name, "", Word.NONE, "", Word.NONE, quoted);
  }

  /** Reads <code>${…}</code> from after its brace. */
  private Word.Parameter braced(boolean quoted) throws ShellSyntaxException {
    String prefix = "";
    int first = source.peek();
    if (first == '!' && isParameter(source.peek(1)) && source.peek(1) != '-'
        || first == '#' && isParameter(source.peek(1)) && isLength()) {
      prefix = String.valueOf((char) first);
      source.skip(1);
    }
    String name = "";
    if (isNameStart(source.peek())) {
      name = name();
    } else if (isDigit(source.peek())) {
      StringBuilder digits = new StringBuilder();
      while (isDigit(source.peek())) {
        digits.append((char) source.peek());
        source.skip(1);
      }
      name = digits.toString();
    } else if (isParameter(source.peek())) {
      name = String.valueOf((char) source.peek());
      source.skip(1);
    }
    Word subscript = Word.NONE;
    if (source.peek() == '[' && !name.isEmpty()) {
      source.skip(1);
      subscript = arithmetic(quoted, '[', ']');
      source.expect("]");
    }
    String operator = operator();
    boolean isValue =
        !operator.isEmpty() && "-=?+".indexOf(operator.charAt(operator.length() - 1)) >= 0;
    Word argument = argument(quoted, quoted && (isValue || operator.equals(":")));
    source.expect("}");
    return new Word.Parameter(name, prefix, subscript, operator, argument, quoted);
  }

  /**
   * Returns true if the next {@code #} requests a length; false if it is the parameter {@code #}.
   */
  private boolean isLength() {
    int next = source.peek(1);
    return isNameStart(next) || isDigit(next) || source.peek(2) == '}';
  }

  private static boolean isParameter(int c) {
    return isNameStart(c) || isDigit(c) || c > 0 && SPECIAL_PARAMETERS.indexOf(c) >= 0;
  }

  private String operator() {
    for (String two : List.of(":-", ":=", ":?", ":+", "##", "%%", "//", "/#", "/%", "^^", ",,")) {
      if (source.accept(two)) {
        return two;
      }
    }
    int c = source.peek();
    if (c > 0 && "-=?+:#%/^,@".indexOf(c) >= 0) {
      source.skip(1);
      return String.valueOf((char) c);
    }
    return "";
  }

  /** Reads up to the closing brace of a parameter expansion. */
  private Word argument(boolean quoted, boolean singleQuoteIsText) throws ShellSyntaxException {
    WordBuilder word = new WordBuilder();
    while (true) {
      int c = source.peek();
      if (c == Source.END) {
        throw source.error("'${' is not closed");
      } else if (c == '}') {
        return word.build();
      } else if (c == '\'' && singleQuoteIsText) {
        singleQuotesAsText(word);
      } else if (c == '\'') {
        singleQuoted(word);
      } else if (c == '"') {
        doubleQuoted(word);
      } else if (c == '\\' && quoted) {
        escapedInExpansion(word);
      } else if (c == '\\' && !quoted) {
        escaped(word);
      } else if (c == '$' && source.peek(1) == '\'' && quoted && !singleQuoteIsText) {
        source.skip(1);
        AnsiC.read(source, word);
      } else if (c == '$') {
        dollar(word, quoted);
      } else if ((c == '<' || c == '>') && source.peek(1) == '(' && !quoted) {
        word.add(processSubstitution());
      } else if (c == '`') {
        word.add(backquoted(quoted));
      } else {
        // The pattern of an expansion is unquoted even inside double quotes: "${x%/*}".
        word.add(c, singleQuoteIsText);
        source.skip(1);
      }
    }
  }

  /**
   * Reads single quotes in a quoted default value. Each quote needs a closing quote. A closing
   * brace between them does not end the expansion. The quotes are plain text, and expansions
   * between them are performed.
   */
  private void singleQuotesAsText(WordBuilder word) throws ShellSyntaxException {
    int from = source.position + 1;
    int to = source.text.indexOf('\'', from);
    if (to < 0) {
      throw source.error("a single quote is not closed");
    }
    word.add('\'', true);
    Word between = ShellParser.parseHereText(source.text.substring(from, to), source.budget);
    between.parts().forEach(word::add);
    word.add('\'', true);
    source.position = to + 1;
  }

  /**
   * Reads a backslash in a quoted expansion. It quotes the next character, and the backslash itself
   * may stay in the text.
   */
  private void escapedInExpansion(WordBuilder word) {
    int next = source.position + 1;
    char c = next < source.text.length() ? source.text.charAt(next) : '\\';
    if ("$`\"\\}".indexOf(c) < 0) {
      word.add('\\', true);
    }
    word.add(c, true);
    source.position = Math.min(next + 1, source.text.length());
  }

  /**
   * Reads an arithmetic expression or a subscript up to the closing character, which it does not
   * read.
   */
  Word arithmetic(boolean quoted, char open, char close) throws ShellSyntaxException {
    enter();
    WordBuilder word = new WordBuilder();
    int depth = 0;
    while (true) {
      int c = source.peek();
      if (c == Source.END) {
        throw source.error("'" + close + "' is missing");
      } else if (c == close && depth == 0) {
        source.budget.leave();
        return word.build();
      } else if (c == '"') {
        doubleQuoted(word);
      } else if (c == '\'') {
        singleQuoted(word);
      } else if (c == '\\' && !quoted) {
        escaped(word);
      } else {
        depth += c == open ? 1 : 0;
        depth -= c == close ? 1 : 0;
        quotedCharacter(word, "$`\"\\");
      }
    }
  }

  /**
   * Returns true if two parentheses open an arithmetic expression: the two closing parentheses must
   * be adjacent. Changes nothing.
   *
   * @param ahead the offset of the first parenthesis from the current position
   */
  boolean isArithmetic(int ahead) {
    int at = source.position;
    source.skip(ahead + 2);
    int from = source.position;
    source.position = at;
    int depth = 0;
    String text = source.text;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '\'' || c == '"') {
        i = closingQuote(text, i);
      } else if (c == '(') {
        depth++;
      } else if (c == ')' && depth-- == 0) {
        int next = i + 1;
        while (text.startsWith("\\\n", next)) {
          next += 2;
        }
        return next < text.length() && text.charAt(next) == ')';
      }
    }
    return false;
  }

  /** Returns the position of the closing quote, or the end of the text if there is none. */
  static int closingQuote(String text, int open) {
    char quote = text.charAt(open);
    for (int i = open + 1; i < text.length(); i++) {
      if (text.charAt(i) == quote) {
        return i;
      }
      if (quote == '"' && text.charAt(i) == '\\') {
        i++;
      }
    }
    return text.length();
  }

  private Word.ProcessSubstitution processSubstitution() throws ShellSyntaxException {
    boolean isInput = source.peek() == '<';
    source.skip(2);
    enter();
    Script script = commands.list();
    source.expect(")");
    source.budget.leave();
    return new Word.ProcessSubstitution(script, isInput);
  }

  /** Reads a command substitution in backquotes. Its text is parsed as a separate script. */
  private Word.CommandSubstitution backquoted(boolean quoted) throws ShellSyntaxException {
    StringBuilder script = new StringBuilder();
    int start = source.position;
    String text = source.text;
    int i = start + 1;
    while (i < text.length() && text.charAt(i) != '`') {
      char c = text.charAt(i);
      char next = i + 1 < text.length() ? text.charAt(i + 1) : 0;
      if (c == '\\' && (next == '`' || next == '\\' || next == '$' || next == '"' && quoted)) {
        script.append(next);
        i += 2;
      } else if (c == '\\' && next != 0) {
        script.append(c).append(next);
        i += 2;
      } else {
        script.append(c);
        i++;
      }
    }
    if (i >= text.length()) {
      throw source.error("a backquote is not closed");
    }
    source.position = i + 1;
    enter();
    Script parsed = ShellParser.parseWithin(script.toString(), source.budget);
    source.budget.leave();
    return new Word.CommandSubstitution(parsed, quoted);
  }

  /** Reads the elements of an array up to its closing parenthesis. */
  List<Word> elements() throws ShellSyntaxException {
    List<Word> elements = new ArrayList<>();
    while (true) {
      commands.skipLines();
      if (source.accept(")")) {
        return elements;
      }
      Word element = word(Mode.PLAIN);
      if (element.parts().isEmpty()) {
        throw source.unexpected("an element of an array or ')' is expected");
      }
      elements.add(element);
    }
  }

  /** Reads a name. The caller has checked that one begins here. */
  String name() {
    source.peek();
    int start = source.position;
    int end = start + 1;
    while (end < source.text.length() && isNamePart(source.text.charAt(end))) {
      end++;
    }
    String name = source.text.substring(start, end);
    source.position = end;
    if (source.peek() == Source.END || source.position == end) {
      return name;
    }
    // peek() skipped a line continuation (backslash and newline); the name may continue after it.
    StringBuilder joined = new StringBuilder(name);
    while (isNamePart(source.peek())) {
      joined.append((char) source.peek());
      source.skip(1);
    }
    return joined.toString();
  }

  private static boolean isNamePart(int c) {
    return isNameStart(c) || isDigit(c);
  }

  static boolean isNameStart(int c) {
    return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_';
  }

  static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  private void enter() throws ShellSyntaxException {
    source.budget.enter(source.position);
    source.budget.node(source.position);
  }
}
