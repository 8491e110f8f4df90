// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Reads arguments of programs that run other programs in special ways.
 *
 * <p>The class is long because it has one method for each of these programs.
 */
final class Wrappers {
  /** Programs that ask for a password. */
  private static final Set<String> ASKING = Set.of("sudo", "su", "doas", "ssh", "passwd", "gpg");

  /** Commands that people and agents type without a thought about their meaning. */
  private static final Set<String> SHADOWED =
      Set.of(
          "cat", "cd", "cp", "curl", "docker", "echo", "gh", "git", "grep", "ls", "make", "mv",
          "npm", "pip", "python", "python3", "rm", "scp", "ssh", "sudo", "vi", "vim", "wget");

  private Wrappers() {}

  /** Reads {@code env -S}: the words of the value come before the other arguments. */
  static void envSplit(Value argument, Template template, Scan scan) {
    Value line = Value.of("env ").plus(argument);
    if (!scan.rest().isEmpty()) {
      line = line.plus(Values.SPACE).plus(Values.joined(scan.rest(), 0));
    }
    scan.uses().add(Role.RUNS_SHELL, line);
  }

  /**
   * Reads a package that is fetched and run; the detail names the language. The name of a package
   * in a registry counts as the program of this name, because fetching it is like installing it
   * first. A package from any other place is code from the network.
   */
  static void fetched(Value argument, Template template, Scan scan) {
    fetched(argument, template.detail(), scan);
  }

  private static void fetched(Value argument, String language, Scan scan) {
    Optional<String> name = registered(argument);
    List<Value> operands = scan.operands();
    if (name.isEmpty()) {
      Value code = Value.unknown(Origin.NETWORK, argument.display());
      scan.uses().add(Role.RUNS_FILE, code, language);
    } else if (!operands.isEmpty() && operands.get(0) == argument) {
      List<Value> command = new ArrayList<>(operands);
      command.set(0, Value.of(name.get()));
      scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
    }
  }

  /** Returns the name of a package of a registry, without its version. */
  private static Optional<String> registered(Value argument) {
    String text = argument.prefix();
    int version = Math.max(text.indexOf('@', 1), text.indexOf("=="));
    String name = version > 0 ? text.substring(0, version) : text;
    boolean isName = name.matches("(?:@[\\w.-]+/)?[\\w.-]+") && !text.contains(":");
    return isName && Values.isKnown(argument) ? Optional.of(name) : Optional.empty();
  }

  /** Reads {@code python -m}: some modules are programs in the table. */
  static void module(Value argument, Template template, Scan scan) {
    switch (argument.prefix()) {
      case "http.server", "SimpleHTTPServer" ->
          scan.uses().add(Role.SENDS_FILE, List.of(served(scan.rest())), "", true, false);
      case "timeit", "cProfile", "pdb", "trace", "runpy" -> {
        if (!scan.rest().isEmpty()) {
          List<Value> operands = scan.rest();
          scan.uses().add(Role.RUNS_FILE, List.copyOf(operands), "python", false, false);
        }
      }
      default -> {
        List<Value> command = new ArrayList<>();
        command.add(argument);
        command.addAll(scan.rest());
        scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
      }
    }
  }

  /** Returns the directory that Python's server serves. */
  private static Value served(List<Value> arguments) {
    Value served = Value.of(".");
    for (int i = 0; i < arguments.size(); i++) {
      String text = arguments.get(i).prefix();
      if ((text.equals("-d") || text.equals("--directory")) && i + 1 < arguments.size()) {
        served = arguments.get(i + 1);
      } else if (text.startsWith("--directory=")) {
        served = arguments.get(i).from("--directory=".length());
      }
    }
    return served;
  }

  /**
   * Reads {@code NAME=TEXT} of {@code alias}. If the name is a command that people often type, the
   * text counts as run. If it is a program that asks for a password, a different program in its
   * place is a detour.
   */
  static void alias(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    String name = parts.get(0).prefix();
    if (parts.size() < 2) {
      return;
    }
    Value text = parts.get(1);
    boolean isOwn = text.prefix().startsWith(name);
    if (name.equals("indelible")) {
      scan.uses().add(Role.SETS, "another command under the name of the gate");
    } else if (ASKING.contains(name) && !isOwn) {
      scan.uses().addDetour(Role.RUNS_SHELL, text, "");
    } else if (SHADOWED.contains(name)) {
      scan.uses().add(Role.RUNS_SHELL, text);
    }
  }

