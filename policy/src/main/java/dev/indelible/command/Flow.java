// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.shell.Word;
import dev.indelible.value.Value;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The order in which the commands of a script run: lists, pipes, branches, functions. */
final class Flow {
  private final Interpreter interpreter;
  private final Loops loops;
  private final Calls calls;

  /** States in which the current shell exits early. */
  private List<State> exits = new ArrayList<>();

  Flow(Interpreter interpreter) {
    this.interpreter = interpreter;
    this.loops = new Loops(interpreter, this);
    this.calls = new Calls(interpreter, this);
  }

  /** Runs a script in a separate shell, and then the traps that the script sets. */
  void shell(Script script, State state, Streams io) {
    List<State> outer = exits;
    @Nullable List<State> outerReturns = calls.leaveFunction();
    exits = new ArrayList<>();
    List<Value> inherited = state.traps();
    @Nullable State last = script(script, state, io).next();
    for (State exit : exits) {
      last = State.either(last, exit);
    }
    for (int i = 0; last != null && i < last.traps().size(); i++) {
      Value trap = last.traps().get(i);
      if (!inherited.contains(trap)) {
        // A trap may set further traps.
        @Nullable State after =
            interpreter.runner().shellText(trap, last.copy(), io, "trap").next();
        last = State.either(last, after);
      }
    }
    exits = outer;
    calls.reenterFunction(outerReturns);
  }

  /** Runs commands one after another. */
  Outcome script(Script script, State state, Streams io) {
    Outcome outcome = Outcome.of(state);
    List<Script.Statement> statements = script.statements();
    @Nullable State current = state;
    for (int i = 0; i < statements.size() && current != null; i++) {
      Script.Statement statement = statements.get(i);
      if (statement.isBackground()) {
        calls.concurrent(1);
        command(statement.command(), current.copy(), io);
        calls.concurrent(-1);
        outcome = Outcome.of(current);
      } else {
        outcome = command(statement.command(), current, io);
      }
      if (i < statements.size() - 1) {
        current = outcome.next();
      }
    }
    return outcome;
  }

  /** Runs a command. The caller must not use the state afterwards. */
  Outcome command(Command command, State state, Streams io) {
    interpreter.budget().enter();
    Outcome outcome = dispatch(command, state, io);
    interpreter.budget().leave();
    return outcome;
  }

  private Outcome dispatch(Command command, State state, Streams io) {
    if (command instanceof Command.Simple simple) {
      return interpreter.simple(simple, state, io);
    } else if (command instanceof Command.AndOr) {
      return andOr(command, state, io);
    } else if (command instanceof Command.Pipeline pipeline) {
      return pipeline(pipeline, state, io);
    } else if (command instanceof Command.Redirected redirected) {
      return redirected(redirected, state, io);
    } else if (command instanceof Command.Group group) {
      return script(group.body(), state, io);
    } else if (command instanceof Command.Subshell subshell) {
      shell(subshell.body(), state.copy(), io);
      return Outcome.of(state);
    } else if (command instanceof Command.If branches) {
      return branches(branches, state, io);
    } else if (command instanceof Command.While loop) {
      return loops.whileLoop(loop, state, io);
    } else if (command instanceof Command.For loop) {
      return loops.forLoop(loop, state, io);
    } else if (command instanceof Command.ArithmeticFor loop) {
      return loops.arithmeticFor(loop, state, io);
    } else if (command instanceof Command.Case choice) {
      return choice(choice, state, io);
    } else if (command instanceof Command.Function function) {
      state.define(function.name(), List.of(function.body()));
      return Outcome.of(state);
    } else if (command instanceof Command.ArithmeticCommand arithmetic) {
      interpreter.expander().arithmetic(arithmetic.expression(), state);
      return Outcome.of(state);
    } else if (command instanceof Command.Conditional condition) {
      condition.words().forEach(word -> interpreter.expander().value(word, state));
      return Outcome.of(state);
    } else if (command instanceof Command.Coprocess coprocess) {
      calls.concurrent(1);
      command(coprocess.body(), state.copy(), new Streams(Input.ofScript(), null));
      calls.concurrent(-1);
    }
    return Outcome.of(state);
  }

  /** Runs {@code &&} and {@code ||}, which the parser nests to the left, in a loop. */
  private Outcome andOr(Command command, State state, Streams io) {
    Deque<Command.AndOr> chain = new ArrayDeque<>();
    Command first = command;
    while (first instanceof Command.AndOr both) {
      chain.push(both);
      first = both.left();
    }
    Sink left = io.out() == null ? null : new Sink();
    Outcome outcome = command(first, state, io.withOut(left));
    calls.condition(1);
    for (Command.AndOr link : chain) {
      @Nullable State before = link.isAnd() ? outcome.success() : outcome.failed();
      if (before == null) {
        continue;
      }
      Sink right = left == null ? null : new Sink();
      Outcome next = command(link.right(), before.copy(), io.withOut(right));
      if (link.isAnd()) {
        outcome =
            new Outcome(
                next.success(),
                State.either(outcome.failure(), next.failure()),
                State.either(outcome.unlikely(), next.unlikely()));
      } else {
        outcome =
            new Outcome(
                State.either(outcome.success(), next.success()), next.failure(), next.unlikely());
      }
      if (left != null && right != null) {
        left = link.isAnd() ? left.add(right.alternatives()) : new Sink().addEither(left, right);
      }
    }
    calls.condition(-1);
    if (left != null && io.out() != null) {
      io.out().add(left.alternatives());
    }
    return outcome;
  }

