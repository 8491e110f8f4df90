// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code chmod}, whose mode may look like an option. */
final class ModeReader {
  private static final String MODE_CHARACTERS = "rwxXstugo0123456789";

  private ModeReader() {}

  /** Returns what the command line does. */
  static Invocation chmod(List<Value> argv) {
    Uses uses = new Uses();
    List<Value> operands = new ArrayList<>();
    boolean isRecursive = false;
    boolean optionsEnded = false;
    boolean hasReference = false;
    for (int i = 1; i < argv.size(); i++) {
      Value argument = argv.get(i);
      String text = argument.prefix();
      if (optionsEnded || text.length() < 2 || text.charAt(0) != '-') {
        operands.add(argument);
      } else if (text.equals("--")) {
        optionsEnded = true;
      } else if (text.startsWith("--")) {
        isRecursive |= text.length() > 4 && "--recursive".startsWith(text);
        if (text.startsWith("--ref")) {
          hasReference = true;
          i += text.contains("=") ? 0 : 1;
        }
      } else if (MODE_CHARACTERS.indexOf(text.charAt(1)) >= 0 && text.charAt(1) != 'R') {
        operands.add(argument);
      } else {
        isRecursive |= text.indexOf('R') > 0;
      }
    }
    int first = hasReference ? 0 : 1;
    String mode = hasReference || operands.isEmpty() ? "" : operands.get(0).prefix();
    for (int i = first; i < operands.size(); i++) {
      String kind = isPrivate(mode) && !isRecursive ? "private mode" : "mode";
      uses.add(Role.WRITES, List.of(operands.get(i)), kind, isRecursive, false);
    }
    // A group's mode on directories that a search finds is ordinary: their files inherit the group.
    boolean isFound = operands.size() > first && !Values.isKnown(operands.get(first));
    if (setsId(mode, isFound)) {
      uses.add(Role.GAINS_PRIVILEGE, "set-user-ID or set-group-ID mode");
    }
    if (isWorldWritable(mode)) {
      for (int i = first; i < operands.size(); i++) {
        List<Value> path = List.of(operands.get(i));
        if (isBelow(operands.get(i))) {
          continue;
        }
        uses.add(Role.GAINS_PRIVILEGE, path, "writable by everyone", isRecursive, false);
      }
    }
    return new Invocation("chmod", uses.list(), operands, Output.OTHER);
  }

  /** Returns true if a mode lets its owner read and write, and nobody else anything. */
  private static boolean isPrivate(String mode) {
    return List.of("600", "700", "0600", "0700", "go-rwx", "og-rwx", "go=", "u=rw,go=")
        .contains(mode);
  }

  /** Reads a mode as the value of an option. */
  static void mode(Value argument, Template template, Scan scan) {
    if (setsId(argument.prefix(), false)) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "set-user-ID or set-group-ID mode");
    }
  }

  /** Returns true if a path is known and relative, and does not lead upwards. */
  private static boolean isBelow(Value path) {
    String text = path.prefix();
    return Values.isKnown(path) && !text.startsWith("/") && !text.contains("..");
  }

  /** Returns true if a mode sets the user's or, unless {@code userOnly}, the group's identity. */
  private static boolean setsId(String mode, boolean userOnly) {
    if (isOctal(mode)) {
      int bits = Integer.parseInt(mode, 8);
      return (bits & (userOnly ? 04000 : 06000)) != 0;
    }
    for (String clause : mode.split(",")) {
      int operator = operator(clause);
      if (operator >= 0 && clause.charAt(operator) != '-' && clause.indexOf('s', operator) > 0) {
        String who = clause.substring(0, operator);
        if (!who.equals("o") && !(userOnly && who.equals("g"))) {
          return true;
        }
      }
    }
    return false;
  }

  private static boolean isWorldWritable(String mode) {
    if (isOctal(mode)) {
      int bits = Integer.parseInt(mode, 8);
      return (bits & 0002) != 0 && (bits & 01000) == 0;
    }
    for (String clause : mode.split(",")) {
      int operator = operator(clause);
      if (operator >= 0 && clause.charAt(operator) != '-' && clause.indexOf('w', operator) > 0) {
        String who = clause.substring(0, operator);
        if (who.contains("o") || who.contains("a")) {
          return true;
        }
      }
    }
    return false;
  }

  private static int operator(String clause) {
    for (int i = 0; i < clause.length(); i++) {
      if ("+=-".indexOf(clause.charAt(i)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private static boolean isOctal(String mode) {
    if (mode.isEmpty() || mode.length() > 6) {
      return false;
    }
    for (int i = 0; i < mode.length(); i++) {
      if (mode.charAt(i) < '0' || mode.charAt(i) > '7') {
        return false;
      }
    }
    return true;
  }
}
