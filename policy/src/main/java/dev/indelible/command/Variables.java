// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.program.Use;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Builtins that set and remove variables and positional parameters. */
final class Variables {
  private final Interpreter interpreter;
  private final Runner runner;

  Variables(Interpreter interpreter, Runner runner) {
    this.interpreter = interpreter;
    this.runner = runner;
  }

  void change(String name, List<Value> arguments, State state, Streams io) {
    switch (name) {
      case "export", "declare", "local", "readonly", "typeset" ->
          declare(name, arguments, state, io);
      case "unset" -> unset(arguments, state);
      case "set" -> set(arguments, state);
      case "shift" -> shift(arguments, state);
      case "read" -> read(arguments, state, io);
      case "mapfile", "readarray" -> mapfile(arguments, state, io);
      case "printf" -> printf(arguments, state);
      case "let" -> arguments.forEach(each -> interpreter.expander().number(each, state));
      case "getopts" -> getopts(arguments, state);
      default -> {}
    }
  }

  private void declare(String command, List<Value> arguments, State state, Streams io) {
    boolean isExported = command.equals("export");
    boolean isReference = false;
    List<Use> uses = new ArrayList<>();
    for (Value argument : arguments) {
      String text = argument.prefix();
      if (text.startsWith("-") || text.startsWith("+")) {
        isExported |= text.startsWith("-") && text.indexOf('x') > 0;
        isExported &= !(command.equals("export") && text.indexOf('n') > 0);
        if (isExported && text.indexOf('f') > 0) {
          state.set(State.FUNCTIONS_EXPORTED, Binding.of(Value.EMPTY).exported());
        }
        isReference |= text.indexOf('n') > 0 && !command.equals("export");
        continue;
      }
      int end = text.indexOf('=');
      String name = end < 0 ? text : text.substring(0, end);
      if (name.isEmpty() || end < 0 && !argument.isKnown()) {
        continue;
      }
      boolean isAppended = name.endsWith("+");
      name = isAppended ? name.substring(0, name.length() - 1) : name;
      if (command.equals("local") || command.equals("declare") || command.equals("typeset")) {
        interpreter.flow().calls().local(name, state);
      }
      if (end >= 0) {
        Value value = isReference ? referred(argument, end + 1, state) : argument.from(end + 1);
        assign(name, value, isAppended, isExported, state);
        if (!command.equals("export")) {
          // The program table already defines these uses for "export".
          uses.addAll(runner.variable(name, state));
        }
      } else if (isExported && state.variable(name) != null) {
        state.set(name, state.variable(name).exported());
        uses.addAll(runner.variable(name, state));
      }
    }
    if (!uses.isEmpty()) {
      interpreter.emit(List.of(Value.of(command)), state, uses);
      runner.followAll(uses, state, io);
    }
  }

  /** Returns the value of a name reference: the value of the variable that it names. */
  private static Value referred(Value argument, int from, State state) {
    @Nullable Binding target = state.variable(argument.prefix().substring(from));
    boolean isKnown =
        target != null
            && target.alternatives().size() == 1
            && target.alternatives().get(0).size() == 1;
    return isKnown
        ? target.alternatives().get(0).get(0)
        : Value.unknown(Origin.OUTPUT, "a reference");
  }

  private void assign(
      String name, Value value, boolean isAppended, boolean isExported, State state) {
    interpreter.budget().text(value.size());
    @Nullable Binding before = state.variable(name);
    Value whole = value;
    if (isAppended && before != null && !before.alternatives().get(0).isEmpty()) {
      whole = before.alternatives().get(0).get(0).plus(value);
    }
    Binding binding = Binding.of(whole);
    boolean wasExported = before != null && before.isExported();
    state.set(name, isExported || wasExported ? binding.exported() : binding);
  }

  private static void unset(List<Value> arguments, State state) {
    for (Value argument : arguments) {
      if (argument.isKnown() && !argument.prefix().startsWith("-")) {
        String name = argument.prefix();
        state.set(name, new Binding(Binding.UNSET, false));
        if (!state.function(name).isEmpty()) {
          state.define(name, List.of());
        }
      }
    }
  }

  private static void set(List<Value> arguments, State state) {
    int at = 0;
    while (at < arguments.size()) {
      Value argument = arguments.get(at);
      String text = argument.prefix();
      if (argument.isKnown() && (text.equals("--") || text.equals("-"))) {
        at++;
        break;
      }
      if (!text.startsWith("-") && !text.startsWith("+")) {
        break;
      }
      boolean isLong = text.length() == 2 && text.charAt(1) == 'o';
      boolean isAllExported = text.indexOf('a') > 0;
      if (isLong && at + 1 < arguments.size()) {
        at++;
        isAllExported = arguments.get(at).prefix().equals("allexport");
      }
      if (isAllExported) {
        state.restore(
            Builtins.ALL_EXPORTED, text.charAt(0) == '-' ? Binding.of(Value.EMPTY) : null);
      }
      at++;
      if (at == arguments.size()) {
        return;
      }
    }
    if (!arguments.isEmpty()) {
      state.set("@", new Binding(List.of(arguments.subList(at, arguments.size())), false));
    }
  }

