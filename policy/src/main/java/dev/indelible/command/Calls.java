// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Role;
import dev.indelible.program.Use;
import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.value.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Nested calls of functions and files: their arguments, their ends, fork bombs. */
final class Calls {
  private static final int MAX_CALLS = 60;

  private final Interpreter interpreter;
  private final Flow flow;

  /** The functions and files that are running, innermost last. */
  private final Deque<Call> running = new ArrayDeque<>();

  /** Number of pipelines and background commands around the current command. */
  private int concurrent;

  /** Number of conditions on which the current command depends. */
  private int conditions;

  /** States in which the current function ends early; null outside of functions. */
  private @Nullable List<State> returns;

  /** The local variables of the current function. */
  private List<String> locals = new ArrayList<>();

  /** The values of these variables outside of the function. */
  private List<@Nullable Binding> localValues = new ArrayList<>();

  Calls(Interpreter interpreter, Flow flow) {
    this.interpreter = interpreter;
    this.flow = flow;
  }

  /**
   * A running function or file.
   *
   * @param key the body of the function, or a text that names the file
   */
  private record Call(Object key, int concurrent, int conditions) {}

  void concurrent(int change) {
    concurrent += change;
  }

  void condition(int change) {
    conditions += change;
  }

  /**
   * Begins a separate shell, in which no function runs. Returns the end states of the current
   * function, for {@link #reenterFunction}.
   */
  @Nullable List<State> leaveFunction() {
    @Nullable List<State> outer = returns;
    returns = null;
    return outer;
  }

  void reenterFunction(@Nullable List<State> outer) {
    returns = outer;
  }

  /** Runs the bodies that a function may have. */
  Outcome call(List<Command> bodies, List<Value> argv, State state, Streams io) {
    @Nullable Binding before = state.variable("@");
    @Nullable List<State> outerReturns = returns;
    List<String> outerLocals = locals;
    List<@Nullable Binding> outerValues = localValues;
    @Nullable State after = null;
    for (Command body : bodies) {
      if (isRunning(body)) {
        after = State.either(after, bodies.size() > 1 ? state.copy() : state);
        continue;
      }
      returns = new ArrayList<>();
      locals = new ArrayList<>();
      localValues = new ArrayList<>();
      State inner = bodies.size() > 1 ? state.copy() : state;
      inner.set("@", new Binding(List.of(argv.subList(1, argv.size())), false));
      enter(body);
      @Nullable State end = flow.command(body, inner, io).next();
      leave();
      for (State early : returns) {
        end = State.either(end, early);
      }
      if (end != null) {
        for (int i = locals.size() - 1; i >= 0; i--) {
          end.restore(locals.get(i), localValues.get(i));
        }
      }
      after = State.either(after, end);
    }
    returns = outerReturns;
    locals = outerLocals;
    localValues = outerValues;
    if (after != null) {
      after.restore("@", before);
    }
    return Outcome.of(after);
  }

  /** Records that a variable is restored when the current function ends. */
  void local(String name, State state) {
    if (returns != null) {
      locals.add(name);
      localValues.add(state.variable(name));
    }
  }

  /** Returns true if a function or file is already running; records a fork bomb if this is one. */
  boolean isRunning(Object key) {
    for (Call call : running) {
      if (call.key() == key || key instanceof String && key.equals(call.key())) {
        if (concurrent > call.concurrent() && conditions == call.conditions()) {
          bomb();
        }
        return true;
      }
    }
    return false;
  }

  /** Records that the script starts processes without limit. */
  void bomb() {
    interpreter.emit(
        List.of(),
        interpreter.context().workingDirectory(),
        List.of(new Use(Role.STOPS, List.of(), "fork bomb", false, false)));
  }

  void enter(Object key) {
    if (running.size() >= MAX_CALLS) {
      throw new Budget.ExceededException("running more than " + MAX_CALLS + " levels deep");
    }
    running.addLast(new Call(key, concurrent, conditions));
  }

  void leave() {
    running.removeLast();
  }

  boolean isConcurrent() {
    return concurrent > 0;
  }

  /** Ends the current function; does nothing if there is none, as bash does. */
  Outcome endFunction(State state) {
    if (returns == null) {
      return Outcome.of(state);
    }
    returns.add(state);
    return Outcome.END;
  }

  /** Runs the text of a file that {@code source} reads; {@code return} ends it. */
  Outcome sourced(Script script, State state, Streams io) {
    @Nullable List<State> outer = returns;
    List<State> mine = new ArrayList<>();
    returns = mine;
    @Nullable State end = flow.script(script, state, io).next();
    for (State early : mine) {
      end = State.either(end, early);
    }
    returns = outer;
    return Outcome.of(end);
  }
}
