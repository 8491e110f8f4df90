// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** Finds what scripts for interactive programs do, one command per line. */
final class LineLanguages {
  /** The names of the languages that are read here. */
  static final Set<String> NAMES = Set.of("dc", "ed", "ftp", "m4", "mongo", "redis", "tcl", "vim");

  private static final Set<String> SENDING =
      Set.of("put", "mput", "reput", "send", "append", "mirror");
  private static final Set<String> REMOVING = Set.of("rm", "mrm", "mdelete", "delete", "glob");
  private static final Set<String> FETCHING = Set.of("get", "mget", "reget", "recv", "newer");

  /** Maximum number of macros that are read; this limits the time. */
  private static final int MAX_MACROS = 100;

  /** Options that may precede the arguments of a Tcl command. */
  private static final Set<String> TCL_OPTIONS =
      Set.of("-noecho", "-ignorestderr", "-keepnewline", "-nottycopy", "-nottyinit", "--");

  private LineLanguages() {}

  /** Adds the uses of a text in one of the languages. */
  static void scan(String language, Value text, Uses uses) {
    Encoded encoded = new Encoded(text);
    switch (language) {
      case "mongo" -> Databases.mongo(text, uses);
      case "tcl" -> tcl(encoded, uses);
      case "m4" -> macros(encoded, uses);
      default -> {
        Directory local = new Directory();
        for (String line : encoded.text().split(language.equals("ftp") ? "[\n;]" : "\n")) {
          line(language, encoded.value(line.strip()), local, uses);
        }
      }
    }
  }

  /** The local directory of a client. */
  private static final class Directory {
    private Value path = Value.EMPTY;

    Value of(Value file) {
      boolean isAbsolute = file.prefix().startsWith("/") || path.pieces().isEmpty();
      return isAbsolute ? file : Values.below(path, file);
    }
  }

  private static void line(String language, Value line, Directory local, Uses uses) {
    switch (language) {
      case "redis" -> Databases.redis(line, uses);
      case "dc" -> {
        if (line.prefix().startsWith("!")) {
          uses.addDetour(Role.RUNS_SHELL, line.from(1), "");
        }
      }
      case "ftp" -> transfer(line, local, uses);
      default -> {
        Readers.editorCommand(line, uses);
        String text = line.prefix();
        boolean writes = text.startsWith("w ") || text.startsWith("W ") || text.startsWith("wq ");
        if (writes && !text.contains("!")) {
          uses.add(Role.WRITES, Values.path(text.substring(text.indexOf(' ') + 1).strip()));
        }
      }
    }
  }

  /** Reads a command of a client that copies files between machines. */
  private static void transfer(Value line, Directory local, Uses uses) {
    if (line.prefix().startsWith("!")) {
      uses.addDetour(Role.RUNS_SHELL, line.from(1), "");
      return;
    }
    List<Value> words = Values.words(line);
    if (words.size() < 2) {
      return;
    }
    String command = words.get(0).prefix().toLowerCase(Locale.ROOT);
    List<Value> operands = new ArrayList<>();
    for (Value word : words.subList(1, words.size())) {
      if (!word.prefix().startsWith("-")) {
        operands.add(expanded(word));
      }
    }
    boolean isReverse = words.stream().anyMatch(LineLanguages::isReverse);
    if (operands.isEmpty()) {
      return;
    }
    Value last = operands.get(operands.size() - 1);
    boolean isWide =
        words.stream().anyMatch(word -> word.prefix().startsWith("-r"))
            || last.prefix().indexOf('*') >= 0;
    if (REMOVING.contains(command) && (isWide || command.startsWith("m"))
        || command.equals("mirror") && isReverse && words.contains(Value.of("--delete"))) {
      uses.add(Role.DESTROYS, last, "");
    }
    if (command.equals("lcd")) {
      local.path = operands.get(0);
    } else if (SENDING.contains(command) && (!command.equals("mirror") || isReverse)) {
      boolean isWhole = !operands.equals(operands.subList(0, 1)) && command.equals("mput");
      for (Value file : isWhole ? operands : operands.subList(0, 1)) {
        uses.add(Role.SENDS_FILE, List.of(local.of(file)), "", true, false);
      }
    } else if (FETCHING.contains(command)) {
      uses.add(
          Role.WRITES, local.of(operands.size() > 1 ? last : Values.baseName(operands.get(0))));
    }
  }