  private static void shift(List<Value> arguments, State state) {
    @Nullable Binding binding = state.variable("@");
    if (binding == null) {
      return;
    }
    int count = 1;
    if (!arguments.isEmpty()) {
      String text = arguments.get(0).isKnown() ? arguments.get(0).prefix() : "";
      count = text.length() == 1 && Character.isDigit(text.charAt(0)) ? text.charAt(0) - '0' : 1;
    }
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : binding.alternatives()) {
      all.add(each.subList(Math.min(count, each.size()), each.size()));
    }
    state.set("@", new Binding(all, false));
  }

  private void read(List<Value> arguments, State state, Streams io) {
    List<String> names = new ArrayList<>();
    boolean isArray = false;
    char delimiter = '\n';
    Input in = io.in();
    for (int i = 0; i < arguments.size(); i++) {
      Value argument = arguments.get(i);
      String text = argument.isKnown() ? argument.prefix() : "";
      if (!text.startsWith("-")) {
        names.add(text);
        continue;
      }
      isArray |= text.indexOf('a') > 0;
      boolean hasValue = "dpntuiN".indexOf(text.charAt(text.length() - 1)) >= 0;
      if (hasValue && i + 1 < arguments.size()) {
        i++;
        String value = arguments.get(i).prefix();
        if (text.endsWith("d") && value.length() < 2) {
          delimiter = value.isEmpty() ? '\0' : value.charAt(0);
        } else if (text.endsWith("u")) {
          in = descriptor(value, state);
        }
      }
    }
    Value line = in.line(delimiter);
    if (isArray) {
      String name = names.isEmpty() ? "REPLY" : names.get(names.size() - 1);
      state.set(name, new Binding(List.of(split(line, state)), false));
    } else if (names.size() < 2) {
      Value whole = names.isEmpty() ? line : trimmed(line, state);
      state.set(names.isEmpty() ? "REPLY" : names.get(0), Binding.of(whole));
    } else {
      assignFields(names, line, state);
    }
  }

  private static Input descriptor(String number, State state) {
    @Nullable Binding kept = state.variable("&" + number);
    return kept == null || kept.alternatives().get(0).isEmpty()
        ? Input.ofScript()
        : new Input(kept.alternatives().get(0).get(0));
  }

  private List<Value> split(Value line, State state) {
    Fields fields = new Fields(true, Expander.separators(state), interpreter.budget());
    fields.unquoted(line);
    List<Value> all = new ArrayList<>();
    for (Value each : fields.done().get(0)) {
      // "read" performs no pathname expansion on the words it splits.
      all.add(each.hasUnknown() ? each : Value.of(each.display()));
    }
    return all;
  }

  private static Value trimmed(Value line, State state) {
    if (!line.isKnown()) {
      return line;
    }
    String separators = Expander.separators(state);
    String text = line.prefix();
    int from = 0;
    int to = text.length();
    while (from < to && separators.indexOf(text.charAt(from)) >= 0) {
      from++;
    }
    while (to > from && separators.indexOf(text.charAt(to - 1)) >= 0) {
      to--;
    }
    return Value.of(text.substring(from, to));
  }

  private void assignFields(List<String> names, Value line, State state) {
    List<Value> fields = split(line, state);
    for (int i = 0; i < names.size(); i++) {
      Value value = i < fields.size() ? fields.get(i) : Value.EMPTY;
      if (line.hasUnknown() && (i >= fields.size() || i == fields.size() - 1)) {
        value = line.sources();
      } else if (i == names.size() - 1 && i < fields.size() - 1) {
        Value.Builder rest = new Value.Builder().add(value);
        for (Value each : fields.subList(i + 1, fields.size())) {
          rest.add(" ").add(each);
        }
        value = rest.build();
      }
      state.set(names.get(i), Binding.of(value));
    }
  }

  private static void mapfile(List<Value> arguments, State state, Streams io) {
    String name = "MAPFILE";
    for (int i = 0; i < arguments.size(); i++) {
      String text = arguments.get(i).prefix();
      if (text.startsWith("-")) {
        i += text.length() == 2 && "dnOsuCc".indexOf(text.charAt(1)) >= 0 ? 1 : 0;
      } else {
        name = text;
      }
    }
    List<Value> lines = new ArrayList<>();
    for (int i = 0; i < 1_000 && !io.in().isAtEnd(); i++) {
      Value line = io.in().line('\n');
      lines.add(line);
      if (!line.isKnown()) {
        break;
      }
    }
    state.set(name, new Binding(List.of(lines), false));
  }

  private void printf(List<Value> arguments, State state) {
    if (arguments.size() > 2 && arguments.get(0).prefix().equals("-v")) {
      Value name = arguments.get(1);
      if (name.isKnown()) {
        Value text =
            Format.printf(
                arguments.get(2), arguments.subList(3, arguments.size()), interpreter.budget());
        state.set(name.prefix(), Binding.of(text));
      }
    }
  }

  private static void getopts(List<Value> arguments, State state) {
    if (arguments.size() > 1 && arguments.get(1).isKnown()) {
      state.set(arguments.get(1).prefix(), Binding.of(Value.unknown(Origin.OUTPUT, "getopts")));
    }
    @Nullable Binding given = state.variable("@");
    List<List<Value>> values = new ArrayList<>();
    if (given != null) {
      for (List<Value> each : given.alternatives()) {
        each.forEach(value -> values.add(List.of(value)));
      }
    }
    boolean isKnown = !values.isEmpty() && values.size() <= Binding.MAX_ALTERNATIVES;
    state.set(
        "OPTARG",
        isKnown
            ? new Binding(values, false)
            : Binding.of(Value.unknown(Origin.VARIABLE, "OPTARG")));
  }
}
