// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.CodeScanner;
import dev.indelible.program.Invocation;
import dev.indelible.program.Output;
import dev.indelible.program.Role;
import dev.indelible.program.SqlScanner;
import dev.indelible.program.Use;
import dev.indelible.shell.Script;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Records what a program does, and follows the commands that it runs.
 *
 * <p>The class is long because each way in which one command runs another is a method here.
 */
final class Follower {
  private static final String SHELL = "shell";

  private final Interpreter interpreter;
  private final Runner runner;
  private final Written written;
  private final CodeFiles code;

  Follower(Interpreter interpreter, Runner runner) {
    this.interpreter = interpreter;
    this.runner = runner;
    this.written = new Written(interpreter);
    this.code = new CodeFiles(interpreter, runner, this);
  }

  static Use runsInput(Value content, String language) {
    return new Use(Role.RUNS_INPUT, List.of(content), language, false, false);
  }

  static Use runsFile(Value path, String language) {
    return new Use(Role.RUNS_FILE, List.of(path), language, false, false);
  }

  /**
   * Records a command of a known program, and interprets the commands that it runs.
   *
   * @return true if the program's whole output comes from the commands that it runs
   */
  boolean run(Invocation invocation, List<Value> argv, Runner.Call call) {
    State state = call.state();
    boolean isPlain = invocation.uses().isEmpty();
    if (isPlain && call.uses().isEmpty()) {
      interpreter.emit(argv, state, List.of());
      return false;
    }
    boolean isElsewhere = !isPlain && runsElsewhere(invocation.uses());
    State inner = isPlain ? state : prepared(invocation.uses(), state, isElsewhere);
    List<Use> own = new ArrayList<>();
    for (Use use : invocation.uses()) {
      complete(use, call.io(), own);
    }
    List<Use> uses = own;
    if (!call.uses().isEmpty()) {
      uses = new ArrayList<>(call.uses());
      uses.addAll(own);
    }
    interpreter.emit(argv, inner, uses);
    written.remember(invocation, inner, call.io());
    follow(own, argv, new Runner.Call(inner, call.io(), List.of(), true), invocation.program());
    return (invocation.output() == Output.OTHER || invocation.output() == Output.ENVIRONMENT)
        && runsKnown(invocation.uses(), call.io());
  }

  private static boolean runsKnown(List<Use> uses, Streams io) {
    for (Use use : uses) {
      if (!use.isDetour()) {
        switch (use.role()) {
          case RUNS_SHELL, RUNS_COMMAND, RUNS_FOR_EACH -> {
            return true;
          }
          case RUNS_INPUT -> {
            return use.detail().equals(SHELL) && Runner.isReadable(io.in().rest());
          }
          default -> {}
        }
      }
    }
    return false;
  }

  private static boolean runsElsewhere(List<Use> uses) {
    for (Use use : uses) {
      if (isElsewhere(use)) {
        return true;
      }
    }
    return false;
  }

  /** Returns true if a use runs something on another machine, or in a container. */
  private static boolean isElsewhere(Use use) {
    return !use.detail().isEmpty()
        && (use.role() == Role.RUNS_SHELL || use.role() == Role.RUNS_COMMAND);
  }

  private static boolean isChroot(Use use) {
    return use.role() == Role.RUNS_COMMAND && use.detail().startsWith("chroot ");
  }

  /** Returns the working directory set by the uses; unknown if they name none. */
  private static Value directory(List<Use> uses) {
    Value directory = Value.unknown(Origin.VARIABLE, "PWD");
    for (Use use : uses) {
      if (use.role() == Role.WORKS_IN && use.arguments().size() == 1) {
        directory = use.arguments().get(0);
      }
    }
    return directory;
  }

  /** Returns the state of a shell on another machine, in the directory that the uses name. */
  private static State elsewhere(List<Use> uses, State state) {
    State inner = state.copy();
    Value directory = directory(uses);
    for (Use use : uses) {
      directory = isChroot(use) ? Value.of("/") : directory;
    }
    inner.enter(List.of(directory));
    return inner;
  }

