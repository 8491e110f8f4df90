// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of names that end with a word for a secret: {@code DB_PASSWORD=…}. The class is
 * long because shells, JSON, YAML, XML, SQL and programs each assign a value in their own way.
 */
final class NamedValues {
  /** The longest name of a variable or option that is read. */
  private static final int MAX_NAME_CHARS = 64;

  /** The longest text between a name and the member with its value. */
  private static final int MAX_BETWEEN_CHARS = 48;

  /** The shortest value that counts where no sign of assignment precedes it. */
  private static final int MIN_CONSTANT_CHARS = 8;

  /** The members that have the value of a name: {@code name: DB_PASSWORD, value: …}. */
  private static final List<String> VALUE_MEMBERS = List.of("value", "default");

  /** Words after a word for a secret that leave the meaning of a name. */
  private static final List<String> SUFFIXES =
      List.of(
          "prod",
          "production",
          "stage",
          "staging",
          "dev",
          "test",
          "live",
          "local",
          "old",
          "new",
          "backup",
          "main",
          "primary",
          "secondary");

  private NamedValues() {}

  /**
   * Returns the value of a name that ends with a word for a secret.
   *
   * @param at the index of the word
   * @param wordEnd the index after the word
   * @param shell the text without its quotes; null if no shell reads it
   */
  static @Nullable Found read(String text, int at, int wordEnd, @Nullable ShellView shell) {
    int nameEnd = afterSuffix(text, wordEnd);
    if (Characters.WORD.hasAt(text, nameEnd) || isNameContinued(text, nameEnd)) {
      return null;
    }
    int start = at;
    while (start > 0
        && at - start < MAX_NAME_CHARS
        && Characters.TOKEN.has(text.charAt(start - 1))) {
      start--;
    }
    String name = text.substring(start, wordEnd);
    boolean isPart = start > 0 && text.charAt(start - 1) == ';';
    if (!Names.isSecret(name) && !(isPart && name.equalsIgnoreCase("pwd"))) {
      return null;
    }
    int from = skipSeparator(text, nameEnd);
    Found found = from < 0 ? null : assigned(text, name, nameEnd, from, shell);
    return found != null ? found : constant(text, name, nameEnd, from, shell);
  }

  private static int afterSuffix(String text, int end) {
    if (end >= text.length() || text.charAt(end) != '_' && text.charAt(end) != '-') {
      return end;
    }
    int last = Characters.ALPHANUMERIC.endOfRun(text, end + 1, end + 12);
    String suffix = text.substring(end + 1, last).toLowerCase(Locale.ROOT);
    boolean isNumber = suffix.length() == 1 && Characters.isDigit(suffix.charAt(0));
    return isNumber || SUFFIXES.contains(suffix) ? last : end;
  }

  private static boolean isNameContinued(String text, int at) {
    return at + 1 < text.length()
        && (text.charAt(at) == '-' || text.charAt(at) == '.')
        && Characters.ALPHANUMERIC.has(text.charAt(at + 1));
  }

  /** Returns a value after a sign of assignment. */
  private static @Nullable Found assigned(
      String text, String name, int nameEnd, int from, @Nullable ShellView shell) {
    int typed = afterType(text, from);
    int prefixed = afterPrefix(text, typed);
    boolean isBraced = text.charAt(prefixed) == '{' && name.toLowerCase(Locale.ROOT).equals("pwd");
    return value(text, name, nameEnd, isBraced ? prefixed + 1 : afterFold(text, prefixed), shell);
  }

  /** Skips the type of a variable: {@code token: &str = "…"}. */
  private static int afterType(String text, int from) {
    int limit = Math.min(text.length(), from + MAX_BETWEEN_CHARS);
    for (int i = from; i < limit; i++) {
      char c = text.charAt(i);
      if (c == '=') {
        int value = skipSpaces(text, i + 1);
        boolean isQuoted = value < text.length() && isQuote(text.charAt(value));
        return i > from && text.charAt(i - 1) == ' ' && isQuoted ? value : from;
      }
      if (!Characters.WORD.has(c) && "&<>[]? |".indexOf(c) < 0) {
        return from;
      }
    }
    return from;
  }

