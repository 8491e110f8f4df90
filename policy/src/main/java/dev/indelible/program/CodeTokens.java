// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Unknown;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Splits code into tokens, and tolerates errors: comments are left out, strings are values. */
final class CodeTokens {
  /** The kinds of tokens. */
  enum Kind {
    STRING,
    /** Text that the language gives to a shell, for example in backticks. */
    SHELL,
    NAME,
    NUMBER,
    SYMBOL,
    LINE_END
  }

  /**
   * A token.
   *
   * @param text of a name, number or symbol
   * @param value of a string
   */
  record Token(Kind kind, String text, Value value) {
    boolean is(char symbol) {
      return kind == Kind.SYMBOL && text.charAt(0) == symbol;
    }

    boolean isName(String name) {
      return kind == Kind.NAME && text.equals(name);
    }
  }

  private final String language;
  private final Encoded code;
  private final String text;
  private final boolean hasHashComments;
  private final boolean hasSlashComments;
  private final boolean hasSigils;
  private final List<Token> tokens = new ArrayList<>();
  private int at;

  private CodeTokens(String language, Encoded code) {
    this.language = language;
    this.code = code;
    text = code.text();
    hasHashComments =
        !Set.of("elisp", "erlang", "haskell", "jvm", "lua", "node").contains(language);
    hasSlashComments = Set.of("jvm", "node", "php").contains(language);
    hasSigils = language.equals("perl") || language.equals("php");
  }

  /** Returns the tokens of code. */
  static List<Token> of(String language, Encoded code) {
    CodeTokens tokens = new CodeTokens(language, code);
    tokens.read();
    return tokens.tokens;
  }

