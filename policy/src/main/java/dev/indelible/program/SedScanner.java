// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/** Finds what a script of sed runs, writes and reads. */
final class SedScanner {
  private final Encoded code;
  private final String text;
  private final Uses uses;
  private int at;

  private SedScanner(Value script, Uses uses) {
    code = new Encoded(script);
    text = code.text();
    this.uses = uses;
  }

  static void read(Value script, Template template, Scan scan) {
    new SedScanner(script, scan.uses()).scan();
  }

  private void scan() {
    while (at < text.length()) {
      skipAddress();
      if (at < text.length()) {
        command(text.charAt(at++));
      }
    }
  }

  /** Skips blanks, separators and addresses. */
  private void skipAddress() {
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == '/' || c == '\\' && at + 1 < text.length()) {
        if (c == '\\') {
          at++;
        }
        char delimiter = text.charAt(at++);
        part(delimiter);
        while (at < text.length() && (text.charAt(at) == 'I' || text.charAt(at) == 'M')) {
          at++;
        }
      } else if (" \t\n;{},!$~+-0123456789".indexOf(c) >= 0 || c >= '\uE000') {
        at++;
      } else {
        return;
      }
    }
  }

  private void command(char command) {
    switch (command) {
      case 's' -> substitute();
      case 'y' -> {
        if (at < text.length()) {
          char delimiter = text.charAt(at++);
          part(delimiter);
          part(delimiter);
        }
      }
      case 'e' -> {
        String line = line();
        if (line.isBlank()) {
          uses.add(Role.RUNS_INPUT, List.of(), "shell", false, true);
        } else {
          uses.addDetour(Role.RUNS_SHELL, code.value(line.strip()), "");
        }
      }
      case 'w', 'W' -> uses.add(Role.WRITES, code.value(line().strip()));
      case 'r', 'R' -> uses.add(Role.READS, code.value(line().strip()));
      case 'a', 'i', 'c', '#', ':' -> text();
      case 'b', 't', 'T', 'v' -> label();
      default -> {}
    }
  }

  private void substitute() {
    if (at >= text.length()) {
      return;
    }
    char delimiter = text.charAt(at++);
    part(delimiter);
    String replacement = part(delimiter);
    while (at < text.length() && "gpIiMme0123456789w".indexOf(text.charAt(at)) >= 0) {
      char flag = text.charAt(at++);
      if (flag == 'e') {
        uses.addDetour(Role.RUNS_SHELL, code.value(replacement), "");
      } else if (flag == 'w') {
        uses.add(Role.WRITES, code.value(line().strip()));
      }
    }
  }

  /** Returns the text up to a delimiter, and steps after it. */
  private String part(char delimiter) {
    StringBuilder out = new StringBuilder();
    while (at < text.length() && text.charAt(at) != delimiter) {
      char c = text.charAt(at++);
      if (c == '\\' && at < text.length()) {
        char next = text.charAt(at++);
        if (next != delimiter) {
          out.append('\\');
        }
        out.append(next);
      } else {
        out.append(c);
      }
    }
    at++;
    return out.toString();
  }

  private String line() {
    int end = text.indexOf('\n', at);
    int stop = end < 0 ? text.length() : end;
    String line = text.substring(Math.min(at, stop), stop);
    at = stop;
    return line;
  }

  /** Skips text up to the end of the line; a backslash before it continues the text. */
  private void text() {
    String line = line();
    while (line.endsWith("\\") && at < text.length()) {
      at++;
      line = line();
    }
  }

  private void label() {
    while (at < text.length() && ";\n}".indexOf(text.charAt(at)) < 0) {
      at++;
    }
  }
}
