// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Use;
import dev.indelible.shell.Assignment;
import dev.indelible.shell.Command;
import dev.indelible.shell.Script;
import dev.indelible.shell.Word;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs simple commands: assignments, redirections, aliases, then the command itself. */
final class SimpleCommands {
  private final Interpreter interpreter;
  private final Runner runner;

  SimpleCommands(Interpreter interpreter, Runner runner) {
    this.interpreter = interpreter;
    this.runner = runner;
  }

  Outcome run(Command.Simple simple, State state, Streams io) {
    interpreter.budget().command();
    boolean isSetting = setsFromOutput(simple);
    interpreter.settings(isSetting ? 1 : 0);
    List<List<Value>> rows = interpreter.expander().words(simple.words(), state);
    interpreter.settings(isSetting ? -1 : 0);
    @Nullable Redirections redirections =
        simple.redirections().isEmpty()
            ? null
            : Redirections.of(simple.redirections(), interpreter, state, io);
    Streams streams = redirections == null ? io : redirections.streams();
    List<Use> uses = redirections == null ? List.of() : redirections.uses();
    if (redirections != null) {
      redirections.show();
    }
    Outcome outcome = alias(simple, state, streams);
    @Nullable State after = outcome.next();
    if (after == null) {
      outcome = runEach(simple, rows, state, streams, uses);
    } else {
      Outcome plain = runEach(simple, rows, state, streams, uses);
      outcome = Outcome.of(State.either(after, plain.next()));
    }
    if (redirections != null) {
      if (isExecAlone(rows) && outcome.success() != null) {
        redirections.keep(outcome.success());
      }
      redirections.finish();
    }
    return outcome;
  }

  /**
   * Returns true if the assignments of {@code export} or {@code env} are the output of a command,
   * as in {@code export $(xargs < .env)}. Such text goes into the environment and is not shown.
   */
  private static boolean setsFromOutput(Command.Simple simple) {
    if (simple.words().size() < 2) {
      return false;
    }
    List<Word.Part> parts = simple.words().get(1).parts();
    if (parts.size() != 1
        || !(parts.get(0) instanceof Word.CommandSubstitution substitution)
        || substitution.isQuoted()) {
      return false;
    }
    String name = simple.words().get(0).literal().orElse("");
    return name.equals("export") || name.equals("env");
  }

  private static boolean isExecAlone(List<List<Value>> rows) {
    List<Value> first = rows.get(0);
    return first.size() == 1 && first.get(0).isKnown() && first.get(0).prefix().equals("exec");
  }

  private Outcome runEach(
      Command.Simple simple, List<List<Value>> rows, State state, Streams io, List<Use> uses) {
    if (rows.size() == 1) {
      return run(simple, rows.get(0), state, io, uses);
    }
    @Nullable State success = null;
    @Nullable State failure = null;
    @Nullable State unlikely = null;
    @Nullable Sink all = io.out() == null ? null : new Sink();
    boolean isFirst = true;
    for (List<Value> row : rows) {
      @Nullable Sink sink = all == null ? null : new Sink();
      Outcome next = run(simple, row, state.copy(), io.withOut(sink), uses);
      success = State.either(success, next.success());
      failure = State.either(failure, next.failure());
      unlikely = State.either(unlikely, next.unlikely());
      if (all != null && sink != null) {
        all = isFirst ? sink : new Sink().addEither(all, sink);
      }
      isFirst = false;
    }
    if (all != null && io.out() != null) {
      io.out().add(all.alternatives());
    }
    return new Outcome(success, failure, unlikely);
  }