  /** Reads the arguments of an Ansible module; for the shell modules, they are a command. */
  static void ansible(Value argument, Template template, Scan scan) {
    String module = scan.optionValue("-m").map(Value::prefix).orElse("command");
    if (List.of("shell", "command", "raw", "script").contains(module)) {
      scan.uses().add(Role.RUNS_SHELL, argument, "hosts");
    }
  }

  /** Reads {@code flock FILE command…} and {@code flock FILE -c text}. */
  static void flock(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (argument != operands.get(0)) {
      return;
    }
    if (!Values.isKnown(argument) || !argument.prefix().chars().allMatch(Character::isDigit)) {
      scan.uses().add(Role.WRITES, argument);
    }
    if (operands.size() > 2
        && (Values.is(operands.get(1), "-c") || Values.is(operands.get(1), "--command"))) {
      scan.uses().add(Role.RUNS_SHELL, operands.get(2));
    } else if (operands.size() > 1) {
      command(operands, 1, scan);
    }
  }

  /**
   * Reads a command after an option of {@code fd}, which runs for each file found below the
   * operands after the first.
   */
  static void forRest(Value argument, Template template, Scan scan) {
    List<Value> roots = scan.before().size() < 2 ? List.of(Value.of(".")) : scan.before();
    Value found = found(scan);
    for (int i = Math.min(1, roots.size() - 1); i < roots.size(); i++) {
      Value item = Values.below(roots.get(i), found);
      List<Value> command = new ArrayList<>();
      command.add(argument);
      boolean hasPlace = false;
      for (Value operand : scan.rest()) {
        Value replaced = FindReader.replaced(operand, "{}", item);
        hasPlace |= !replaced.equals(operand);
        command.add(replaced);
      }
      if (!hasPlace) {
        command.add(item);
      }
      scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
    }
  }

  /**
   * Returns the files that {@code fd} finds below a root, as a glob: those with a pattern or an
   * extension, or all.
   */
  private static Value found(Scan scan) {
    Optional<Value> name =
        scan.before().isEmpty() ? Optional.empty() : RegexGlob.of(scan.before().get(0));
    Optional<Value> ending = scan.optionValue("-e");
    Value.Builder below = new Value.Builder();
    if (name.isEmpty() && ending.isEmpty()) {
      return below.add(Value.ALL).build();
    }
    below.add(new Value.Glob("**"));
    name.ifPresent(pattern -> below.add(pattern).add(new Value.Glob("**")));
    ending.ifPresent(extension -> below.add(".").add(extension));
    return below.build();
  }

  /** Reads a command after an option: a command line, or its words. */
  static void restCommand(Value argument, Template template, Scan scan) {
    List<Value> words = new ArrayList<>(List.of(argument));
    words.addAll(scan.rest());
    scan.uses().add(Role.RUNS_SHELL, Values.joined(words, 0));
  }

  /** Reads arguments for a shell, the first of which is an option. */
  static void dashArguments(Value argument, Template template, Scan scan) {
    List<Value> command = new ArrayList<>(List.of(Value.of("sh")));
    command.addAll(scan.operands());
    scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
  }

  /** Reads a command of a debugger that may begin with a shell escape. */
  static void gdbCommand(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    for (String word : List.of("shell ", "!", "pipe ", "| ", "platform shell ")) {
      if (text.startsWith(word)) {
        scan.uses().addDetour(Role.RUNS_SHELL, argument.from(word.length()), "");
        return;
      }
    }
    if (text.startsWith("python ") || text.startsWith("py ")) {
      Value code = argument.from(text.indexOf(' ') + 1);
      scan.uses().addDetour(Role.RUNS_CODE, code, "python");
    } else if (text.startsWith("source ")) {
      scan.uses().addDetour(Role.RUNS_FILE, argument.from("source ".length()), "gdb");
    }
  }

  /** Reads text that is typed into a terminal; names of keys are left out. */
  static void keys(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    for (String key : List.of(" Enter", " C-m", " KPEnter", "\r", "\n", "\\n", "^M")) {
      if (Values.isKnown(argument) && text.endsWith(key)) {
        text = text.substring(0, text.length() - key.length());
      }
    }
    Value typed = Values.isKnown(argument) ? Value.of(text) : argument;
    if (!typed.pieces().isEmpty()) {
      scan.uses().add(Role.RUNS_SHELL, typed);
    }
  }

