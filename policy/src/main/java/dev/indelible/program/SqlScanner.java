// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Finds what SQL destroys, and what it runs, reads or writes on the machine of the database or of
 * its client. Comments are skipped; strings are data, unless they are run.
 *
 * <p>Long because each kind of statement has its own method.
 */
public final class SqlScanner {
  /** SQL in a string in SQL is followed to this depth. */
  private static final int MAX_DEPTH = 3;

  /** Statements are read up to this number of tokens; this limits the time. */
  private static final int MAX_STATEMENT = 2000;

  /** Parts that {@code ALTER TABLE … DROP} removes without a loss of data. */
  private static final Set<String> HARMLESS_DROPS =
      Set.of(
          "CONSTRAINT",
          "DEFAULT",
          "NOT",
          "INDEX",
          "KEY",
          "FOREIGN",
          "PRIMARY",
          "IDENTITY",
          "EXPRESSION",
          "CHECK",
          "TEMPORARY",
          "TEMP");

  private static final Set<String> STATEMENT_BEFORE =
      Set.of("BEGIN", "THEN", "ELSE", "DO", "LOOP", "AS");

  /**
   * A token: a word in upper case, a sign, or a string.
   *
   * @param written the token as the text has it
   */
  private record Token(boolean isString, String text, String written) {}

  private static final Token END = new Token(false, ";", ";");

  private final Encoded encoded;
  private final String text;
  private final Uses uses;
  private final int depth;
  private final boolean hasEscapes;
  private final List<Token> tokens = new ArrayList<>();
  private boolean hasBlock;
  private int at;

  private SqlScanner(Value sql, Uses uses, int depth, boolean hasEscapes) {
    this.hasEscapes = hasEscapes;
    encoded = new Encoded(sql);
    text = encoded.text();
    this.uses = uses;
    this.depth = depth;
  }

  /**
   * Returns the uses of the statements in a text; queries and insertions have none. The caller must
   * follow the uses that run something, as it does for a command line.
   */
  public static List<Use> scan(Value sql) {
    Set<Use> found = new LinkedHashSet<>();
    Uses uses = new Uses();
    new SqlScanner(sql, uses, 0, false).scan();
    found.addAll(uses.list());
    if (new Encoded(sql).text().contains("\\'")) {
      // Only some databases read a backslash as an escape, so both readings count.
      Uses others = new Uses();
      new SqlScanner(sql, others, 0, true).scan();
      found.addAll(others.list());
    }
    return List.copyOf(found);
  }

  private void scan() {
    while (at < text.length()) {
      readToken();
    }
    for (int i = 0; i < tokens.size(); i++) {
      if (!token(i).isString) {
        word(i);
      }
    }
  }

  private void readToken() {
    char c = text.charAt(at);
    if ((c == '.' || c == '\\' || startsClientCommand()) && isLineStart()) {
      clientCommand();
    } else if (c == '\\' && at + 1 < text.length()) {
      clientCommand();
    } else if (Character.isWhitespace(c)) {
      at++;
    } else if (text.startsWith("--", at) || c == '#' && isLineStart()) {
      int end = text.indexOf('\n', at);
      at = end < 0 ? text.length() : end;
    } else if (text.startsWith("/*", at)) {
      comment();
    } else if (c == '\'') {
      quoted('\'', true);
    } else if (c == '"' || c == '`') {
      quoted(c, false);
    } else if (c == '[') {
      quoted(']', false);
    } else if (c == '$' && dollarQuoted()) {
      return;
    } else if (isWordPart(c)) {
      int from = at;
      while (at < text.length() && isWordPart(text.charAt(at))) {
        at++;
      }
      String word = text.substring(from, at);
      tokens.add(new Token(false, word.toUpperCase(Locale.ROOT), word));
      hasBlock |= word.equalsIgnoreCase("DO");
    } else {
      tokens.add(new Token(false, String.valueOf(c), String.valueOf(c)));
      at++;
    }
  }