  /** Skips what precedes the quote of a string in some languages: {@code b"…"}, {@code @"…"}. */
  private static int afterPrefix(String text, int from) {
    if (text.startsWith("new String(", from)) {
      return Math.min(text.length() - 1, from + "new String(".length());
    }
    boolean isPrefix = from + 1 < text.length() && "NEbrfu@".indexOf(text.charAt(from)) >= 0;
    return isPrefix && isQuote(text.charAt(from + 1)) ? from + 1 : from;
  }

  /** Skips the sign of a folded text of YAML: the value is in the next line. */
  private static int afterFold(String text, int from) {
    int at = from;
    while (at < text.length() && at - from < 3 && "|>+-".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    if (at == from || at >= text.length() || text.charAt(at) != '\n') {
      return from;
    }
    int value = skipSpaces(text, at + 1);
    return value > at + 1 && value < text.length() ? value : from;
  }

  /** Returns a constant beside a name, where no sign of assignment is between them. */
  private static @Nullable Found constant(
      String text, String name, int nameEnd, int from, @Nullable ShellView shell) {
    int quoteEnd = skipQuote(text, nameEnd);
    boolean isQuotedName = quoteEnd > nameEnd;
    int at = quoteEnd;
    if (text.startsWith("</key>", at)) {
      int tag = text.indexOf("<string>", at);
      return tag >= 0 && tag - at < MAX_BETWEEN_CHARS
          ? element(text, name, tag + "<string>".length())
          : null;
    }
    if (at < text.length() && text.charAt(at) == '>') {
      return element(text, name, at + 1);
    }
    int member = valueMember(text, at);
    if (member >= 0) {
      return value(text, name, nameEnd, member, shell);
    }
    int quote = isQuotedName ? afterArgument(text, at) : afterWord(text, at);
    if (quote < 0) {
      return null;
    }
    int open = afterPrefix(text, quote);
    Found found = value(text, name, nameEnd, open, shell);
    return found != null && isConstant(text, name, found) ? found : null;
  }

  private static boolean isConstant(String text, String name, Found found) {
    String value = text.substring(found.start(), found.end());
    boolean isQuoted = isQuote(text.charAt(found.start() - 1));
    return value.length() >= MIN_CONSTANT_CHARS
        && Characters.hasDigit(value, 0, value.length())
        && value.indexOf(' ') < 0
        && (value.indexOf('/') < 0 || value.indexOf('.') < 0)
        && (isQuoted || Names.isPassword(name) && Characters.isMixed(value, 0, value.length()));
  }

  /** Returns the text of an XML element up to the next tag. */
  private static @Nullable Found element(String text, String name, int from) {
    int end = from;
    while (end < text.length()
        && end - from <= Names.MAX_VALUE_CHARS
        && "<\n".indexOf(text.charAt(end)) < 0) {
      end++;
    }
    boolean isElement = end > from && text.startsWith("</", end);
    return isElement
            && !FormReaders.isReference(text, from)
            && (text.charAt(from) != ' ' && Names.isSecretValue(name, text.substring(from, end)))
            && isSecretText(name, text.substring(from, end))
        ? new Found(from, end, Names.DETECTOR, true)
        : null;
  }

  /** Returns true if a text between tags is not a label: a label has no digit. */
  private static boolean isSecretText(String name, String value) {
    return value.indexOf(' ') < 0
        && !name.equalsIgnoreCase(value)
        && Characters.hasDigit(value, 0, value.length());
  }

  /** Returns the index of the value in {@code "name", "value": "…"}; -1 if there is none. */
  private static int valueMember(String text, int from) {
    int at = from;
    while (at < text.length()
        && at - from < MAX_BETWEEN_CHARS
        && " \t\n\r,{\"'\\".indexOf(text.charAt(at)) >= 0) {
      at++;
    }
    if (at == from) {
      return -1;
    }
    for (String member : VALUE_MEMBERS) {
      if (text.startsWith(member, at)) {
        return skipSeparator(text, at + member.length());
      }
    }
    return -1;
  }

  /**
   * Returns the index of the next argument or of what is assigned to the element of a quoted name:
   * {@code ('NAME', '…')}, {@code ['NAME'] = '…'}, {@code ('NAME').fill('…')}.
   */
  private static int afterArgument(String text, int from) {
    int at = skipSpaces(text, from);
    if (at >= text.length()) {
      return -1;
    }
    char c = text.charAt(at);
    if (c == ']') {
      return skipSeparator(text, at + 1);
    }
    if (c == ')' && at + 1 < text.length() && text.charAt(at + 1) == '.') {
      at = Characters.WORD.endOfRun(text, at + 2, at + 2 + MAX_NAME_CHARS);
      c = at < text.length() && text.charAt(at) == '(' ? ',' : ' ';
    }
    int value = skipSpaces(text, at + 1);
    return c == ',' && value < text.length() && isQuote(text.charAt(value)) ? value : -1;
  }

  /**
   * Returns the index of a constant after a name without quotes: {@code PASSWORD 'x'}, {@code
   * setPassword("x")}, {@code password == "x"}.
   */
  private static int afterWord(String text, int from) {
    int at = skipSpaces(text, from);
    boolean isAfterSpace = at > from;
    at = text.startsWith("-String ", at) ? at + "-String ".length() : at;
    int sign = at;
    while (sign < text.length() && sign - at < 3 && "=!".indexOf(text.charAt(sign)) >= 0) {
      sign++;
    }
    if (sign == at && at < text.length() && text.charAt(at) == '(') {
      sign++;
    }
    int value = skipSpaces(text, sign);
    if (value >= text.length() || value == from) {
      return -1;
    }
    boolean isString = isQuote(text.charAt(afterPrefix(text, value)));
    return isString || isAfterSpace && sign == at && Characters.ALPHANUMERIC.hasAt(text, value)
        ? value
        : -1;
  }

  /** Reads the password of a user in SQL: {@code IDENTIFIED BY …}. */
  static @Nullable Found identified(String text, int at, @Nullable ShellView shell) {
    int limit = Math.min(text.length(), at + MAX_NAME_CHARS);
    String words = text.substring(at, limit).toLowerCase(Locale.ROOT);
    int by = words.indexOf(" by ");
    if (by < 0 || Characters.TOKEN.endOfRun(words.replace(' ', '_'), 0, by) < by) {
      return null;
    }
    int from = skipSpaces(text, at + by + " by ".length());
    return from < text.length() ? value(text, "password", from - 1, from, shell) : null;
  }

  private static boolean isQuote(char c) {
    return c == '"' || c == '\'';
  }

  /**
   * Returns the index after the sign between a name and its value, and after spaces around it; -1
   * if there is none.
   */
  static int skipSeparator(String text, int nameEnd) {
    int at = skipSpaces(text, skipQuote(text, nameEnd));
    if (at >= text.length()) {
      return -1;
    }
    char sign = text.charAt(at);
    if (sign != '=' && sign != ':') {
      return -1;
    }
    at++;
    if (at < text.length() && (text.charAt(at) == '=' || text.charAt(at) == ':')) {
      // := assigns; == and :: do not.
      if (sign == '=' || text.charAt(at) == ':') {
        return -1;
      }
      at++;
    } else if (at < text.length() && sign == '=' && text.charAt(at) == '>') {
      at++;
    }
    at = skipSpaces(text, at);
    return at < text.length() ? at : -1;
  }

  /** Skips a quote that ends a name in JSON, also in JSON within a string. */
  static int skipQuote(String text, int at) {
    int next = at < text.length() && text.charAt(at) == '\\' ? at + 1 : at;
    return next < text.length() && isQuote(text.charAt(next)) ? next + 1 : at;
  }

  static int skipSpaces(String text, int at) {
    int end = at;
    while (end < text.length()
        && end - at < 8
        && (text.charAt(end) == ' ' || text.charAt(end) == '\t')) {
      end++;
    }
    return end;
  }

  private static @Nullable Found value(
      String text, String name, int nameEnd, int from, @Nullable ShellView shell) {
    int open = from < text.length() && text.charAt(from) == '\\' ? from + 1 : from;
    boolean isQuoted = open < text.length() && isQuote(text.charAt(open));
    if (isQuoted && isClosing(text, open, shell)) {
      return null;
    }
    boolean isShell = shell != null;
    int start = isQuoted ? open + 1 : from;
    int end = isQuoted ? quotedEnd(text, open, isShell) : bareEnd(text, from, isShell);
    if (end <= start || FormReaders.isReference(text, start)) {
      return null;
    }
    if (end - start > Names.MAX_VALUE_CHARS) {
      // Read once and skipped: to look at it again at each name within it would not be linear.
      return new Found(start, end, Names.DETECTOR, true);
    }
    String value = text.substring(start, end);
    if (!Names.isSecretValue(name, value)
        || !isQuoted && !Names.isSecretValue(name, withoutPunctuation(value))) {
      return null;
    }
    boolean isTight = from == nameEnd + 1 && text.charAt(nameEnd) == '=';
    if (!isQuoted && (isTight ? isCode(text, value, end) : !isLikely(name, value))) {
      return null;
    }
    return new Found(start, end, Names.DETECTOR, true);
  }

  /** Returns true if a quote ends the text that a name is in, and does not begin a value. */
  private static boolean isClosing(String text, int at, @Nullable ShellView shell) {
    char open = shell == null ? '?' : shell.quotes()[at];
    if (open == 0 || open == text.charAt(at)) {
      return open != 0;
    }
    boolean isOdd = false;
    for (int i = at - 1; i >= 0 && at - i < MAX_NAME_CHARS * 4 && text.charAt(i) != '\n'; i--) {
      isOdd ^= text.charAt(i) == text.charAt(at);
    }
    return isOdd;
  }

  /** Returns a value without a sign that ends it in prose or code. */
  private static String withoutPunctuation(String value) {
    return ",;.".indexOf(value.charAt(value.length() - 1)) < 0
        ? value
        : value.substring(0, value.length() - 1);
  }

  /** Returns the end of the constant beginning of a quoted value, in the same line. */
  private static int quotedEnd(String text, int open, boolean isShell) {
    char quote = text.charAt(open);
    boolean isEscaped = open > 0 && text.charAt(open - 1) == '\\';
    for (int i = open + 1; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\n' || isShell && (c == '$' || c == '`')) {
        return i;
      }
      if (c == '\\' && !isEscaped) {
        i++;
      } else if (c == quote) {
        return isEscaped && text.charAt(i - 1) == '\\' ? i - 1 : i;
      }
    }
    return text.length();
  }

  private static int bareEnd(String text, int from, boolean isShell) {
    int end = from;
    while (end < text.length() && !isBareEnd(text.charAt(end), isShell)) {
      end++;
    }
    return end;
  }

  static boolean isBareEnd(char c, boolean isShell) {
    return c <= ' '
        || c == '"'
        || c == '\''
        || c == '`'
        || c == '\\'
        || c == '&'
        || isShell && ";|()<>$".indexOf(c) >= 0
        || !isShell && ",;)}]".indexOf(c) >= 0;
  }

  /** Returns true if an unquoted value is an expression of a program rather than a constant. */
  private static boolean isCode(String text, String value, int end) {
    String small = value.toLowerCase(Locale.ROOT);
    return value.indexOf('(') > 0
        || end < text.length() && (text.charAt(end) == '[' || text.charAt(end) == '(')
        || Names.WORDS.stream().anyMatch(word -> small.endsWith('.' + word));
  }

  /** Returns true if an unquoted value after a colon or spaces has the look of a secret. */
  private static boolean isLikely(String name, String value) {
    int length = value.length();
    boolean isPlain = value.indexOf('(') < 0 && value.indexOf('[') < 0 && value.indexOf('{') < 0;
    return isPlain
        && (length >= 8 && Characters.hasDigit(value, 0, length)
            || Names.isPassword(name) && value.indexOf('.') < 0);
  }
}