  /**
   * Returns the state in which a program runs, with the variables that its uses set. If the program
   * runs on this machine, the state also has the working directory that its uses name.
   */
  private State prepared(List<Use> uses, State state, boolean isElsewhere) {
    State inner = state;
    for (Use use : uses) {
      if (use.role() == Role.WORKS_IN && use.arguments().size() == 1 && !isElsewhere) {
        inner = inner == state ? state.copy() : inner;
        List<Value> all = new ArrayList<>();
        for (Value directory : inner.directories()) {
          all.add(Paths.resolve(use.arguments().get(0), directory));
        }
        inner.enter(all);
      } else if (use.role() == Role.SETS && use.arguments().size() == 1) {
        Value assignment = use.arguments().get(0);
        int end = assignment.prefix().indexOf('=');
        if (end > 0) {
          inner = inner == state ? state.copy() : inner;
          inner.set(
              assignment.prefix().substring(0, end),
              Binding.of(assignment.from(end + 1)).exported());
        }
      }
    }
    return inner;
  }

  /** Adds a use with its standard input filled in, and the uses found in its code or SQL. */
  private void complete(Use use, Streams io, List<Use> into) {
    boolean isInput =
        use.arguments().size() == 1
            && use.arguments().get(0).isKnown()
            && use.arguments().get(0).prefix().equals("-");
    switch (use.role()) {
      case SENDS -> {
        into.add(isInput ? with(use, io.in().rest()) : use);
        return;
      }
      case RUNS_SHELL -> {
        Value content = io.in().rest();
        if (!isInput || Runner.isReadable(content)) {
          into.add(use);
        } else if (content.has(Origin.NETWORK) || content.has(Origin.DECODED)) {
          into.add(runsInput(content, SHELL));
        }
      }
      case READS -> {
        if (isInput) {
          return;
        }
        into.add(use);
      }
      case RUNS_INPUT -> {
        Value content = io.in().rest();
        into.add(with(use, content));
        if (use.detail().equals("sql")) {
          into.addAll(SqlScanner.scan(content));
        }
      }
      case RUNS_CODE -> {
        into.add(use);
        if (use.arguments().size() == 1) {
          if (io.out() == null && Disclosure.isMadeBy(use.arguments().get(0))) {
            into.add(new Use(Role.READS, List.of(Disclosure.ENVIRONMENT), "", false, false));
          }
          into.addAll(CodeScanner.scan(use.detail(), use.arguments().get(0)));
        }
      }
      case RUNS_SQL -> {
        into.add(use);
        use.arguments().forEach(sql -> into.addAll(SqlScanner.scan(sql)));
      }
      case SETS -> {
        into.add(use);
        Value assignment = use.arguments().isEmpty() ? Value.EMPTY : use.arguments().get(0);
        int end = assignment.prefix().indexOf('=');
        if (end > 0) {
          into.addAll(
              runner
                  .programs()
                  .variable(assignment.prefix().substring(0, end), assignment.from(end + 1)));
        }
      }
      default -> into.add(use);
    }
  }

  private static Use with(Use use, Value argument) {
    List<Value> arguments = new ArrayList<>(use.arguments());
    if (arguments.isEmpty()) {
      arguments.add(argument);
    } else {
      arguments.set(0, argument);
    }
    return new Use(use.role(), arguments, use.detail(), use.isRecursive(), use.isDetour());
  }

  /** Interprets the commands and code that a program runs. */
  void follow(List<Use> uses, List<Value> argv, Runner.Call call, String program) {
    for (Use use : uses) {
      switch (use.role()) {
        case RUNS_SHELL, RUNS_COMMAND, RUNS_FOR_EACH, RUNS_INPUT, RUNS_FILE -> {
          if (!use.arguments().isEmpty() || use.role() == Role.RUNS_INPUT) {
            followOne(use, uses, argv, call, program);
          }
        }
        default -> {}
      }
    }
  }

