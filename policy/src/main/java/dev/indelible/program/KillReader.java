// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads {@code kill}, whose operands may be negative numbers: {@code -1} is every process. */
final class KillReader {
  private KillReader() {}

  /** Returns what the command line does. */
  static Invocation kill(List<Value> argv) {
    Uses uses = new Uses();
    List<Value> operands = new ArrayList<>();
    boolean hasSignal = false;
    boolean optionsEnded = false;
    boolean lists = false;
    for (int i = 1; i < argv.size(); i++) {
      Value argument = argv.get(i);
      String text = argument.prefix();
      if (!optionsEnded && text.startsWith("-") && !hasSignal && operands.isEmpty()) {
        if (text.equals("--")) {
          optionsEnded = true;
        } else if (Set.of("-s", "-n", "--signal").contains(text)) {
          hasSignal = true;
          i++;
        } else if (Set.of("-l", "-L", "--list", "--table").contains(text)) {
          lists = true;
        } else {
          hasSignal = true;
        }
      } else if (!optionsEnded && text.equals("--")) {
        optionsEnded = true;
      } else {
        operands.add(argument);
      }
    }
    for (Value operand : operands) {
      String text = operand.prefix();
      boolean isAll = Values.isKnown(operand) && (text.equals("-1") || text.equals("1"));
      if (!lists) {
        String what = isAll ? "every process" : "process " + operand.display();
        uses.add(Role.STOPS, List.of(operand), what, false, false);
      }
    }
    return new Invocation("kill", uses.list(), operands, Output.OTHER);
  }
}