  private Outcome run(
      Command.Simple simple, List<Value> argv, State state, Streams io, List<Use> uses) {
    if (argv.isEmpty()) {
      List<Use> all = assign(simple.assignments(), state, uses);
      if (!all.isEmpty()) {
        interpreter.emit(List.of(), state, all);
        runner.followAll(all, state, io);
      }
      if (simple.words().isEmpty() && simple.assignments().isEmpty() && io.out() != null) {
        // "$(< file)" is the content of the file.
        io.out().add(io.in().rest());
      }
      return new Outcome(state, simple.words().isEmpty() ? null : state, null);
    }
    for (Assignment array : simple.arrays()) {
      assign(array, state);
    }
    if (simple.assignments().isEmpty()) {
      return runner.run(argv, new Runner.Call(state, io, uses, false));
    }
    return runWithVariables(simple, argv, state, io, uses);
  }

  /** Runs a command with variables that are assigned only for it. */
  private Outcome runWithVariables(
      Command.Simple simple, List<Value> argv, State state, Streams io, List<Use> uses) {
    Map<String, @Nullable Binding> before = new HashMap<>();
    for (Assignment each : simple.assignments()) {
      before.put(each.name(), state.variable(each.name()));
    }
    List<Use> all = assign(simple.assignments(), state, uses);
    for (Assignment each : simple.assignments()) {
      @Nullable Binding binding = state.variable(each.name());
      if (binding != null) {
        state.set(each.name(), binding.exported());
      }
    }
    Outcome outcome = runner.run(argv, new Runner.Call(state, io, all, false));
    runner.followAll(all.subList(uses.size(), all.size()), state, io);
    for (Map.Entry<String, @Nullable Binding> each : before.entrySet()) {
      restore(outcome.success(), each.getKey(), each.getValue());
      restore(outcome.failure(), each.getKey(), each.getValue());
      restore(outcome.unlikely(), each.getKey(), each.getValue());
    }
    return outcome;
  }

  private static void restore(@Nullable State state, String name, @Nullable Binding binding) {
    if (state != null) {
      state.restore(name, binding);
    }
  }

  /**
   * Assigns variables. Returns the given uses, and the uses that programs make of the variables.
   */
  private List<Use> assign(List<Assignment> assignments, State state, List<Use> uses) {
    List<Use> all = new ArrayList<>(uses);
    for (Assignment each : assignments) {
      assign(each, state);
      if (!each.isArray()) {
        all.addAll(runner.variable(each.name(), state));
      }
    }
    return all;
  }

  /** Assigns one variable or array. */
  private void assign(Assignment assignment, State state) {
    String name = assignment.name();
    @Nullable Binding before = state.variable(name);
    if (assignment.isArray()) {
      state.set(name, array(assignment, state, before));
      return;
    }
    List<Value> values = assigned(assignment.value(), state);
    if (!assignment.subscript().parts().isEmpty()) {
      element(assignment, values, state, before);
      return;
    }
    if (assignment.isAppended()) {
      List<Value> all = new ArrayList<>();
      for (Value old : scalars(name, before)) {
        values.forEach(value -> all.add(old.plus(value)));
      }
      values = all;
    }
    if (values.size() > Binding.MAX_ALTERNATIVES) {
      values = List.of(Value.unknown(Origin.OUTPUT, "many values"));
    }
    for (Value value : values) {
      interpreter.budget().text(value.size());
    }
    boolean isExported = before != null && before.isExported() || isExportedAll(state);
    Binding binding = Binding.scalar(values);
    state.set(name, isExported ? binding.exported() : binding);
  }

  private static boolean isExportedAll(State state) {
    return state.variable(Builtins.ALL_EXPORTED) != null;
  }

  private List<Value> assigned(Word value, State state) {
    return interpreter.expander().value(value, state);
  }

  private static List<Value> scalars(String name, @Nullable Binding before) {
    if (before == null) {
      return List.of(Value.unknown(Origin.VARIABLE, name));
    }
    List<Value> all = new ArrayList<>();
    before.alternatives().forEach(each -> all.add(each.isEmpty() ? Value.EMPTY : each.get(0)));
    return all;
  }