  /** Reads shell text for a terminal of tmux, up to a semicolon. */
  static void tmuxText(Value argument, Template template, Scan scan) {
    Value text = Values.joined(untilSemicolon(scan), 0);
    if (!text.pieces().isEmpty()) {
      scan.uses().add(Role.RUNS_SHELL, text);
    }
  }

  /** Reads keys for a terminal of tmux, up to a semicolon. */
  static void tmuxKeys(Value argument, Template template, Scan scan) {
    keys(Values.joined(untilSemicolon(scan), 0), template, scan);
  }

  /** Reads a command of tmux in one argument. */
  static void tmuxCommand(Value argument, Template template, Scan scan) {
    scan.uses().add(Role.RUNS_SHELL, Value.of("tmux ").plus(argument));
  }

  /** Reads a command of tmux from the second operand on. */
  static void tmuxWords(Value argument, Template template, Scan scan) {
    tmux(scan.operands().subList(1, scan.operands().size()), scan);
  }

  /** Returns the operands before a semicolon; what follows it is another command of tmux. */
  private static List<Value> untilSemicolon(Scan scan) {
    List<Value> operands = scan.operands();
    for (int i = 0; i < operands.size(); i++) {
      if (Values.is(operands.get(i), ";")) {
        tmux(operands.subList(i + 1, operands.size()), scan);
        return operands.subList(0, i);
      }
    }
    return operands;
  }

  private static void tmux(List<Value> words, Scan scan) {
    if (!words.isEmpty()) {
      List<Value> command = new ArrayList<>(List.of(Value.of("tmux")));
      command.addAll(words);
      scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
    }
  }

  /** Reads {@code NAME=VALUE} of make: make expands {@code $(shell …)}, and runs its tools. */
  static void makeOperand(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    if (parts.size() == 2) {
      Programs.standard()
          .variable(parts.get(0).prefix(), parts.get(1))
          .forEach(scan.uses().list()::add);
    }
    if (parts.size() == 2
        && Values.isKnown(parts.get(1))
        && (parts.get(1).prefix().contains("$(shell")
            || parts.get(1).prefix().contains("${shell"))) {
      scan.uses().addDetour(Role.RUNS_CODE, parts.get(1), "make");
    }
  }

  /** Reads {@code npx}: a program of the project, or a package that is fetched. */
  static void npx(Value argument, Template template, Scan scan) {
    if (argument == scan.operands().get(0) && !scan.has("-p") && !scan.has("-c")) {
      fetched(argument, "node", scan);
    }
  }

  /**
   * Reads a code file with its arguments; the scripts of some frameworks have tasks that drop a
   * database.
   */
  static void projectTask(Value argument, Template template, Scan scan) {
    String file = Values.baseName(argument).prefix();
    if (List.of("artisan", "manage.py", "console").contains(file)) {
      List<Value> command = new ArrayList<>(List.of(Value.of("rake")));
      command.addAll(scan.operands().subList(1, scan.operands().size()));
      scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
    }
  }

  /** Reads the text of a prompt; the shell runs only the substitutions in it. */
  static void prompt(Value argument, Template template, Scan scan) {
    boolean runs = argument.prefix().contains("$(") || argument.prefix().indexOf('`') >= 0;
    if (Values.isKnown(argument) && runs) {
      String quoted = argument.prefix().replace("\"", "'");
      scan.uses().add(Role.RUNS_SHELL, Value.of(": \"" + quoted + "\""));
    }
  }

  /** Reads {@code name=value} of PHP's settings; some load code. */
  static void phpSetting(Value argument, Template template, Scan scan) {
    List<Value> parts = Values.cut(argument, '=');
    String name = parts.get(0).prefix().strip();
    if (parts.size() == 2
        && List.of("auto_prepend_file", "auto_append_file", "extension", "zend_extension")
            .contains(name)) {
      scan.uses().addDetour(Role.RUNS_FILE, parts.get(1), "php");
    }
  }