  private Outcome pipeline(Command.Pipeline pipeline, State state, Streams io) {
    if (pipeline.commands().size() > 1) {
      calls.concurrent(1);
      stage(pipeline.commands(), 0, state, io);
      if (interpreter.files().takeFilledPipe()) {
        // The beginning of the pipeline may read what its end has written.
        stage(pipeline.commands(), 0, state, io.withOut(null));
        interpreter.files().takeFilledPipe();
      }
      calls.concurrent(-1);
      return Outcome.of(state);
    }
    Outcome outcome = command(pipeline.commands().get(0), state, io);
    return pipeline.isNegated() ? new Outcome(outcome.failed(), outcome.success(), null) : outcome;
  }

  /** Runs the rest of a pipeline from one of its commands, once for each possible input text. */
  private void stage(List<Command> commands, int at, State state, Streams io) {
    Streams current = io;
    for (int i = at; i < commands.size(); i++) {
      boolean isLast = i == commands.size() - 1;
      @Nullable Sink sink = isLast ? io.out() : new Sink();
      command(commands.get(i), state.copy(), current.withOut(sink));
      if (isLast || sink == null) {
        return;
      }
      List<Value> texts = sink.alternatives();
      if (texts.size() > 1) {
        for (Value text : texts) {
          stage(commands, i + 1, state, io.withIn(new Input(text)));
        }
        return;
      }
      current = io.withIn(new Input(texts.get(0)));
    }
  }

  private Outcome redirected(Command.Redirected redirected, State state, Streams io) {
    Redirections redirections = Redirections.of(redirected.redirections(), interpreter, state, io);
    if (!redirections.uses().isEmpty()) {
      interpreter.emit(List.of(), state, redirections.uses());
    }
    Outcome outcome = command(redirected.command(), state, redirections.streams());
    redirections.finish();
    return outcome;
  }

  private Outcome branches(Command.If branches, State state, Streams io) {
    Outcome condition = script(branches.condition(), state, io);
    @Nullable State then = condition.success();
    @Nullable State otherwise = condition.failed();
    boolean isOpen = isAlwaysTrue(branches.condition());
    calls.condition(isOpen ? 0 : 1);
    @Nullable Sink one = io.out() == null ? null : new Sink();
    @Nullable Sink other = io.out() == null ? null : new Sink();
    Outcome yes =
        then == null ? Outcome.END : script(branches.then(), then.copy(), io.withOut(one));
    Outcome no =
        otherwise == null
            ? Outcome.END
            : script(branches.otherwise(), otherwise.copy(), io.withOut(other));
    calls.condition(isOpen ? 0 : -1);
    if (io.out() != null && one != null && other != null) {
      io.out().addEither(one, other);
    }
    return new Outcome(
        State.either(yes.success(), no.success()),
        State.either(yes.failure(), no.failure()),
        State.either(yes.unlikely(), no.unlikely()));
  }

  /** Returns true if a condition is {@code true} or {@code :} as written. */
  static boolean isAlwaysTrue(Script condition) {
    if (condition.statements().size() == 1
        && condition.statements().get(0).command() instanceof Command.Simple simple
        && simple.words().size() == 1) {
      String word = simple.words().get(0).literal().orElse("");
      return word.equals("true") || word.equals(":");
    }
    return false;
  }

  private Outcome choice(Command.Case choice, State state, Streams io) {
    List<Value> subjects = interpreter.expander().value(choice.subject(), state);
    calls.condition(1);
    @Nullable State after = null;
    @Nullable Sink all = io.out() == null ? null : new Sink();
    boolean fallsThrough = false;
    boolean isDecided = false;
    for (Command.Branch branch : choice.branches()) {
      Match match =
          fallsThrough ? Match.YES : isDecided ? Match.NO : match(branch, subjects, state);
      if (match == Match.NO) {
        continue;
      }
      @Nullable Sink sink = all == null ? null : new Sink();
      @Nullable State end = script(branch.body(), state.copy(), io.withOut(sink)).next();
      isDecided |= match == Match.YES && !branch.end().equals(";;&");
      after = State.either(after, end);
      fallsThrough = branch.end().equals(";&");
      if (all != null && sink != null) {
        all = new Sink().addEither(all, sink);
      }
    }
    calls.condition(-1);
    if (io.out() != null && all != null) {
      io.out().add(all.alternatives());
    }
    return Outcome.of(isDecided ? after : State.either(after, state));
  }

  private enum Match {
    YES,
    NO,
    MAYBE
  }

  private Match match(Command.Branch branch, List<Value> subjects, State state) {
    Match result = Match.NO;
    for (Word word : branch.patterns()) {
      @Nullable String pattern = interpreter.expander().pattern(word, state);
      if (pattern == null || pattern.indexOf('(') >= 0) {
        result = Match.MAYBE;
        continue;
      }
      for (Value subject : subjects) {
        if (pattern.equals("*")) {
          return Match.YES;
        }
        if (!subject.isKnown()) {
          result = Match.MAYBE;
        } else if (Pattern.matches(pattern, subject.prefix(), interpreter.budget())) {
          if (subjects.size() == 1) {
            return Match.YES;
          }
          result = Match.MAYBE;
        } else if (pattern.equalsIgnoreCase(subject.prefix())) {
          result = Match.MAYBE;
        }
      }
    }
    return result;
  }

  Calls calls() {
    return calls;
  }

  Outcome endShell(State state) {
    exits.add(state);
    return Outcome.END;
  }

  Outcome endLoop(State state) {
    return loops.end(state);
  }
}
