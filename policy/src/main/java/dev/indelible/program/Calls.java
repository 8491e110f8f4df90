// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.List;

/** Reads the arguments of calls in code. */
final class Calls {
  private Calls() {}

  /**
   * Reads a call that starts a program, once for all arguments: one argument is shell text or a
   * program without arguments, several are a program and its arguments.
   */
  static void spawn(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (argument != operands.get(0)) {
      return;
    }
    Value directory = scan.callOption("cwd");
    if (!directory.pieces().isEmpty()) {
      scan.uses().add(Role.WORKS_IN, directory);
    }
    if (operands.size() == 1 || scan.isTrue("shell")) {
      scan.uses().add(Role.RUNS_SHELL, Values.joined(operands, 0));
    } else {
      scan.uses().add(Role.RUNS_COMMAND, List.copyOf(operands), "", false, false);
    }
  }

  /** Reads a call whose first argument is shell text, and whose directory may be an option. */
  static void oneShell(Value argument, Template template, Scan scan) {
    Value directory = scan.callOption("cwd");
    if (!directory.pieces().isEmpty()) {
      scan.uses().add(Role.WORKS_IN, directory);
    }
    scan.uses().add(Role.RUNS_SHELL, argument);
  }

  /** Reads a call that opens a file; the second argument is the mode. */
  static void openMode(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    Value named = scan.callOption("mode");
    Value mode = operands.size() > 1 ? operands.get(1) : named;
    String text = Values.isKnown(mode) ? mode.prefix() : "r+";
    boolean writes = text.matches(".*[wax+c].*");
    if (!writes || text.contains("+") || text.contains("r")) {
      scan.uses().add(Role.READS, argument);
    }
    if (writes) {
      scan.uses().add(Role.WRITES, argument);
    }
  }

  /**
   * Reads Perl's {@code open}: the mode may be a separate argument, or part of the path argument.
   */
  static void perlOpen(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    Value path = operands.get(operands.size() - 1);
    String mode = operands.size() > 2 ? operands.get(1).prefix().strip() : "";
    String text = path.prefix().strip();
    if (operands.size() == 2) {
      mode = text.startsWith("|") || Values.isKnown(path) && text.endsWith("|") ? "|" : text;
      int from = 0;
      while (from < path.prefix().length() && "<>+| ".indexOf(path.prefix().charAt(from)) >= 0) {
        from++;
      }
      path = path.from(from);
      if (mode.equals("|") && Values.isKnown(path) && text.endsWith("|")) {
        path = Value.of(path.prefix().substring(0, path.prefix().lastIndexOf('|')));
      }
    }
    if (mode.contains("|")) {
      scan.uses().add(Role.RUNS_SHELL, path);
    } else {
      scan.uses()
          .add(mode.startsWith(">") || mode.startsWith("+") ? Role.WRITES : Role.READS, path);
    }
  }

  /** Reads a path that may be a URL. */
  static void urlOrFile(Value argument, Template template, Scan scan) {
    boolean isUrl = argument.prefix().contains("://") && !argument.prefix().startsWith("php:");
    scan.uses().add(isUrl ? Role.CONTACTS : Role.READS, argument);
  }

  /** Reads a call that applies a function, named by a string, to each element of a list. */
  static void mapped(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    CodeTable.Call call = CodeTable.standard().language("php").call(argument.prefix());
    if (call != null && operands.size() > 1 && !call.operands().numbered().isEmpty()) {
      call.operands().use(operands.subList(1, operands.size()), scan);
    }
  }
}
