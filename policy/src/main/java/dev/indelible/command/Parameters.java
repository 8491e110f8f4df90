// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Word;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Expands parameters (bash manual 3.5.3). */
final class Parameters {
  private final Interpreter interpreter;
  private final Expander expander;
  private final Transforms transforms;

  Parameters(Interpreter interpreter, Expander expander) {
    this.interpreter = interpreter;
    this.expander = expander;
    this.transforms = new Transforms(interpreter, expander);
  }

  /** Adds an expansion to the fields of its word. */
  void add(Word.Parameter parameter, State state, Fields fields) {
    boolean isQuoted = parameter.isQuoted() || !fields.isSplit();
    if (parameter.prefix().equals("#")) {
      fields.alternatives(lengths(parameter, state), true);
      return;
    }
    if (parameter.prefix().equals("!")) {
      indirect(parameter, state, fields, isQuoted);
      return;
    }
    apply(parameter, parameter.name(), parameter.subscript(), state, fields, isQuoted);
  }

  private void apply(
      Word.Parameter parameter,
      String name,
      Word subscript,
      State state,
      Fields fields,
      boolean isQuoted) {
    String index = index(subscript, state);
    boolean isList = name.equals("@") || name.equals("*") || index.equals("@") || index.equals("*");
    boolean isJoined =
        isList && isQuoted && (name.equals("*") || index.equals("*") || !fields.isSplit());
    List<List<Value>> found = elements(name, index, state);
    String operator = parameter.operator();
    switch (operator) {
      case "" -> {}
      case "-", ":-", "=", ":=", "?", ":?", "+", ":+" -> {
        choose(parameter, name, found, state, fields, isList && !isJoined);
        return;
      }
      case ":" -> found = transforms.slices(found, isList, parameter.argument(), state);
      default -> found = transforms.each(found, operator, parameter.argument(), state);
    }
    put(found, isList, isJoined, isQuoted, state, fields);
  }

  private static void put(
      List<List<Value>> found,
      boolean isList,
      boolean isJoined,
      boolean isQuoted,
      State state,
      Fields fields) {
    if (isJoined) {
      found = joined(found, state);
    } else if (isQuoted && !isList) {
      found = present(found);
    }
    fields.alternatives(found, isQuoted);
  }

