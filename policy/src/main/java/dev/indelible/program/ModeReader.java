// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code chmod}, whose mode may look like an option. */
final class ModeReader {
  /** Modes that give nobody access, and so cut off everything below a directory. */
  private static final List<String> NOBODY =
      List.of("0", "00", "000", "0000", "a-rwx", "ugo-rwx", "a=", "-rwx");

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
      boolean reachesAll = isRecursive || NOBODY.contains(mode);
      uses.add(Role.WRITES, List.of(operands.get(i)), kind, reachesAll, false);
    }
    setsId(mode, uses);
    if (isWorldWritable(mode)) {
      for (int i = first; i < operands.size(); i++) {
        List<Value> path = List.of(operands.get(i));
        if (Values.isBelow(operands.get(i))) {
          continue;
        }
        uses.add(Role.GAINS_PRIVILEGE, path, "writable by everyone", isRecursive, false);
      }
    }
    return new Invocation("chmod", uses.list(), operands, Output.OTHER);
  }

  /** Returns true if a mode gives access to the owner and to nobody else. */
  private static boolean isPrivate(String mode) {
    return List.of("600", "700", "0600", "0700", "go-rwx", "og-rwx", "go=", "u=rw,go=")
        .contains(mode);
  }

  /** Reads a mode as the value of an option. */
  static void mode(Value argument, Template template, Scan scan) {
    setsId(argument.prefix(), scan.uses());
  }

  /** Adds a use if a mode makes programs run as their owner, or with their group. */
  private static void setsId(String mode, Uses uses) {
    boolean setsUser = false;
    boolean setsGroup = false;
    if (isOctal(mode)) {
      int bits = Integer.parseInt(mode, 8);
      setsUser = (bits & 04000) != 0;
      setsGroup = (bits & 02000) != 0;
    } else {
      for (String clause : mode.split(",")) {
        int operator = operator(clause);
        if (operator >= 0 && clause.charAt(operator) != '-' && clause.indexOf('s', operator) > 0) {
          String who = clause.substring(0, operator);
          setsUser |= who.isEmpty() || who.contains("u") || who.contains("a");
          setsGroup |= who.contains("g");
        }
      }
    }
    if (setsUser) {
      uses.add(Role.GAINS_PRIVILEGE, "set-user-ID mode");
    } else if (setsGroup) {
      uses.add(Role.GAINS_PRIVILEGE, "set-group-ID mode");
    }
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