  private void read() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '\n') {
        if (tokens.isEmpty() || tokens.get(tokens.size() - 1).kind != Kind.LINE_END) {
          add(Kind.LINE_END, "\n");
        }
        at++;
      } else if (Character.isWhitespace(c)) {
        at++;
      } else if (c == '#' && hasHashComments || startsWith("//") && hasSlashComments) {
        skipTo("\n", 0);
      } else if (c == ';' && language.equals("elisp")) {
        skipTo("\n", 0);
      } else if (c == '\'' && language.equals("elisp")) {
        at++;
      } else if (startsWith("[[") && language.equals("lua")) {
        at += 2;
        string("]]", '\0', false, false, false);
      } else if (c == '<' && language.equals("perl") && isGlobPlace()) {
        delimited(false, true);
        Token pattern = tokens.remove(tokens.size() - 1);
        add(Kind.NAME, "glob");
        tokens.add(pattern);
      } else if (startsWith("--") && Set.of("haskell", "lua").contains(language)) {
        skipTo("\n", 0);
      } else if (startsWith("/*") && hasSlashComments) {
        skipTo("*/", 2);
      } else if (language.equals("elixir") && (startsWith("~c\"") || startsWith("~s\""))) {
        at += 2;
      } else if (c == '"' || c == '\'' || c == '`') {
        quoted(c, "");
      } else if (c == '%' && language.equals("ruby") && isRubyQuote()) {
        at += 2;
        delimited(text.charAt(at - 1) == 'x', text.charAt(at - 1) != 'q');
      } else if (isNameStart(c)) {
        name();
      } else if (Character.isDigit(c)) {
        int from = at;
        while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
          at++;
        }
        add(Kind.NUMBER, text.substring(from, at));
      } else if (c == '/' && language.equals("node") && isRegexPlace()) {
        regex();
      } else {
        add(Kind.SYMBOL, String.valueOf(c));
        at++;
      }
    }
  }

  private void name() {
    int from = at++;
    while (at < text.length() && isNamePart(text.charAt(at))) {
      at++;
    }
    String name = text.substring(from, at);
    boolean isMarked =
        Set.of("elixir", "ruby").contains(language) && (startsWith("!(") || startsWith("! "));
    at += isMarked ? 1 : 0; // "rm_rf!(x)" of Elixir
    char next = at < text.length() ? text.charAt(at) : '\0';
    if (language.equals("python")
        && (next == '"' || next == '\'')
        && name.length() <= 2
        && name.toLowerCase(Locale.ROOT).matches("[rbuf]+")) {
      quoted(next, name.toLowerCase(Locale.ROOT));
    } else if (language.equals("perl")
        && (name.equals("q") || name.equals("qq") || name.equals("qx"))
        && "({[</|!".indexOf(next) >= 0) {
      delimited(name.equals("qx"), !name.equals("q"));
    } else if (language.equals("perl") && name.equals("qw") && "({[</|!".indexOf(next) >= 0) {
      words();
    } else {
      add(Kind.NAME, name);
    }
  }

  /** Reads {@code qw(a b)} as strings with commas between. */
  private void words() {
    delimited(false, false);
    Token list = tokens.remove(tokens.size() - 1);
    for (Value word : Values.words(list.value)) {
      tokens.add(new Token(Kind.STRING, "", word));
      add(Kind.SYMBOL, ",");
    }
  }

  private boolean isRubyQuote() {
    return at + 2 < text.length()
        && "qQx".indexOf(text.charAt(at + 1)) >= 0
        && "({[<|!/".indexOf(text.charAt(at + 2)) >= 0;
  }

  /** Returns whether a {@code <} begins a pattern of files, as {@code <~/*>} does. */
  private boolean isGlobPlace() {
    int end = text.indexOf('>', at);
    return end > at + 1 && text.substring(at + 1, end).matches("[^\\s$<]*[*?~/{][^\\s<]*");
  }

  private boolean isRegexPlace() {
    if (tokens.isEmpty()) {
      return true;
    }
    Token last = tokens.get(tokens.size() - 1);
    return last.kind == Kind.LINE_END
        || last.kind == Kind.SYMBOL && ")]}".indexOf(last.text.charAt(0)) < 0
        || last.isName("return");
  }

  private void regex() {
    boolean inSet = false;
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        inSet = true;
      } else if (c == ']') {
        inSet = false;
      } else if (c == '/' && !inSet || c == '\n') {
        break;
      }
    }
    at++;
    add(Kind.NUMBER, "/");
  }

  private void quoted(char quote, String prefix) {
    boolean isTriple =
        language.equals("python") && text.startsWith(String.valueOf(quote).repeat(3), at);
    String end = isTriple ? String.valueOf(quote).repeat(3) : String.valueOf(quote);
    at += end.length();
    boolean isShell = quote == '`' && !language.equals("node");
    boolean interpolates =
        switch (language) {
          case "python" -> prefix.indexOf('f') >= 0;
          case "node" -> quote == '`';
          default -> quote != '\'';
        };
    boolean escapes =
        prefix.indexOf('r') < 0
            && (quote != '\'' || language.equals("python") || language.equals("node"));
    string(end, '\0', isShell, interpolates, escapes);
  }

  private void delimited(boolean isShell, boolean interpolates) {
    char open = text.charAt(at++);
    int pair = "([{<".indexOf(open);
    char close = pair < 0 ? open : ")]}>".charAt(pair);
    string(String.valueOf(close), pair < 0 ? '\0' : open, isShell, interpolates, interpolates);
  }

  private void string(
      String end, char opening, boolean isShell, boolean interpolates, boolean escapes) {
    StringBuilder out = new StringBuilder();
    int depth = 0;
    while (at < text.length() && (depth > 0 || !text.startsWith(end, at))) {
      char c = text.charAt(at);
      if (c == opening && opening != '\0') {
        depth++;
      } else if (depth > 0 && text.startsWith(end, at)) {
        depth--;
      }
      if (c == '\\' && at + 1 < text.length()) {
        at++;
        escape(escapes, end, out);
      } else if (interpolates && hole(out)) {
        continue;
      } else {
        out.append(c);
        at++;
      }
    }
    at += end.length();
    Value value = code.value(out.toString());
    tokens.add(new Token(isShell ? Kind.SHELL : Kind.STRING, "", value));
  }

  private void escape(boolean escapes, String end, StringBuilder out) {
    char c = text.charAt(at++);
    if (!escapes) {
      if (c != '\\' && !end.startsWith(String.valueOf(c))) {
        out.append('\\');
      }
      out.append(c);
      return;
    }
    int digits = c == 'x' ? 2 : c == 'u' ? 4 : 0;
    if (digits > 0 && at + digits <= text.length()) {
      try {
        out.append((char) Integer.parseInt(text.substring(at, at + digits), 16));
        at += digits;
        return;
      } catch (NumberFormatException e) {
        // No digits follow: the letter is literal.
      }
    }
    if (c >= '0' && c <= '7') {
      int code = c - '0';
      while (at < text.length() && code < 32 && text.charAt(at) >= '0' && text.charAt(at) <= '7') {
        code = code * 8 + text.charAt(at++) - '0';
      }
      out.append((char) code);
      return;
    }
    int control = "nrt".indexOf(c);
    out.append(control >= 0 ? "\n\r\t".charAt(control) : c == '\n' ? "" : String.valueOf(c));
  }

  /**
   * Reads an interpolated expression in a string; returns whether there is one at this position.
   */
  private boolean hole(StringBuilder out) {
    char c = text.charAt(at);
    char next = at + 1 < text.length() ? text.charAt(at + 1) : '\0';
    int from;
    if (language.equals("python") && c == '{') {
      if (next == '{') {
        out.append('{');
        at += 2;
        return true;
      }
      from = at + 1;
    } else if (language.equals("node") && c == '$' && next == '{'
        || language.equals("ruby") && c == '#' && next == '{') {
      from = at + 2;
    } else if (hasSigils
        && (c == '$' || c == '@' && language.equals("perl"))
        && isNameStart(next)) {
      int end = at + 1;
      while (end < text.length() && isNamePart(text.charAt(end))) {
        end++;
      }
      String name = text.substring(at, end);
      if (name.equals("$ENV") && text.startsWith("{HOME}", end)) {
        out.append(code.mark(new Unknown(Origin.HOME, "")));
        end += "{HOME}".length();
      } else {
        out.append(code.mark(new Unknown(Origin.OUTPUT, name)));
      }
      at = end;
      return true;
    } else if (hasSigils && c == '{' && next == '$') {
      from = at + 1;
    } else {
      return false;
    }
    int end = from;
    for (int depth = 1; end < text.length(); end++) {
      depth += text.charAt(end) == '{' ? 1 : text.charAt(end) == '}' ? -1 : 0;
      if (depth == 0) {
        break;
      }
    }
    String expression = text.substring(from, end).strip();
    boolean isHome =
        expression.equals("process.env.HOME")
            || expression.equals("os.homedir()")
            || expression.matches("os\\.environ\\[['\"]HOME['\"]\\]|Path\\.home\\(\\)")
            || expression.matches("ENV\\[['\"]HOME['\"]\\]|Dir\\.home");
    out.append(
        code.mark(isHome ? new Unknown(Origin.HOME, "") : new Unknown(Origin.OUTPUT, expression)));
    at = Math.min(end + 1, text.length());
    return true;
  }

  private void skipTo(String end, int extra) {
    int found = text.indexOf(end, at);
    at = found < 0 ? text.length() : found + extra;
  }

  private boolean startsWith(String prefix) {
    return text.startsWith(prefix, at);
  }

  private boolean isNameStart(char c) {
    return Character.isLetter(c)
        || c == '_'
        || hasSigils && c == '$'
        || c == '$' && language.equals("node");
  }

  private boolean isNamePart(char c) {
    return Character.isLetterOrDigit(c)
        || c == '_'
        || c == '$'
        || c == '-' && language.equals("elisp");
  }

  private void add(Kind kind, String tokenText) {
    tokens.add(new Token(kind, tokenText, Value.EMPTY));
  }
}