  /** Returns alternatives in which a variable that is not set has the empty text. */
  private static List<List<Value>> present(List<List<Value>> alternatives) {
    boolean isAbsent = false;
    for (List<Value> each : alternatives) {
      isAbsent |= each.isEmpty();
    }
    if (!isAbsent) {
      return alternatives;
    }
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : alternatives) {
      all.add(each.isEmpty() ? List.of(Value.EMPTY) : each);
    }
    return all;
  }

  private static List<List<Value>> joined(List<List<Value>> alternatives, State state) {
    String separators = Expander.separators(state);
    String separator = separators.isEmpty() ? "" : separators.substring(0, 1);
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : alternatives) {
      Value.Builder joined = new Value.Builder();
      for (int i = 0; i < each.size(); i++) {
        joined.add(i == 0 ? "" : separator).add(each.get(i));
      }
      all.add(List.of(joined.build()));
    }
    return all;
  }

  /** Adds the value or the operator's argument, depending on whether the parameter is set. */
  private void choose(
      Word.Parameter parameter,
      String name,
      List<List<Value>> found,
      State state,
      Fields fields,
      boolean isList) {
    String operator = parameter.operator();
    char kind = operator.charAt(operator.length() - 1);
    boolean countsEmpty = operator.length() == 2;
    boolean isQuoted = parameter.isQuoted() || !fields.isSplit();
    boolean isOfEnvironment = isOfEnvironment(name, state);
    List<List<Value>> set = new ArrayList<>();
    boolean mayBeUnset = isOfEnvironment || name.equals("TMPDIR");
    for (List<Value> each : found) {
      boolean isEmpty = each.isEmpty() || countsEmpty && each.size() == 1 && isEmpty(each.get(0));
      mayBeUnset |= isEmpty || countsEmpty && each.size() == 1 && mayBeEmpty(each.get(0));
      if (!isEmpty) {
        set.add(each);
      }
    }
    if (kind == '?') {
      put(set.isEmpty() ? found : set, isList, false, isQuoted, state, fields);
      return;
    }
    boolean usesArgument = kind == '+' ? !set.isEmpty() : mayBeUnset;
    // A variable of the environment with a default is taken to have the default.
    boolean usesOther = kind == '+' ? mayBeUnset : !set.isEmpty() && !isOfEnvironment;
    if (!usesArgument) {
      put(kind == '+' ? Binding.UNSET : set, isList, false, isQuoted, state, fields);
      return;
    }
    @Nullable Fields other = null;
    if (usesOther) {
      other = fields.copy();
      put(kind == '+' ? Binding.UNSET : set, isList, false, isQuoted, state, other);
    }
    if (kind == '=') {
      List<Value> values = expander.value(parameter.argument(), state);
      state.set(name, Binding.scalar(values));
      fields.alternatives(Binding.scalar(values).alternatives(), isQuoted);
    } else if (isQuoted) {
      List<Value> values = expander.value(parameter.argument(), state);
      // "${x+"$@"}" expands to no field at all if there are no arguments.
      boolean isWholeList =
          parameter.argument().parts().size() == 1
              && parameter.argument().parts().get(0) instanceof Word.Parameter inner
              && inner.name().equals("@");
      if (isWholeList && fields.isSplit()) {
        expander.addArgument(parameter.argument(), state, fields);
      } else {
        fields.alternatives(Binding.scalar(values).alternatives(), true);
      }
    } else {
      expander.addArgument(parameter.argument(), state, fields);
    }
    if (other != null) {
      fields.take(other, true);
    }
  }

  private static boolean isEmpty(Value value) {
    return value.pieces().isEmpty();
  }

  private static boolean mayBeEmpty(Value value) {
    for (Value.Piece piece : value.pieces()) {
      if (!(piece instanceof Value.Unknown unknown) || unknown.origin() == Origin.SCRATCH) {
        return false;
      }
    }
    return true;
  }

  private List<List<Value>> lengths(Word.Parameter parameter, State state) {
    String index = index(parameter.subscript(), state);
    boolean isCount =
        index.equals("@")
            || index.equals("*")
            || parameter.name().equals("@")
            || parameter.name().equals("*");
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : elements(parameter.name(), index, state)) {
      if (isCount) {
        all.add(List.of(count(each)));
      } else if (each.isEmpty() || each.get(0).isKnown()) {
        int length = each.isEmpty() ? 0 : each.get(0).prefix().length();
        all.add(List.of(Value.of(Integer.toString(length))));
      } else {
        all.add(List.of(Value.unknown(Origin.OUTPUT, "length")));
      }
    }
    return all;
  }

  private static Value count(List<Value> elements) {
    for (Value each : elements) {
      if (each.hasUnknown()) {
        return Value.unknown(Origin.OUTPUT, "length");
      }
    }
    return Value.of(Integer.toString(elements.size()));
  }

  /** Adds <code>${!name}</code>: the variable whose name is the value, or a list of names. */
  private void indirect(Word.Parameter parameter, State state, Fields fields, boolean isQuoted) {
    String index = index(parameter.subscript(), state);
    if (index.equals("@") || index.equals("*")) {
      fields.alternatives(Elements.of(parameter.name(), state), true);
      return;
    }
    for (List<Value> each : elements(parameter.name(), index, state)) {
      if (each.size() == 1 && each.get(0).isKnown() && !each.get(0).prefix().isEmpty()) {
        String target = each.get(0).prefix();
        int bracket = target.indexOf('[');
        Word subscript = Word.NONE;
        if (bracket > 0 && target.endsWith("]")) {
          String inner = target.substring(bracket + 1, target.length() - 1);
          subscript = new Word(List.of(new Word.Literal(inner, true)));
          target = target.substring(0, bracket);
        }
        apply(parameter, target, subscript, state, fields, isQuoted);
        return;
      }
    }
    fields.quoted(Value.unknown(Origin.VARIABLE, "!" + parameter.name()));
  }

  private String index(Word subscript, State state) {
    if (subscript.parts().isEmpty()) {
      return "";
    }
    Value value = expander.single(subscript, state);
    return value.isKnown() ? value.prefix() : "?";
  }

  private List<List<Value>> elements(String name, String index, State state) {
    if (index.isEmpty()) {
      return name.equals("@") || name.equals("*") ? lookup("@", state) : first(name, state);
    }
    if (name.equals("BASH_SOURCE")) {
      return lookup("0", state);
    }
    return Elements.elements(name, index, state, lookup(name, state), numbers(state));
  }

  /** Returns a scalar, or the first element of an array. */
  private List<List<Value>> first(String name, State state) {
    List<List<Value>> all = lookup(name, state);
    for (List<Value> each : all) {
      if (each.size() > 1) {
        List<List<Value>> firsts = new ArrayList<>();
        all.forEach(one -> firsts.add(one.isEmpty() ? one : List.of(one.get(0))));
        return firsts;
      }
    }
    return all;
  }

  /** Returns the possible values of a variable or special parameter. */
  List<List<Value>> lookup(String name, State state) {
    @Nullable Binding binding = state.variable(name);
    if (binding != null) {
      return binding.alternatives();
    }
    // A bad substitution, for example ${/x}, has no name.
    if (!name.isEmpty() && name.charAt(0) >= '1' && name.charAt(0) <= '9') {
      return positional(name, state);
    }
    switch (name) {
      case "HOME":
        return one(interpreter.context().home());
      case "PWD":
        return Binding.scalar(state.directories()).alternatives();
      case "OLDPWD":
        return Binding.scalar(state.previousDirectories()).alternatives();
      case "TMPDIR":
        return one(Value.unknown(Origin.SCRATCH, ""));
      case "IFS":
        return one(Value.of(" \t\n"));
      case "SHELL", "BASH":
        return one(Value.of("/bin/bash"));
      case "#":
        return counts(state);
      default:
        @Nullable String known = interpreter.context().variables().get(name);
        return one(known == null ? Value.unknown(Origin.VARIABLE, name) : Value.of(known));
    }
  }

  private static List<List<Value>> one(Value value) {
    return List.of(List.of(value));
  }

  private boolean isOfEnvironment(String name, State state) {
    if (state.variable(name) != null) {
      return false;
    }
    return switch (name) {
      case "HOME", "PWD", "OLDPWD", "TMPDIR", "IFS", "SHELL", "BASH", "#", "?", "$", "0" -> false;
      default ->
          !interpreter.context().variables().containsKey(name)
              && (name.charAt(0) < '1' || name.charAt(0) > '9' || state.variable("@") == null);
    };
  }

  private static List<List<Value>> positional(String name, State state) {
    @Nullable Binding arguments = state.variable("@");
    if (arguments == null || !isNumber(name)) {
      return one(Value.unknown(Origin.VARIABLE, name));
    }
    int number = Integer.parseInt(name);
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : arguments.alternatives()) {
      all.add(number <= each.size() ? List.of(each.get(number - 1)) : List.of());
    }
    return all;
  }

  private static boolean isNumber(String name) {
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) < '0' || name.charAt(i) > '9') {
        return false;
      }
    }
    return name.length() <= 6;
  }

  private static List<List<Value>> counts(State state) {
    @Nullable Binding arguments = state.variable("@");
    if (arguments == null) {
      return one(Value.unknown(Origin.VARIABLE, "#"));
    }
    List<List<Value>> all = new ArrayList<>();
    arguments.alternatives().forEach(each -> all.add(List.of(count(each))));
    return all;
  }

  /** Returns the variables as arithmetic sees them. */
  Arithmetic.Variables numbers(State state) {
    return new Arithmetic.Variables() {
      @Override
      public @Nullable String get(String name) {
        List<List<Value>> values = first(name, state);
        if (values.size() != 1) {
          return null;
        }
        List<Value> only = values.get(0);
        return only.isEmpty() ? "" : only.get(0).isKnown() ? only.get(0).prefix() : null;
      }

      @Override
      public void set(String name, @Nullable String value) {
        state.set(
            name,
            Binding.of(
                value == null ? Value.unknown(Origin.OUTPUT, "arithmetic") : Value.of(value)));
      }
    };
  }
}