  private void followOne(
      Use use, List<Use> uses, List<Value> argv, Runner.Call outerCall, String program) {
    Place outer = interpreter.place();
    Place inner = outer;
    Runner.Call call = outerCall;
    if (isElsewhere(use)) {
      inner =
          isThisMachine(use.detail()) ? inner : inner.on(use.detail(), mounts(uses, call.state()));
      call = new Runner.Call(elsewhere(uses, call.state()), call.io(), call.uses(), true);
    }
    if (inner == outer && !use.isDetour() && runsOnInput(use)) {
      String peer = Written.contacted(uses);
      if (!peer.isEmpty()) {
        // A program such as "nc -e" connects its peer to the input of the command that it runs.
        Streams joined = new Streams(new Input(Value.unknown(Origin.NETWORK, peer)), null);
        call = new Runner.Call(call.state(), joined, call.uses(), true);
      }
    }
    String wrapper = wrapper(use, argv, program);
    interpreter.place(inner);
    @Nullable Sink out = call.io().out();
    boolean isOfHost = out != null && inner != outer && use.detail().startsWith("host ");
    if (isOfHost) {
      Streams there = call.io().withOut(new Sink());
      call = new Runner.Call(call.state(), there, call.uses(), true);
    }
    switch (use.role()) {
      case RUNS_SHELL -> {
        Value text = use.arguments().get(0);
        if (text.isKnown() && text.prefix().equals("-")) {
          Streams used = new Streams(new Input(Value.EMPTY), call.io().out());
          Runner.Call own = new Runner.Call(call.state(), used, call.uses(), true);
          shell(List.of(call.io().in().rest()), own, wrapper);
        } else {
          shell(use.arguments(), call, wrapper);
        }
      }
      case RUNS_COMMAND -> {
        interpreter.place(inner.through(wrapper));
        boolean isEnv = program.equals("env");
        List<Value> command = isEnv ? withoutSettings(use.arguments()) : use.arguments();
        if (!command.isEmpty()) {
          runner.run(command, call.asProgram());
        }
      }
      case RUNS_FOR_EACH -> {
        interpreter.place(inner.through(wrapper));
        forEach(use, uses, call);
      }
      case RUNS_INPUT -> code.input(use, call, wrapper);
      default -> code.file(use, call, wrapper);
    }
    interpreter.place(outer);
    if (isOfHost && out != null && call.io().out() != null) {
      List<Value> printed = new ArrayList<>();
      call.io().out().alternatives().forEach(each -> printed.add(fetched(each, use.detail())));
      out.add(printed);
    }
  }

  /** Returns a text that another host prints; its unknown parts come from the network. */
  private static Value fetched(Value text, String host) {
    Value.Builder all = new Value.Builder();
    for (Value.Piece piece : text.pieces()) {
      all.add(piece instanceof Value.Unknown ? new Value.Unknown(Origin.NETWORK, host) : piece);
    }
    return all.build();
  }

  /**
   * Removes the leading words that are read from a file, as in {@code env $(cat .env) cmd}: they
   * are assignments.
   */
  private static List<Value> withoutSettings(List<Value> command) {
    int first = 0;
    while (first < command.size() && isOfFile(command.get(first))) {
      first++;
    }
    boolean isCommand = first < command.size() && !command.get(first).prefix().startsWith("-");
    return isCommand ? command.subList(first, command.size()) : command;
  }

  private static boolean isOfFile(Value word) {
    return word.pieces().size() == 1
        && word.pieces().get(0) instanceof Value.Unknown unknown
        && unknown.origin() == Origin.FILE;
  }

  private static boolean isThisMachine(String machine) {
    return machine.endsWith("localhost")
        || machine.endsWith("127.0.0.1")
        || machine.equals("chroot /");
  }

  private static boolean runsOnInput(Use use) {
    return use.role() == Role.RUNS_SHELL || use.role() == Role.RUNS_COMMAND;
  }

