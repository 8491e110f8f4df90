// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Invocation;
import dev.indelible.program.Program;
import dev.indelible.program.Programs;
import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Runs a command whose words are expanded: a function, a builtin, a file or a program. */
final class Runner {
  private static final List<String> NOT_FOUND_HANDLERS =
      List.of("command_not_found_handle", "command_not_found_handler");

  private final Interpreter interpreter;
  private final Programs programs;
  private final Builtins builtins;
  private final Names names;
  private final Follower follower;
  private final Outputs outputs;

  Runner(Interpreter interpreter, Programs programs) {
    this.interpreter = interpreter;
    this.programs = programs;
    this.builtins = new Builtins(interpreter, this);
    this.names = new Names(programs);
    this.follower = new Follower(interpreter, this);
    this.outputs = new Outputs(interpreter);
  }

  /**
   * The surroundings of a command.
   *
   * @param uses what its redirections and variables do
   * @param isProgram true if a program runs the command. A program cannot run functions of the
   *     shell
   */
  record Call(State state, Streams io, List<Use> uses, boolean isProgram) {
    Call with(List<Use> other) {
      return new Call(state, io, other, isProgram);
    }

    Call asProgram() {
      return isProgram ? this : new Call(state, io, uses, true);
    }
  }

  /** Records a command whose uses are known, and runs what it runs. */
  void follow(Invocation invocation, List<Value> argv, Call call) {
    follower.run(invocation, argv, call);
  }

  Builtins builtins() {
    return builtins;
  }

  Programs programs() {
    return programs;
  }

  /** Runs a command. */
  Outcome run(List<Value> argv, Call call) {
    interpreter.budget().enter();
    Outcome outcome = runNamed(argv, call);
    interpreter.budget().leave();
    return outcome;
  }

  private Outcome runNamed(List<Value> argv, Call call) {
    Value first = argv.get(0);
    if (!first.isKnown()) {
      return runUnknown(argv, call);
    }
    String name = first.prefix();
    State state = call.state();
    if (!call.isProgram()) {
      List<Command> bodies = state.function(name);
      if (!bodies.isEmpty()) {
        if (!call.uses().isEmpty()) {
          interpreter.emit(argv, state, call.uses());
        }
        Outcome outcome = interpreter.flow().calls().call(bodies, argv, state, call.io());
        // Not every shell imports the functions that another shell has exported.
        if (!state.inheritsFunctions() || outcome.next() == null) {
          return outcome;
        }
      }
      if (builtins.isControl(name)) {
        return builtins.control(name, argv, call);
      }
    }
    List<Value> written = interpreter.files().written(first, state.directories().get(0));
    if (!written.isEmpty() && (name.indexOf('/') >= 0 || programs.find(name).isEmpty())) {
      follower.writtenProgram(argv, written, call);
      return Outcome.of(state);
    }
    if (!call.isProgram() && programs.find(name).isEmpty() && !Builtins.isBuiltin(name)) {
      notFound(argv, call);
    }
    runProgram(name, argv, call, List.of());
    return call.isProgram() ? Outcome.of(state) : builtins.change(name, argv, call);
  }

  /** Runs the function that a shell calls for a command that it does not find. */
  private void notFound(List<Value> argv, Call call) {
    for (String handler : NOT_FOUND_HANDLERS) {
      List<Command> bodies = call.state().function(handler);
      if (!bodies.isEmpty()) {
        List<Value> handled = new ArrayList<>(argv);
        handled.add(0, Value.of(handler));
        interpreter.flow().calls().call(bodies, handled, call.state().copy(), call.io());
      }
    }
  }

  /** Runs a program that is found by its name. */
  private void runProgram(String name, List<Value> argv, Call call, List<Use> more) {
    Optional<Program> program = programs.find(name);
    @Nullable Invocation invocation = program.isPresent() ? program.get().read(argv) : null;
    State state = call.state();
    List<Use> uses = new ArrayList<>(call.uses());
    uses.addAll(more);
    boolean isPrinted = false;
    if (invocation == null) {
      interpreter.emit(argv, state, uses);
    } else {
      isPrinted = follower.run(invocation, argv, call.with(uses));
    }
    if (call.io().out() == null && Disclosure.isMade(name, argv, invocation, call.io())) {
      List<Value> environment = List.of(Disclosure.ENVIRONMENT);
      Use reads = new Use(Role.READS, environment, "", false, false);
      interpreter.emit(argv, state, List.of(reads));
    }
    if (call.io().out() != null && !isPrinted) {
      List<Value> printed = outputs.of(name, argv, invocation, call);
      printed.forEach(each -> interpreter.budget().text(each.size()));
      call.io().out().add(printed);
    }
  }