  private static boolean isReverse(Value word) {
    String text = word.prefix();
    return text.equals("--reverse")
        || text.startsWith("-") && !text.startsWith("--") && text.indexOf('R') > 0;
  }

  /** Finds the macros of m4 that run shell text. */
  private static void macros(Encoded code, Uses uses) {
    String text = code.text();
    int at = text.indexOf("syscmd(");
    for (int calls = 0; at >= 0 && calls < MAX_MACROS; calls++) {
      int from = at + "syscmd(".length();
      int close = text.indexOf(')', from);
      int end = close < 0 ? text.length() : close;
      while (from < end && "`\"'".indexOf(text.charAt(from)) >= 0) {
        from++;
      }
      while (end > from && "`\"'".indexOf(text.charAt(end - 1)) >= 0) {
        end--;
      }
      uses.addDetour(Role.RUNS_SHELL, code.value(text.substring(from, end)), "");
      at = close < 0 ? -1 : text.indexOf("syscmd(", close);
    }
    if (at >= 0) {
      uses.add(Role.HIDES, "more than " + MAX_MACROS + " macros that run commands");
    }
  }

  private static Value expanded(Value word) {
    return Values.isKnown(word) ? Values.path(word.prefix()) : word;
  }

  /** Finds {@code exec}, {@code spawn}, {@code system} and {@code file delete} of Tcl. */
  private static void tcl(Encoded code, Uses uses) {
    String text = code.text();
    boolean isStart = true;
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (isStart && Character.isLetter(c)) {
        int end = endOfStatement(text, at);
        statement(code, text.substring(at, end), uses);
      }
      isStart = ";\n[{".indexOf(c) >= 0 || isStart && Character.isWhitespace(c);
    }
  }

  private static void statement(Encoded code, String statement, Uses uses) {
    List<String> words = tclWords(statement);
    int from = 1;
    while (from < words.size() && TCL_OPTIONS.contains(words.get(from))) {
      from++;
    }
    String name = words.get(0);
    if (Set.of("exec", "spawn", "system").contains(name) && from < words.size()) {
      List<Value> command = new ArrayList<>();
      words.subList(from, words.size()).forEach(word -> command.add(code.value(word)));
      if (command.size() == 1) {
        uses.add(Role.RUNS_SHELL, command.get(0));
      } else {
        uses.add(Role.RUNS_COMMAND, command, "", false, false);
      }
    } else if (name.equals("file") && words.size() > 2 && words.get(1).equals("delete")) {
      for (String word : words.subList(2, words.size())) {
        if (!word.startsWith("-")) {
          uses.add(Role.DELETES, List.of(expanded(code.value(word))), "", true, false);
        }
      }
    }
  }

  /**
   * Returns the end of a statement: a separator, or a closing bracket that the statement did not
   * open.
   */
  private static int endOfStatement(String text, int from) {
    int depth = 0;
    boolean isQuoted = false;
    for (int i = from; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '"') {
        isQuoted = !isQuoted;
      } else if (!isQuoted) {
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth < 0 || depth == 0 && (c == ';' || c == '\n')) {
          return i;
        }
      }
    }
    return text.length();
  }

  private static List<String> tclWords(String statement) {
    List<String> words = new ArrayList<>();
    StringBuilder word = new StringBuilder();
    boolean isQuoted = false;
    boolean hasWord = false;
    int depth = 0;
    for (int i = 0; i < statement.length(); i++) {
      char c = statement.charAt(i);
      boolean isOuter = depth == 0;
      if (c == '"' && isOuter) {
        isQuoted = !isQuoted;
        hasWord = true;
        continue;
      }
      if (!isQuoted) {
        depth += c == '{' ? 1 : c == '}' ? -1 : 0;
        if (c == '{' && isOuter || c == '}' && depth == 0) {
          hasWord = true;
          continue;
        }
        if (isOuter && Character.isWhitespace(c)) {
          if (hasWord) {
            words.add(word.toString());
          }
          word.setLength(0);
          hasWord = false;
          continue;
        }
      }
      if (c == '\\' && isOuter && i + 1 < statement.length()) {
        c = statement.charAt(++i);
      }
      word.append(c);
      hasWord = true;
    }
    if (hasWord) {
      words.add(word.toString());
    }
    return words.isEmpty() ? List.of("") : words;
  }
}