  private boolean isLineStart() {
    for (int i = at - 1; i >= 0 && text.charAt(i) != '\n' && text.charAt(i) != ';'; i--) {
      if (!Character.isWhitespace(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean startsClientCommand() {
    return text.startsWith("system ", at) || text.startsWith("source ", at);
  }

  /** Skips a comment. MySQL runs the content of a comment that begins with an exclamation mark. */
  private void comment() {
    if (text.startsWith("/*!", at)) {
      at += 3;
      while (at < text.length() && Character.isDigit(text.charAt(at))) {
        at++;
      }
      return;
    }
    int end = text.indexOf("*/", at + 2);
    at = end < 0 ? text.length() : end + 2;
  }

  private void quoted(char quote, boolean isString) {
    StringBuilder out = new StringBuilder();
    for (at++; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c == '\\' && hasEscapes && at + 1 < text.length()) {
        at++;
      } else if (c == quote) {
        if (at + 1 >= text.length() || text.charAt(at + 1) != quote) {
          break;
        }
        at++;
      }
      out.append(text.charAt(at));
    }
    at++;
    String content = out.toString();
    tokens.add(new Token(isString, content.toUpperCase(Locale.ROOT), content));
  }

  /**
   * Reads {@code $tag$…$tag$}: the body of a function or block. Scans it as SQL if {@code DO} comes
   * before it.
   */
  private boolean dollarQuoted() {
    int end = at + 1;
    while (end < text.length() && Character.isLetterOrDigit(text.charAt(end))) {
      end++;
    }
    if (end >= text.length() || text.charAt(end) != '$') {
      return false;
    }
    String tag = text.substring(at, end + 1);
    int close = text.indexOf(tag, end + 1);
    String body = text.substring(end + 1, close < 0 ? text.length() : close);
    at = close < 0 ? text.length() : close + tag.length();
    if (hasBlock) {
      nested(body);
    }
    tokens.add(new Token(true, body.toUpperCase(Locale.ROOT), body));
    return true;
  }

  /** Reads a line that the client itself runs: {@code .shell x}, {@code \! x}, {@code source x}. */
  private void clientCommand() {
    int end = text.indexOf('\n', at);
    String line = text.substring(at, end < 0 ? text.length() : end).strip();
    int blank = 0;
    while (blank < line.length() && !Character.isWhitespace(line.charAt(blank))) {
      blank++;
    }
    String command = line.substring(0, blank);
    String rest = line.substring(blank).strip();
    if (command.startsWith("\\!")) {
      rest = line.substring(2).strip();
      command = "\\!";
    }
    switch (command) {
      case ".shell", ".system", "\\!", "system" -> uses.addDetour(Role.RUNS_SHELL, value(rest), "");
      case ".output", ".once", ".log", ".save", ".backup", "\\o", "\\out", "\\g", "\\w", "\\s" ->
          file(Role.WRITES, rest);
      case ".excel", ".www" -> {}
      case ".read", "\\i", "\\ir", "\\include", "source", "\\." -> {
        if (isPipe(rest)) {
          file(Role.READS, rest);
        } else {
          uses.add(Role.RUNS_FILE, value(unquoted(rest)), "sql");
        }
      }
      case ".import" -> file(Role.READS, firstWord(rest));
      case ".load" -> uses.addDetour(Role.RUNS_FILE, value(unquoted(firstWord(rest))), "library");
      case ".open" -> uses.add(Role.WRITES, value(unquoted(rest)));
      case "\\copy" -> {
        // The rest has the form of COPY and is scanned as COPY is.
        tokens.add(END);
        tokens.add(new Token(false, "COPY", "COPY"));
        at += command.length();
        return;
      }
      default -> {
        if (!command.startsWith(".") && !command.startsWith("\\")) {
          tokens.add(END);
        }
        if (command.startsWith("\\")) {
          // An option of the client; the rest of the line is not SQL.
          tokens.add(END);
        }
      }
    }
    at = end < 0 ? text.length() : end;
  }

  private void file(Role role, String written) {
    String path = unquoted(written);
    if (isPipe(written)) {
      uses.addDetour(Role.RUNS_SHELL, value(path.substring(1).strip()), "");
    } else if (!path.isEmpty() && !path.equals("stdout")) {
      uses.add(role, value(path));
    }
  }

  private static boolean isPipe(String written) {
    return unquoted(written).startsWith("|");
  }

  private static String firstWord(String text) {
    if (!text.isEmpty() && "\"'".indexOf(text.charAt(0)) >= 0) {
      int close = text.indexOf(text.charAt(0), 1);
      return close < 0 ? text : text.substring(0, close + 1);
    }
    int blank = text.indexOf(' ');
    return blank < 0 ? text : text.substring(0, blank);
  }

  private static String unquoted(String text) {
    boolean isQuoted =
        text.length() > 1
            && "\"'".indexOf(text.charAt(0)) >= 0
            && text.charAt(text.length() - 1) == text.charAt(0);
    return isQuoted ? text.substring(1, text.length() - 1) : text;
  }

  private void word(int i) {
    switch (token(i).text) {
      case "DROP" -> drop(i);
      case "TRUNCATE" -> {
        if (startsStatement(i) && !token(i + 1).text.equals("(")) {
          uses.add(Role.DESTROYS, phrase(i, 3));
        }
      }
      case "DELETE" -> {
        boolean isClause =
            Set.of("ON", "FOR", "AFTER", "BEFORE", "OR", "OF", "EXPLAIN")
                .contains(token(i - 1).text);
        boolean deletes = startsStatement(i) || token(i + 1).text.equals("FROM");
        if (!isClause && deletes && isUnlimited(i)) {
          uses.add(Role.DESTROYS, phrase(i, 3) + " without WHERE");
        }
      }
      case "UPDATE" -> {
        // After DO or KEY it is a part of INSERT.
        boolean updates =
            startsStatement(i) && !token(i - 1).text.equals("DO") || token(i - 1).text.equals("(");
        if (updates && hasBeforeEnd(i, "SET") && isUnlimited(i)) {
          uses.add(Role.DESTROYS, phrase(i, 2) + " without WHERE");
        }
      }
      case "ALTER" -> alter(i);
      case "GRANT" -> grant(i);
      case "COPY" -> copy(i);
      case "PROGRAM" -> {}
      case "XP_CMDSHELL", "SYS_EXEC", "SYS_EVAL", "SHELL_EXEC" -> shell(i);
      case "OUTFILE", "DUMPFILE" -> string(i, Role.WRITES);
      case "INFILE" -> string(i, Role.READS);
      case "PG_READ_FILE",
          "PG_READ_BINARY_FILE",
          "LOAD_FILE",
          "READFILE",
          "PG_LS_DIR",
          "LO_IMPORT" ->
          string(i, Role.READS);
      case "WRITEFILE", "LO_EXPORT" -> string(i, Role.WRITES);
      case "PG_SHADOW", "PG_AUTHID", "AUTHENTICATION_STRING" ->
          uses.add(Role.GAINS_PRIVILEGE, "the passwords of the database's users");
      case "LOAD_EXTENSION" -> string(i, Role.RUNS_FILE);
      case "ATTACH" -> string(i, Role.WRITES);
      case "EXEC", "EXECUTE", "SP_EXECUTESQL", "PREPARE" -> execute(i);
      case "SHUTDOWN" -> {
        if (startsStatement(i)) {
          uses.add(Role.STOPS, "the database");
        }
      }
      default -> {}
    }
  }

  private void drop(int i) {
    if (startsStatement(i)
        && !HARMLESS_DROPS.contains(token(i + 1).text)
        && !dropsForTests(i + 1)) {
      uses.add(Role.DESTROYS, phrase(i, 6));
    }
  }

  /** Returns true if what is dropped is a database for tests, or a user of one. */
  private boolean dropsForTests(int i) {
    int name = token(i + 1).text.equals("IF") ? i + 3 : i + 1;
    return Set.of("DATABASE", "SCHEMA", "USER", "ROLE").contains(token(i).text)
        && Databases.isForTests(token(name).written)
        && isEnd(name + 1);
  }

  private void alter(int i) {
    if (!startsStatement(i)) {
      return;
    }
    for (int j = i + 1; j < i + MAX_STATEMENT && !isEnd(j); j++) {
      Token token = token(j);
      if (token.isString) {
        continue;
      }
      if (token.text.equals("DROP") && !HARMLESS_DROPS.contains(token(j + 1).text)) {
        boolean isPart = token(i + 1).text.equals("COLUMN") || token(j - 1).text.equals("COLUMN");
        if (!isPart) {
          uses.add(Role.DESTROYS, phrase(i, 3) + " " + phrase(j, 3));
        }
      }
      if (token.text.equals("SUPERUSER")) {
        uses.add(Role.GAINS_PRIVILEGE, phrase(i, 3) + " superuser");
      }
    }
  }

  private void grant(int i) {
    if (startsStatement(i)
        && (token(i + 1).text.equals("ALL") || hasBeforeEnd(i, "PG_EXECUTE_SERVER_PROGRAM"))) {
      uses.add(Role.GAINS_PRIVILEGE, phrase(i, 6));
    }
  }

  private void copy(int i) {
    for (int j = i + 1; j < i + MAX_STATEMENT && startsStatement(i) && !isEnd(j); j++) {
      String direction = token(j).text;
      if (token(j).isString || !direction.equals("TO") && !direction.equals("FROM")) {
        continue;
      }
      if (token(j + 1).text.equals("PROGRAM") && token(j + 2).isString) {
        uses.addDetour(Role.RUNS_SHELL, value(token(j + 2).written), "");
      } else if (token(j + 1).isString) {
        Role role = direction.equals("TO") ? Role.WRITES : Role.READS;
        uses.add(role, value(token(j + 1).written));
      }
    }
  }

  private void shell(int i) {
    for (int j = i + 1; j < i + MAX_STATEMENT && !isEnd(j); j++) {
      if (token(j).isString) {
        uses.addDetour(Role.RUNS_SHELL, value(token(j).written), "");
        return;
      }
    }
    if (token(i + 1).text.startsWith("@")) {
      uses.add(Role.HIDES, "a computed command of the database");
    }
  }

  private void string(int i, Role role) {
    for (int j = i + 1; !isEnd(j) && j < i + 8; j++) {
      if (token(j).isString) {
        Value path = value(token(j).written);
        if (role == Role.RUNS_FILE) {
          uses.addDetour(role, path, "library");
        } else {
          uses.add(role, path);
        }
        return;
      }
    }
  }

  /** Reads {@code EXEC('…')}, {@code EXECUTE IMMEDIATE '…'}, {@code PREPARE x FROM '…'}. */
  private void execute(int i) {
    for (int j = i + 1; !isEnd(j) && j < i + 6; j++) {
      if (token(j).isString) {
        nested(token(j).written);
        return;
      }
    }
  }

  private void nested(String sql) {
    if (depth < MAX_DEPTH) {
      new SqlScanner(value(sql), uses, depth + 1, hasEscapes).scan();
    } else {
      uses.add(Role.HIDES, "SQL in SQL in SQL");
    }
  }

  private boolean startsStatement(int i) {
    Token before = token(i - 1);
    return before == END
        || !before.isString && (before.text.equals(";") || STATEMENT_BEFORE.contains(before.text));
  }

  /** Returns true if a statement has no WHERE, or one that is always true. */
  private boolean isUnlimited(int start) {
    int nesting = 0;
    for (int i = start + 1; i < start + MAX_STATEMENT && !isEnd(i); i++) {
      String word = token(i).isString ? "" : token(i).text;
      nesting += word.equals("(") ? 1 : word.equals(")") ? -1 : 0;
      if (nesting < 0) {
        return true;
      }
      if (nesting == 0 && (word.equals("LIMIT") || word.equals("USING"))) {
        return false;
      }
      if (nesting == 0 && word.equals("WHERE")) {
        String first = token(i + 1).text;
        boolean isAlways =
            first.equals("TRUE") && isEnd(i + 2)
                || token(i + 2).text.equals("=")
                    && first.equals(token(i + 3).text)
                    && (isEnd(i + 4) || token(i + 4).text.equals("OR"))
                || first.equals("1") && isEnd(i + 2);
        return isAlways;
      }
    }
    return true;
  }

  private boolean hasBeforeEnd(int start, String word) {
    for (int i = start + 1; i < start + MAX_STATEMENT && !isEnd(i); i++) {
      if (!token(i).isString && token(i).text.equals(word)) {
        return true;
      }
    }
    return false;
  }

  private boolean isEnd(int i) {
    Token token = token(i);
    return token == END || !token.isString && token.text.equals(";");
  }

  /** Returns the first words of a part of a statement, for display. */
  private String phrase(int from, int most) {
    StringBuilder out = new StringBuilder();
    for (int i = from; i < from + most && !isEnd(i); i++) {
      Token token = token(i);
      boolean isWord = token.isString || !token.text.isEmpty() && isWordPart(token.text.charAt(0));
      if (!isWord && !token.text.equals(".")) {
        break;
      }
      out.append(out.length() == 0 ? "" : " ").append(value(token.written).display());
    }
    return out.toString().replace(" . ", ".");
  }

  private Value value(String part) {
    return encoded.value(part);
  }

  private Token token(int i) {
    return i >= 0 && i < tokens.size() ? tokens.get(i) : END;
  }

  private static boolean isWordPart(char c) {
    return Character.isLetterOrDigit(c) || c == '_' || c == '@' || c >= '\uE000' && c < '\uF900';
  }
}
