// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Finds what an awk program runs, writes and reads. */
final class AwkScanner {
  private record Token(char kind, String text) {}

  /** Expressions are read up to this number of tokens; this limits the time. */
  private static final int MAX_EXPRESSION = 64;

  private static final char STRING = '"';
  private static final char WORD = 'w';

  private final Encoded code;
  private final List<Token> tokens = new ArrayList<>();
  private final Map<String, Value> constants = new HashMap<>();
  private final Uses uses;

  private static final Set<String> SHELLS =
      Set.of("sh", "bash", "dash", "zsh", "/bin/sh", "/bin/bash");

  private AwkScanner(Value program, Uses uses) {
    code = new Encoded(program);
    this.uses = uses;
  }

  static void read(Value program, Template template, Scan scan) {
    scan(program, scan.uses());
  }

  static void scan(Value program, Uses uses) {
    new AwkScanner(program, uses).scan();
  }

  private void scan() {
    tokenize(code.text());
    for (int i = 0; i + 2 < tokens.size(); i++) {
      if (kind(i) == WORD && kind(i + 1) == '=' && kind(i + 2) == STRING) {
        String name = tokens.get(i).text;
        Value value = code.value(tokens.get(i + 2).text);
        constants.merge(name, value, (one, other) -> Value.unknown(Origin.OUTPUT, ""));
      }
    }
    for (int i = 0; i < tokens.size(); i++) {
      Token token = tokens.get(i);
      if (token.kind == WORD && token.text.equals("system") && kind(i + 1) == '(') {
        uses.addDetour(Role.RUNS_SHELL, expression(i + 2), "");
      } else if (token.kind == '|' && kind(i + 1) == '&') {
        pipe(i + 2, i);
      } else if (token.kind == '|' && kind(i + 1) != '|' && kind(i - 1) != '|') {
        pipe(i + 1, i);
      } else if (token.kind == '>' && kind(i + 1) == STRING && isPrinting(i)) {
        uses.add(Role.WRITES, expression(i + 1));
      } else if (token.kind == '<' && isWord(i - 1, "getline") && kind(i + 1) == STRING) {
        uses.add(Role.READS, expression(i + 1));
      } else if (token.kind == '@' && isWord(i + 1, "load")) {
        uses.addDetour(Role.RUNS_FILE, expression(i + 2), "library");
      }
    }
  }

  /** Reads {@code print | "command"} or {@code "command" | getline}. */
  private void pipe(int next, int bar) {
    if (isWord(next, "getline")) {
      int start = bar;
      while (start > Math.max(0, bar - MAX_EXPRESSION) && isOperand(start - 1)) {
        start--;
      }
      uses.addDetour(Role.RUNS_SHELL, expression(start), "");
      return;
    }
    Value command = expression(next);
    Value text = printed(bar);
    boolean isReadByShell = command.isKnown() && SHELLS.contains(command.prefix().strip());
    if (isReadByShell && !text.prefix().isBlank()) {
      uses.add(Role.RUNS_SHELL, text);
    } else {
      uses.addDetour(Role.RUNS_SHELL, command, "");
    }
  }

  /** Returns what the statement before a bar prints. */
  private Value printed(int bar) {
    int start = bar;
    while (start > Math.max(0, bar - MAX_EXPRESSION) && isOperand(start - 1)) {
      start--;
    }
    return isWord(start - 1, "print") ? expression(start) : Value.EMPTY;
  }

  /** Returns the strings from a token on, joined; any other token is unknown text. */
  private Value expression(int from) {
    Value value = Value.EMPTY;
    boolean unknown = false;
    for (int i = from; i < from + MAX_EXPRESSION && isOperand(i); i++) {
      if (kind(i) == STRING) {
        value = Values.plus(value, code.value(tokens.get(i).text));
        unknown = false;
      } else if (kind(i) == WORD && constants.containsKey(tokens.get(i).text)) {
        value = Values.plus(value, constants.get(tokens.get(i).text));
        unknown = false;
      } else if (!unknown && kind(i) != '(') {
        value = value.plus(Value.unknown(Origin.OUTPUT, ""));
        unknown = true;
      }
    }
    return value.pieces().isEmpty() ? Value.unknown(Origin.OUTPUT, "") : value;
  }

  private boolean isOperand(int i) {
    return i >= 0 && i < tokens.size() && "\"w$(,".indexOf(kind(i)) >= 0 && !isWord(i, "print");
  }

  private boolean isPrinting(int at) {
    for (int i = at; i >= Math.max(0, at - MAX_EXPRESSION) && ";{}\n".indexOf(kind(i)) < 0; i--) {
      if (isWord(i, "print") || isWord(i, "printf")) {
        return true;
      }
    }
    return false;
  }

  private char kind(int i) {
    return i >= 0 && i < tokens.size() ? tokens.get(i).kind : '\0';
  }

  private boolean isWord(int i, String word) {
    return kind(i) == WORD && tokens.get(i).text.equals(word);
  }

  private void tokenize(String text) {
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == '#') {
        while (i < text.length() && text.charAt(i) != '\n') {
          i++;
        }
      } else if (c == '"') {
        i = string(text, i + 1);
      } else if (c == '/' && "\"w)]$".indexOf(kind(tokens.size() - 1)) < 0) {
        i = regex(text, i + 1);
      } else if (c == ' ' || c == '\t' || c == '\\') {
        i++;
      } else if (Character.isLetterOrDigit(c) || c == '_' || c >= '\uE000') {
        int from = i;
        while (i < text.length()
            && (Character.isLetterOrDigit(text.charAt(i))
                || text.charAt(i) == '_'
                || text.charAt(i) >= '\uE000')) {
          i++;
        }
        tokens.add(new Token(WORD, text.substring(from, i)));
      } else {
        tokens.add(new Token(c, ""));
        i++;
      }
    }
  }

  private int string(String text, int from) {
    StringBuilder out = new StringBuilder();
    int i = from;
    while (i < text.length() && text.charAt(i) != '"') {
      if (text.charAt(i) == '\\' && i + 1 < text.length()) {
        i++;
        char c = text.charAt(i);
        out.append(c == 'n' ? '\n' : c == 't' ? '\t' : c);
      } else {
        out.append(text.charAt(i));
      }
      i++;
    }
    tokens.add(new Token(STRING, out.toString()));
    return i + 1;
  }

  private int regex(String text, int from) {
    int i = from;
    boolean inSet = false;
    while (i < text.length() && (inSet || text.charAt(i) != '/') && text.charAt(i) != '\n') {
      char c = text.charAt(i);
      if (c == '\\') {
        i++;
      } else if (c == '[') {
        inSet = true;
      } else if (c == ']') {
        inSet = false;
      }
      i++;
    }
    tokens.add(new Token(WORD, ""));
    return i + 1;
  }
}
