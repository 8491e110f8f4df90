// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builtins of the shell: their effects on later commands. */
final class Builtins {
  /** The name of a pseudo-variable that records {@code set -a}. */
  static final String ALL_EXPORTED = "set -a";

  private static final Set<String> CONTROL =
      Set.of(
          ".",
          "break",
          "builtin",
          "command",
          "continue",
          "eval",
          "exec",
          "exit",
          "return",
          "source",
          "trap");

  private static final Set<String> CHANGE =
      Set.of(
          "alias",
          "cd",
          "declare",
          "export",
          "getopts",
          "hash",
          "let",
          "local",
          "mapfile",
          "popd",
          "printf",
          "pushd",
          "read",
          "readarray",
          "readonly",
          "set",
          "shift",
          "typeset",
          "unalias",
          "unset");

  private static final Set<String> OTHER =
      Set.of(":", "[", "echo", "false", "pwd", "test", "true", "wait");

  private final Interpreter interpreter;
  private final Runner runner;
  private final Variables variables;
  private Map<String, List<Value>> aliases = Map.of();

  Builtins(Interpreter interpreter, Runner runner) {
    this.interpreter = interpreter;
    this.runner = runner;
    this.variables = new Variables(interpreter, runner);
  }

  static boolean isBuiltin(String name) {
    return CONTROL.contains(name) || CHANGE.contains(name) || OTHER.contains(name);
  }

  /** Returns true if a builtin runs other commands, or changes which commands run next. */
  boolean isControl(String name) {
    return CONTROL.contains(name);
  }

  boolean hasAliases() {
    return !aliases.isEmpty();
  }

  List<Value> alias(String name) {
    return aliases.getOrDefault(name, List.of());
  }

  /** Runs a builtin that runs other commands, or changes which commands run next. */
  Outcome control(String name, List<Value> argv, Runner.Call call) {
    State state = call.state();
    List<Value> arguments = argv.subList(1, argv.size());
    if (!call.uses().isEmpty() && !name.equals("exec") && !name.equals("command")) {
      interpreter.emit(argv, state, call.uses());
    }
    return switch (name) {
      case "eval" -> runner.shellText(joined(withoutDashes(arguments)), state, call.io(), "eval");
      case ".", "source" -> source(name, withoutDashes(arguments), call);
      case "exit" -> interpreter.flow().endShell(state);
      case "return" -> interpreter.flow().calls().endFunction(state);
      case "break", "continue" -> interpreter.flow().endLoop(state);
      case "trap" -> trap(arguments, state);
      case "exec" -> prefix(arguments, "a", call);
      default -> command(arguments, call);
    };
  }

  private static List<Value> withoutDashes(List<Value> arguments) {
    return !arguments.isEmpty() && isText(arguments.get(0), "--")
        ? arguments.subList(1, arguments.size())
        : arguments;
  }

  private static boolean isText(Value value, String text) {
    return value.isKnown() && value.prefix().equals(text);
  }

  private static Value joined(List<Value> values) {
    if (values.size() == 1) {
      return values.get(0);
    }
    Value.Builder all = new Value.Builder();
    for (int i = 0; i < values.size(); i++) {
      all.add(i == 0 ? "" : " ").add(values.get(i));
    }
    return all.build();
  }

  /** Runs the command after {@code command} or {@code builtin} and its options. */
  private Outcome command(List<Value> arguments, Runner.Call call) {
    if (!arguments.isEmpty()) {
      String option = arguments.get(0).prefix();
      if (option.startsWith("-v") || option.startsWith("-V")) {
        if (call.io().out() != null) {
          call.io().out().add(Outputs.lines(arguments.subList(1, arguments.size())));
        }
        return Outcome.of(call.state());
      }
    }
    return prefix(arguments, "", call);
  }

  /** Runs the command after the options, and ignores functions with its name. */
  private Outcome prefix(List<Value> arguments, String withValue, Runner.Call call) {
    int at = 0;
    while (at < arguments.size() && arguments.get(at).prefix().startsWith("-")) {
      String option = arguments.get(at++).prefix();
      if (option.equals("--")) {
        break;
      }
      at += !withValue.isEmpty() && option.endsWith(withValue) ? 1 : 0;
    }
    if (at >= arguments.size()) {
      if (!call.uses().isEmpty()) {
        interpreter.emit(List.of(Value.of("exec")), call.state(), call.uses());
      }
      return Outcome.of(call.state());
    }
    List<Value> argv = arguments.subList(at, arguments.size());
    State state = call.state();
    String name = argv.get(0).isKnown() ? argv.get(0).prefix() : "";
    if (isControl(name)) {
      return control(name, argv, call);
    }
    if (CHANGE.contains(name)) {
      runner.run(argv, new Runner.Call(state.copy(), call.io(), call.uses(), true));
      return change(name, argv, call);
    }
    return runner.run(argv, call.asProgram());
  }

  private Outcome source(String name, List<Value> arguments, Runner.Call call) {
    State state = call.state();
    if (arguments.isEmpty()) {
      return Outcome.of(state);
    }
    Value path = arguments.get(0);
    interpreter.emit(
        List.of(Value.of(name), path), state, List.of(Follower.runsFile(path, "shell")));
    @Nullable State after = null;
    boolean isFollowed = false;
    for (Value content : interpreter.files().read(path, state.directories().get(0), call.io())) {
      if (content.has(Origin.FILE) && content.pieces().size() == 1) {
        continue;
      }
      isFollowed = true;
      after = State.either(after, sourced(name, content, arguments, state.copy(), call).next());
    }
    return Outcome.of(isFollowed ? after : state);
  }

