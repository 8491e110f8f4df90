// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Loops. A loop over known words runs once for each word. Any other loop runs twice, so that the
 * effect of a second round is found.
 */
final class Loops {
  private static final int MAX_ROUNDS = 200;

  /** Maximum number of numeric words for which a loop runs; more of them show no new commands. */
  private static final int MAX_NUMBERS = 50;

  private final Interpreter interpreter;
  private final Flow flow;

  /**
   * States at each {@code break} or {@code continue} of the current loop; null outside of loops.
   */
  private @Nullable List<State> ends;

  Loops(Interpreter interpreter, Flow flow) {
    this.interpreter = interpreter;
    this.flow = flow;
  }

  /** Ends a loop or a round. Outside of loops does nothing, as bash does. */
  Outcome end(State state) {
    if (ends == null) {
      return Outcome.of(state);
    }
    ends.add(state);
    return Outcome.END;
  }

  Outcome forLoop(Command.For loop, State state, Streams io) {
    List<Value> items = items(loop, state);
    if (items.size() > MAX_NUMBERS && areNumbers(items)) {
      items = items.subList(0, MAX_NUMBERS);
    }
    @Nullable State current = state;
    @Nullable State after = items.isEmpty() ? state.copy() : null;
    boolean isKnown = true;
    for (Value item : items) {
      isKnown &= item.isKnown();
    }
    flow.calls().condition(isKnown ? 0 : 1);
    for (int i = 0; i < items.size() && current != null; i++) {
      current.set(loop.name(), Binding.of(items.get(i)));
      Round round = round(loop.body(), current.copy(), io);
      after = State.either(after, round.broken());
      current = round.next();
    }
    flow.calls().condition(isKnown ? 0 : -1);
    return Outcome.of(State.either(current, after));
  }

  /**
   * Returns the words for which a loop runs. If several lists of words are possible, returns each
   * word once.
   */
  private List<Value> items(Command.For loop, State state) {
    List<List<Value>> alternatives;
    if (loop.isSelect() || !loop.isOverArguments()) {
      alternatives = interpreter.expander().words(loop.words(), state);
    } else {
      @Nullable Binding arguments = state.variable("@");
      alternatives =
          arguments == null
              ? List.of(List.of(Value.unknown(Origin.VARIABLE, "@")))
              : arguments.alternatives();
    }
    if (alternatives.size() == 1) {
      return alternatives.get(0);
    }
    List<Value> all = new ArrayList<>();
    for (List<Value> each : alternatives) {
      for (Value item : each) {
        if (!all.contains(item)) {
          all.add(item);
        }
      }
    }
    return all;
  }

  private static boolean areNumbers(List<Value> items) {
    for (Value item : items) {
      String text = item.isKnown() ? item.prefix() : "";
      if (text.isEmpty() || text.chars().anyMatch(c -> c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  /**
   * The end of a round: the state in which the next round begins, and the state after {@code
   * break}.
   */
  private record Round(@Nullable State next, @Nullable State broken) {}

  private Round round(Script body, State state, Streams io) {
    @Nullable List<State> outer = ends;
    List<State> mine = new ArrayList<>();
    ends = mine;
    @Nullable State next = flow.script(body, state, io).next();
    ends = outer;
    @Nullable State broken = null;
    for (State each : mine) {
      broken = State.either(broken, each);
    }
    // "continue" is not distinguished from "break", so the next round may begin in both states.
    return new Round(State.either(next, broken), broken);
  }

  Outcome whileLoop(Command.While loop, State state, Streams io) {
    State current = state;
    @Nullable State after = null;
    boolean isOpen = Flow.isAlwaysTrue(loop.condition());
    if (isOpen && !loop.isUntil() && isStorm(loop.body())) {
      flow.calls().bomb();
    }
    flow.calls().condition(isOpen ? 0 : 1);
    for (int i = 0; i < MAX_ROUNDS; i++) {
      State before = current.copy();
      Value unread = io.in().rest();
      Outcome condition = flow.script(loop.condition(), current, io);
      @Nullable State in = loop.isUntil() ? condition.failed() : condition.success();
      after = State.either(after, loop.isUntil() ? condition.success() : condition.failed());
      if (in == null) {
        break;
      }
      Round round = round(loop.body(), in.copy(), io);
      after = State.either(after, State.either(round.next(), round.broken()));
      boolean hasRead = io.in().rest() != unread;
      if (hasRead && io.in().isAtEnd()) {
        break;
      }
      if (round.next() == null || !hasRead && (i > 0 || round.next().isSame(before))) {
        break;
      }
      if (i == MAX_ROUNDS - 1 && hasRead) {
        throw new Budget.ExceededException("reads more than " + MAX_ROUNDS + " lines in a loop");
      }
      current = round.next().copy();
    }
    flow.calls().condition(isOpen ? 0 : -1);
    return Outcome.of(after);
  }

  /** Returns true if the body of an endless loop does nothing but start background processes. */
  private static boolean isStorm(Script body) {
    boolean starts = false;
    for (Script.Statement statement : body.statements()) {
      starts |= statement.isBackground();
      if (!statement.isBackground()) {
        return false;
      }
    }
    return starts;
  }

  Outcome arithmeticFor(Command.ArithmeticFor loop, State state, Streams io) {
    Value text = interpreter.expander().single(loop.expressions(), state);
    String[] parts = text.isKnown() ? text.prefix().split(";", -1) : new String[0];
    State current = state;
    if (parts.length == 3) {
      interpreter.expander().number(Value.of(parts[0]), current);
    }
    @Nullable State after = null;
    for (int i = 0; i < MAX_ROUNDS; i++) {
      @Nullable Long condition =
          parts.length == 3 && !parts[1].isBlank()
              ? interpreter.expander().number(Value.of(parts[1]), current)
              : null;
      if (condition != null && condition == 0) {
        break;
      }
      State before = current.copy();
      Round round = round(loop.body(), current.copy(), io);
      after = State.either(after, State.either(before, round.broken()));
      if (round.next() == null) {
        return Outcome.of(after);
      }
      current = round.next().copy();
      if (parts.length == 3) {
        interpreter.expander().number(Value.of(parts[2]), current);
      }
      if (condition == null && i > 0) {
        break;
      }
    }
    return Outcome.of(State.either(after, current));
  }
}