  /** Runs a command whose name is unknown, or known in part. */
  private Outcome runUnknown(List<Value> argv, Call call) {
    Names.Reading reading = names.read(argv);
    Value first = argv.get(0);
    List<Use> more = new ArrayList<>();
    if (reading.isHidden()) {
      String reason =
          "a computed command name: "
              + (first.hasUnknown() ? Interpreter.source(first) : first.display());
      more.add(Interpreter.hides(List.of(first), reason));
      if (first.has(Origin.NETWORK) || first.has(Origin.DECODED)) {
        more.add(Follower.runsInput(first, "shell"));
      }
    }
    List<String> candidates = reading.names();
    if (candidates.isEmpty() && argv.size() > 1 && isScriptItself(first)) {
      // "$0 -c text": the shell that runs the script.
      List<Value> shell = new ArrayList<>(argv);
      shell.set(0, Value.of("sh"));
      return run(shell, call);
    }
    if (candidates.isEmpty()) {
      List<Value> written = interpreter.files().written(first, call.state().directories().get(0));
      if (!written.isEmpty()) {
        follower.writtenProgram(argv, written, call);
        return Outcome.of(call.state());
      }
      if (interpreter.flow().calls().isConcurrent() && isScriptItself(first)) {
        more.add(new Use(Role.STOPS, List.of(), "fork bomb", false, false));
      }
      List<Use> uses = new ArrayList<>(call.uses());
      uses.addAll(more);
      interpreter.emit(argv, call.state(), uses);
      if (call.io().out() != null) {
        call.io().out().add(Value.unknown(Origin.OUTPUT, ""));
      }
      return Outcome.of(call.state());
    }
    for (String name : candidates) {
      List<Value> named = new ArrayList<>(argv.subList(reading.skipped(), argv.size()));
      named.set(0, Value.of(name));
      List<Use> uses = new ArrayList<>(call.uses());
      uses.addAll(more);
      run(named, new Call(call.state().copy(), call.io(), uses, call.isProgram()));
    }
    return Outcome.of(call.state());
  }

  private static boolean isScriptItself(Value name) {
    return name.pieces().size() == 1
        && name.pieces().get(0) instanceof Value.Unknown unknown
        && unknown.origin() == Origin.VARIABLE
        && unknown.detail().equals("0");
  }

  /** Runs a text as a script in the current shell, for example the text of {@code eval}. */
  Outcome shellText(Value text, State state, Streams io, String wrapper) {
    if (!isReadable(text)) {
      if (text.hasUnknown() && !names.isIdiom(text)) {
        List<Use> uses = new ArrayList<>();
        if (!isOfFiles(text) && !isForOthers(text)) {
          uses.add(
              Interpreter.hides(
                  List.of(text), wrapper + " of unknown text: " + Interpreter.source(text)));
        }
        uses.add(Follower.runsInput(text, "shell"));
        interpreter.emit(List.of(Value.of(wrapper), text), state, uses);
      }
      return Outcome.of(state);
    }
    @Nullable Script script = interpreter.parse(text, state);
    if (script == null) {
      return Outcome.of(state);
    }
    Place outer = interpreter.place();
    interpreter.place(outer.through(wrapper));
    Outcome outcome = interpreter.script(script, state, io);
    interpreter.place(outer);
    return outcome;
  }

  /**
   * Returns true if the unknown parts of a text are variables that the script does not set, and the
   * text runs on another machine.
   */
  private boolean isForOthers(Value text) {
    for (Value.Piece piece : text.pieces()) {
      if (piece instanceof Value.Unknown unknown && unknown.origin() != Origin.VARIABLE) {
        return false;
      }
    }
    return !interpreter.place().machine().isEmpty();
  }

  /**
   * Returns true if the unknown parts of a text are contents of files. To run such a text is
   * equivalent to running the files.
   */
  private static boolean isOfFiles(Value text) {
    for (Value.Piece piece : text.pieces()) {
      if (piece instanceof Value.Unknown unknown && unknown.origin() != Origin.FILE) {
        return false;
      }
    }
    return true;
  }

  /** Returns true if a text begins with known text of a script; the rest may have unknown parts. */
  static boolean isReadable(Value text) {
    return text.isKnown()
        ? !text.pieces().isEmpty()
        : text.pieces().size() > 1 && !text.prefix().isBlank();
  }

  /** Returns the uses that programs make of a variable with its present values. */
  List<Use> variable(String name, State state) {
    @Nullable Binding binding = state.variable(name);
    List<Use> all = new ArrayList<>(0);
    if (binding != null) {
      for (List<Value> each : binding.alternatives()) {
        if (each.size() == 1) {
          all.addAll(programs.variable(name, each.get(0)));
        }
      }
    }
    return all;
  }

  /** Runs the commands of uses that belong to no command, such as uses of variables. */
  void followAll(List<Use> uses, State state, Streams io) {
    follower.follow(uses, List.of(), new Call(state, io, List.of(), true), "a variable");
  }
}