  private static List<Place.Mount> mounts(List<Use> uses, State state) {
    List<Place.Mount> mounts = new ArrayList<>();
    for (Use use : uses) {
      if (use.role() == Role.MOUNTS && use.arguments().size() == 2) {
        Value source = Paths.resolve(use.arguments().get(0), state.directories().get(0));
        Value target = use.arguments().get(1);
        if (target.isKnown()) {
          mounts.add(new Place.Mount(source, Paths.shortened(target.prefix())));
        }
      } else if (isChroot(use)) {
        Value root = directory(uses);
        mounts.add(new Place.Mount(Paths.resolve(root, state.directories().get(0)), "/"));
      }
    }
    return mounts;
  }

  /** Returns the wrapper's name, followed by the option before its command, if any. */
  private static String wrapper(Use use, List<Value> argv, String program) {
    String name = argv.isEmpty() ? program : argv.get(0).isKnown() ? base(argv) : program;
    if (use.role() == Role.RUNS_INPUT) {
      return name + " <stdin";
    }
    for (int i = 2; i < argv.size() && !use.arguments().isEmpty(); i++) {
      if (argv.get(i).equals(use.arguments().get(0))) {
        String before = argv.get(i - 1).prefix();
        return namesCommand(before) ? name + " " + before : name;
      }
    }
    return name;
  }

  /** Returns true if an option is followed by a command: {@code -c}, {@code -lc}, {@code -exec}. */
  private static boolean namesCommand(String option) {
    return option.startsWith("-exec")
        || option.startsWith("-ok")
        || option.equals("-e")
        || option.length() < 8 && option.startsWith("-") && option.endsWith("c");
  }

  private static String base(List<Value> argv) {
    String name = argv.get(0).prefix();
    return name.substring(name.lastIndexOf('/') + 1);
  }

  /** Runs the text of a script in a separate shell. */
  void shell(List<Value> arguments, Runner.Call call, String wrapper) {
    Value text = arguments.get(0);
    State child = call.state().child();
    if (arguments.size() > 1) {
      child.set("0", Binding.of(arguments.get(1)));
    }
    child.set(
        "@",
        new Binding(
            List.of(arguments.subList(Math.min(2, arguments.size()), arguments.size())), false));
    if (!Runner.isReadable(text)) {
      runner.shellText(text, child, call.io(), wrapper);
      return;
    }
    @Nullable Script script = interpreter.parse(text, child);
    if (script != null) {
      Place outer = interpreter.place();
      interpreter.place(outer.through(wrapper));
      interpreter.flow().shell(script, child, call.io());
      interpreter.place(outer);
    }
  }

  /** Runs a command with items of the standard input. */
  private void forEach(Use use, List<Use> uses, Runner.Call call) {
    Value content = call.io().in().rest();
    for (Use other : uses) {
      if (other.role() == Role.READS) {
        Value directory = call.state().directories().get(0);
        content = interpreter.files().read(other.arguments().get(0), directory, call.io()).get(0);
      }
    }
    List<Value> items = Items.of(content, !use.detail().isEmpty(), interpreter.budget());
    Streams io = new Streams(new Input(Value.EMPTY), call.io().out());
    Runner.Call inner = new Runner.Call(call.state(), io, call.uses(), true);
    if (use.detail().isEmpty()) {
      List<Value> argv = new ArrayList<>(use.arguments());
      argv.addAll(items);
      runner.run(argv, inner);
      return;
    }
    for (Value item : items) {
      List<Value> argv = new ArrayList<>(use.arguments().size());
      for (Value argument : use.arguments()) {
        argv.add(Items.replaced(argument, use.detail(), item));
      }
      runner.run(argv, inner);
    }
  }

  /** Runs a file that the script has written, as a program. */
  void writtenProgram(List<Value> argv, List<Value> contents, Runner.Call call) {
    code.writtenProgram(argv, contents, call);
  }
}