  private Outcome sourced(
      String name, Value content, List<Value> arguments, State state, Runner.Call call) {
    if (!Runner.isReadable(content)) {
      return runner.shellText(content, state, call.io(), name);
    }
    String running = "file " + arguments.get(0).display() + " " + content.display();
    if (interpreter.flow().calls().isRunning(running)) {
      return Outcome.of(state);
    }
    var script = interpreter.parse(content, state);
    if (script == null) {
      return Outcome.of(state);
    }
    if (arguments.size() > 1) {
      state.set("@", new Binding(List.of(arguments.subList(1, arguments.size())), false));
    }
    Place outer = interpreter.place();
    interpreter.place(outer.through(name));
    interpreter.flow().calls().enter(running);
    Outcome outcome = interpreter.flow().calls().sourced(script, state, call.io());
    interpreter.flow().calls().leave();
    interpreter.place(outer);
    return outcome;
  }

  private static Outcome trap(List<Value> arguments, State state) {
    List<Value> rest = withoutDashes(arguments);
    if (rest.size() > 1 && !rest.get(0).pieces().isEmpty() && !isText(rest.get(0), "-")) {
      state.trap(rest.get(0));
    }
    return Outcome.of(state);
  }

  /** Applies the changes of a command that was already recorded. */
  Outcome change(String name, List<Value> argv, Runner.Call call) {
    if (!CHANGE.contains(name)) {
      return Outcome.of(call.state());
    }
    State state = call.state();
    List<Value> arguments = argv.subList(1, argv.size());
    switch (name) {
      case "cd":
        return changeDirectory(arguments, state);
      case "pushd":
        return push(arguments, state);
      case "popd":
        return pop(state);
      case "hash":
        // "hash -p /bin/rm x" makes "x" another name of the program.
        if (arguments.size() == 3 && isText(arguments.get(0), "-p")) {
          alias(arguments.get(2).prefix(), arguments.get(1));
        }
        return Outcome.of(state);
      case "alias":
        aliases(arguments);
        return Outcome.of(state);
      default:
        variables.change(name, arguments, state, call.io());
        return Outcome.of(state);
    }
  }

  private void aliases(List<Value> arguments) {
    for (Value each : arguments) {
      int end = each.prefix().indexOf('=');
      if (end > 0) {
        alias(each.prefix().substring(0, end), each.from(end + 1));
      }
    }
  }

  private void alias(String name, Value text) {
    if (aliases.isEmpty()) {
      aliases = new HashMap<>();
    }
    List<Value> all = new ArrayList<>(alias(name));
    all.add(text);
    aliases.put(name, all);
  }

  private Outcome changeDirectory(List<Value> arguments, State state) {
    int at = 0;
    while (at < arguments.size() - 1 && arguments.get(at).prefix().startsWith("-")) {
      at++;
    }
    if (at < arguments.size()
        && arguments.get(at).isKnown()
        && isOption(arguments.get(at).prefix())) {
      at++;
    }
    List<Value> targets;
    if (at >= arguments.size()) {
      targets = home(state);
    } else if (isText(arguments.get(at), "-")) {
      targets = state.previousDirectories();
    } else {
      targets = resolved(arguments.get(at), state);
    }
    return enter(targets, state);
  }

  private static boolean isOption(String text) {
    return text.equals("--") || text.equals("-L") || text.equals("-P") || text.equals("-e");
  }

  private List<Value> home(State state) {
    List<Value> homes = new ArrayList<>();
    for (List<Value> each : interpreter.expander().parameters().lookup("HOME", state)) {
      homes.addAll(each);
    }
    return homes.isEmpty() ? state.directories() : homes;
  }

  private List<Value> resolved(Value path, State state) {
    List<Value> all = new ArrayList<>();
    for (Value directory : state.directories()) {
      Value target = Paths.resolve(path, directory);
      interpreter.budget().steps(target.size());
      @Nullable Value followed = interpreter.files().links().through(target, directory, true);
      all.add(followed == null ? target : followed);
    }
    return all;
  }

  private static Outcome enter(List<Value> targets, State state) {
    State before = state.copy();
    state.enter(targets);
    return new Outcome(state, null, before);
  }

  private Outcome push(List<Value> arguments, State state) {
    List<Value> stack = new ArrayList<>(state.directoryStack());
    if (arguments.isEmpty()) {
      return stack.isEmpty() ? Outcome.of(state) : enter(List.of(stack.get(0)), state);
    }
    stack.add(0, state.directories().get(0));
    interpreter.budget().steps(stack.size());
    state.stack(stack);
    return enter(resolved(arguments.get(arguments.size() - 1), state), state);
  }

  private static Outcome pop(State state) {
    List<Value> stack = state.directoryStack();
    if (stack.isEmpty()) {
      return Outcome.of(state);
    }
    List<Value> target = List.of(stack.get(0));
    state.stack(stack.subList(1, stack.size()));
    return enter(target, state);
  }
}
