// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Reads GNU {@code parallel}: a shell command, and items after {@code :::} or on the input. */
final class ParallelReader {
  private static final Set<String> OPTIONS_WITH_VALUE =
      Set.of(
          "-j",
          "--jobs",
          "-P",
          "--max-procs",
          "-S",
          "--sshlogin",
          "-n",
          "--max-args",
          "-N",
          "-L",
          "-a",
          "--arg-file",
          "-I",
          "-d",
          "--delimiter",
          "-C",
          "--colsep",
          "--joblog",
          "--results",
          "--tmpdir",
          "--timeout",
          "--delay",
          "--retries",
          "--load",
          "--memfree",
          "--nice",
          "--block",
          "--recstart",
          "--recend",
          "--shuf-seed",
          "--workdir",
          "--wd",
          "--halt",
          "--sshloginfile",
          "--slf",
          "--basefile",
          "--bf",
          "--return",
          "--env",
          "--tagstring",
          "-s",
          "--max-chars",
          "--profile",
          "-J",
          "-E",
          "--rpl",
          "--parens",
          "--cat-name",
          "--term-seq",
          "--arg-sep",
          "--arg-file-sep",
          "--trim",
          "--limit",
          "--semaphorename",
          "--id");

  /** Maximum number of items; further ones count as one unknown item, which limits the time. */
  private static final int MAX_ITEMS = 64;

  private ParallelReader() {}

  /** Returns what the command line does. */
  static Invocation parallel(List<Value> argv) {
    Uses uses = new Uses();
    List<Value> command = new ArrayList<>();
    List<Value> items = new ArrayList<>();
    boolean hasItems = false;
    String machine = "";
    int i = 1;
    for (; i < argv.size() && argv.get(i).prefix().startsWith("-"); i++) {
      String text = argv.get(i).prefix();
      if (text.equals("--")) {
        i++;
        break;
      }
      if (OPTIONS_WITH_VALUE.contains(text)) {
        i++;
        if (i < argv.size() && (text.equals("-S") || text.equals("--sshlogin"))) {
          uses.add(Role.CONTACTS, argv.get(i));
          machine = "host " + argv.get(i).display();
        }
      }
    }
    for (; i < argv.size(); i++) {
      Value argument = argv.get(i);
      String text = Values.isKnown(argument) ? argument.prefix() : "";
      if (text.startsWith(":::")) {
        hasItems = true;
        if (text.startsWith("::::")) {
          items.add(Value.unknown(Origin.INPUT, ""));
        }
      } else if (hasItems) {
        items.add(argument);
      } else {
        command.add(argument);
      }
    }
    if (!hasItems) {
      if (command.isEmpty()) {
        uses.add(Role.RUNS_INPUT, "shell");
        return new Invocation("parallel", uses.list(), command, Output.OTHER);
      }
      forEachLine(command, uses);
      return new Invocation("parallel", uses.list(), command, Output.OTHER);
    }
    Value line = Values.joined(command, 0);
    boolean hasPlace = line.display().contains("{");
    if (items.size() > MAX_ITEMS) {
      items.subList(MAX_ITEMS, items.size()).clear();
      items.add(Value.unknown(Origin.INPUT, ""));
    }
    for (Value item : items) {
      Value run =
          command.isEmpty()
              ? item
              : hasPlace ? replaced(line, item) : line.plus(Values.SPACE).plus(item);
      uses.add(Role.RUNS_SHELL, List.of(run), machine, false, false);
    }
    return new Invocation("parallel", uses.list(), items, Output.OTHER);
  }

  /** Adds the use of a command whose items are lines of the standard input. */
  private static void forEachLine(List<Value> command, Uses uses) {
    Value line = Values.joined(command, 0);
    boolean hasPlace = line.display().contains("{}");
    Value text = hasPlace ? line : line.plus(Value.of(" {}"));
    List<Value> run = List.of(Value.of("sh"), Value.of("-c"), text);
    uses.add(Role.RUNS_FOR_EACH, run, "{}", false, false);
  }

  private static Value replaced(Value line, Value item) {
    Value replaced = line;
    for (String place : List.of("{}", "{.}", "{/}", "{//}", "{/.}", "{1}", "{2}")) {
      replaced = FindReader.replaced(replaced, place, item);
    }
    return replaced;
  }
}