  private Binding array(Assignment assignment, State state, @Nullable Binding before) {
    List<Word> plain = new ArrayList<>(assignment.elements().size());
    for (Word element : assignment.elements()) {
      int end = keyEnd(element);
      plain.add(end < 0 ? element : keyed(assignment.name(), element, end, state));
    }
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> row : interpreter.expander().words(plain, state)) {
      if (assignment.isAppended() && before != null) {
        for (List<Value> old : before.alternatives()) {
          List<Value> joined = new ArrayList<>(old);
          joined.addAll(row);
          all.add(joined);
        }
      } else {
        all.add(row);
      }
    }
    return new Binding(all, before != null && before.isExported());
  }

  /**
   * Returns where the key ends in an element of the form {@code [key]=value}; -1 if the element has
   * another form.
   */
  private static int keyEnd(Word element) {
    return !element.parts().isEmpty()
            && element.parts().get(0) instanceof Word.Literal literal
            && !literal.isQuoted()
            && literal.text().startsWith("[")
        ? literal.text().indexOf("]=")
        : -1;
  }

  /** Assigns an element under its key, and returns its value as a word. */
  private Word keyed(String array, Word element, int end, State state) {
    String text = ((Word.Literal) element.parts().get(0)).text();
    List<Word.Part> parts = new ArrayList<>(element.parts());
    parts.set(0, new Word.Literal(text.substring(end + 2), true));
    Word value = new Word(parts);
    String name = array + "[" + text.substring(1, end) + "]";
    state.set(name, Binding.scalar(interpreter.expander().value(value, state)));
    return value;
  }

  private void element(
      Assignment assignment, List<Value> values, State state, @Nullable Binding before) {
    String name = assignment.name();
    Value index = interpreter.expander().single(assignment.subscript(), state);
    String key = index.isKnown() ? index.prefix() : "?";
    List<Value> elements =
        new ArrayList<>(before == null ? List.of() : before.alternatives().get(0));
    @Nullable Long number = interpreter.expander().number(index, state);
    if (number != null && number >= 0 && number <= elements.size() && values.size() == 1) {
      if (number == elements.size()) {
        elements.add(values.get(0));
      } else {
        elements.set(number.intValue(), values.get(0));
      }
      state.set(name, new Binding(List.of(elements), false));
    } else {
      state.set(name + "[" + key + "]", Binding.scalar(values));
    }
  }

  /**
   * Runs the alias that the first word names. Returns {@link Outcome#END} if the word is not an
   * alias.
   */
  private Outcome alias(Command.Simple simple, State state, Streams io) {
    if (!runner.builtins().hasAliases() || simple.words().isEmpty()) {
      return Outcome.END;
    }
    Word first = simple.words().get(0);
    String name = first.hasQuotes() ? "" : first.literal().orElse("");
    List<Value> texts = name.isEmpty() ? List.of() : runner.builtins().alias(name);
    if (texts.isEmpty() || interpreter.flow().calls().isRunning("alias " + name)) {
      return Outcome.END;
    }
    @Nullable State after = null;
    interpreter.flow().calls().enter("alias " + name);
    for (Value text : texts) {
      @Nullable Script script = interpreter.parse(text, state);
      if (script != null) {
        after = State.either(after, aliased(script, simple, state.copy(), io).next());
      }
    }
    interpreter.flow().calls().leave();
    return Outcome.of(after);
  }

  /** Runs an alias, followed by the command's arguments. */
  private Outcome aliased(Script script, Command.Simple simple, State state, Streams io) {
    List<Script.Statement> statements = new ArrayList<>(script.statements());
    int last = statements.size() - 1;
    if (last >= 0 && statements.get(last).command() instanceof Command.Simple end) {
      List<Word> words = new ArrayList<>(end.words());
      words.addAll(simple.words().subList(1, simple.words().size()));
      List<Assignment> assignments = new ArrayList<>(simple.assignments());
      assignments.addAll(end.assignments());
      Command.Simple joined =
          new Command.Simple(
              assignments, words, simple.arrays(), end.redirections(), end.offset(), end.end());
      statements.set(last, new Script.Statement(joined, statements.get(last).isBackground()));
    }
    return interpreter.script(new Script(statements), state, io);
  }
}