  /** Reads the command of PowerShell: the argument and all after it. */
  static void powershellCommand(Value argument, Template template, Scan scan) {
    Value code = argument;
    for (Value operand : scan.operands()) {
      if (operand != argument) {
        code = code.plus(Values.SPACE).plus(operand);
      }
    }
    if (Values.is(argument, "-")) {
      scan.uses().add(Role.RUNS_INPUT, "powershell");
    } else {
      scan.uses().add(Role.RUNS_CODE, code, "powershell");
    }
  }

  /** Reads a script of PowerShell with its arguments. */
  static void powershellFile(Value argument, Template template, Scan scan) {
    List<Value> file = new ArrayList<>();
    file.add(argument);
    file.addAll(scan.rest());
    scan.uses().add(Role.RUNS_FILE, file, "powershell", false, false);
  }

  /** Reads {@code chrt} and {@code taskset}: a priority or mask may stand before the command. */
  static void priorityCommand(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (argument != operands.get(0)) {
      return;
    }
    String text = argument.prefix();
    boolean isNumber = !text.isEmpty() && Character.isDigit(text.charAt(0));
    int from = isNumber ? 1 : 0;
    if (!scan.has("-p") && operands.size() > from) {
      command(operands, from, scan);
    }
  }

  /**
   * Reads the operands of {@code screen}: a command, or, after {@code -X}, one of screen's own
   * commands.
   */
  static void screenOperands(Value argument, Template template, Scan scan) {
    List<Value> operands = scan.operands();
    if (argument != operands.get(0)) {
      return;
    }
    if (!scan.has("-X")) {
      command(operands, 0, scan);
    } else if (operands.size() > 1 && Values.is(argument, "stuff")) {
      keys(operands.get(1), template, scan);
    } else if (operands.size() > 1
        && (Values.is(argument, "exec") || Values.is(argument, "screen"))) {
      command(operands, 1, scan);
    }
  }

  /** Reads the operands of {@code su} after the user, which are arguments of the shell. */
  static void shellArguments(Value argument, Template template, Scan scan) {
    List<Value> command = new ArrayList<>();
    command.add(Value.of("sh"));
    command.addAll(scan.operands().subList(1, scan.operands().size()));
    scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
  }

  /** Reads {@code su} without {@code -c}: a shell that reads its input, or one with arguments. */
  static void su(Value argument, Template template, Scan scan) {
    String user = scan.operands().isEmpty() ? "" : scan.operands().get(0).prefix();
    if (scan.operands().size() > 1) {
      scan.uses().add(Role.GAINS_PRIVILEGE, "su to run a command");
    } else if (!List.of("", "root", "toor", "0").contains(user)) {
      // An account other than root has no more rights than an account that may switch to it.
      scan.uses().add(Role.GAINS_PRIVILEGE, "su to another user");
      scan.uses().add(Role.RUNS_INPUT, "shell");
    } else {
      scan.uses().add(Role.GAINS_PRIVILEGE, "su");
      scan.uses().add(Role.RUNS_INPUT, "shell");
    }
  }

  /** Reads the first operand of {@code trap}: shell text, {@code -}, or only a signal. */
  static void trapText(Value argument, Template template, Scan scan) {
    if (scan.operands().size() > 1 && !Values.is(argument, "-") && !argument.pieces().isEmpty()) {
      scan.uses().add(Role.RUNS_SHELL, argument);
    }
  }

  /** Reads a program that another one runs as its compressor or transport. */
  static void helper(Value argument, Template template, Scan scan) {
    boolean isUsual = Helpers.isUsual(argument);
    scan.uses().add(Role.RUNS_SHELL, List.of(argument), "", false, !isUsual);
  }

  /** Reads a file of code; a name without a slash is a library that the program comes with. */
  static void libraryPath(Value argument, Template template, Scan scan) {
    String text = argument.prefix();
    if (!Values.isKnown(argument) || text.startsWith("/") || text.startsWith("..")) {
      scan.uses().addDetour(Role.RUNS_FILE, argument, template.detail());
    } else if (text.contains("/")) {
      scan.uses().add(Role.RUNS_FILE, argument, template.detail());
    }
  }

  private static void command(List<Value> operands, int from, Scan scan) {
    List<Value> command = operands.subList(from, operands.size());
    scan.uses().add(Role.RUNS_COMMAND, command, "", false, false);
  }
}
