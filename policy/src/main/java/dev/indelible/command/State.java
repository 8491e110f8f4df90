// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Command;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Knowledge about a shell at one point of a script: variables, functions, traps and working
 * directory. The maps are shared with copies until one of the two writes.
 */
final class State {
  /** The name of a pseudo-variable that records {@code export -f}. */
  static final String FUNCTIONS_EXPORTED = "export -f";

  /** The cost of copying an entry of a map. */
  private static final long STEPS_PER_ENTRY = 4;

  private Map<String, Binding> variables;
  private boolean sharesVariables;
  private Map<String, List<Command>> functions;
  private boolean sharesFunctions;

  /** Set if the functions come from the shell that started this one. */
  private boolean inheritsFunctions;

  /** Texts of traps; immutable. */
  private List<Value> traps = List.of();

  /** Where commands run: alternatives, at least one; immutable. */
  private List<Value> directories;

  /** The target of {@code cd -}: alternatives, at least one; immutable. */
  private List<Value> previousDirectories;

  /** The directory stack of {@code pushd}, without the current directory; immutable. */
  private List<Value> directoryStack = List.of();

  private final Budget budget;

  State(Value directory, Budget budget) {
    this.budget = budget;
    variables = Map.of();
    sharesVariables = true;
    functions = Map.of();
    sharesFunctions = true;
    directories = List.of(directory);
    previousDirectories = List.of(Value.unknown(Origin.VARIABLE, "OLDPWD"));
  }

  private State(State other) {
    budget = other.budget;
    variables = other.variables;
    functions = other.functions;
    sharesVariables = true;
    sharesFunctions = true;
    other.sharesVariables = true;
    other.sharesFunctions = true;
    inheritsFunctions = other.inheritsFunctions;
    traps = other.traps;
    directories = other.directories;
    previousDirectories = other.previousDirectories;
    directoryStack = other.directoryStack;
  }

  /** Returns an independent copy. */
  State copy() {
    return new State(this);
  }

  /**
   * Returns the state of another process that this shell starts. The process has only the exported
   * variables and functions.
   */
  State child() {
    State child = new State(directories.get(0), budget);
    child.directories = directories;
    child.previousDirectories = previousDirectories;
    if (variables.containsKey(FUNCTIONS_EXPORTED)) {
      child.functions = functions;
      sharesFunctions = true;
      child.inheritsFunctions = true;
    }
    for (Map.Entry<String, Binding> each : variables.entrySet()) {
      if (each.getValue().isExported()) {
        child.set(each.getKey(), each.getValue());
      }
    }
    return child;
  }

  @Nullable Binding variable(String name) {
    return variables.get(name);
  }

  void set(String name, Binding binding) {
    ownVariables().put(name, binding);
  }

  /** Restores an earlier binding of a variable; null if there was none. */
  void restore(String name, @Nullable Binding binding) {
    if (binding == null) {
      ownVariables().remove(name);
    } else {
      set(name, binding);
    }
  }

  private Map<String, Binding> ownVariables() {
    if (sharesVariables) {
      budget.steps(STEPS_PER_ENTRY * variables.size());
      variables = new HashMap<>(variables);
      sharesVariables = false;
    }
    return variables;
  }

  Map<String, Binding> variables() {
    return variables;
  }

  /** Returns the bodies that a function of the name may have; none if there is no function. */
  List<Command> function(String name) {
    return functions.isEmpty() ? List.of() : functions.getOrDefault(name, List.of());
  }

  boolean inheritsFunctions() {
    return inheritsFunctions;
  }

  void define(String name, List<Command> bodies) {
    if (sharesFunctions) {
      budget.steps(STEPS_PER_ENTRY * functions.size());
      functions = new HashMap<>(functions);
      sharesFunctions = false;
    }
    functions.put(name, bodies);
  }

  List<Value> traps() {
    return traps;
  }

  void trap(Value text) {
    List<Value> all = new ArrayList<>(traps);
    if (!all.contains(text)) {
      all.add(text);
    }
    traps = List.copyOf(all);
  }

  List<Value> directories() {
    return directories;
  }

  List<Value> previousDirectories() {
    return previousDirectories;
  }

  void enter(List<Value> alternatives) {
    previousDirectories = directories;
    directories = List.copyOf(alternatives);
  }

  List<Value> directoryStack() {
    return directoryStack;
  }

  void stack(List<Value> stack) {
    directoryStack = List.copyOf(stack);
  }

  /** Returns true if neither state has changed since one was copied from the other. */
  boolean isSame(State other) {
    return variables == other.variables
        && functions == other.functions
        && directories == other.directories
        && traps == other.traps;
  }

  /** Returns a state with the alternatives of both; null if neither is reached. */
  static @Nullable State either(@Nullable State one, @Nullable State other) {
    if (one == null || other == null || one == other) {
      return one == null ? other : one;
    }
    State result = one.copy();
    if (one.variables != other.variables) {
      result.mergeVariables(other);
    }
    if (one.functions != other.functions) {
      for (Map.Entry<String, List<Command>> each : other.functions.entrySet()) {
        result.define(each.getKey(), union(one.function(each.getKey()), each.getValue()));
      }
    }
    result.directories = union(one.directories, other.directories);
    result.previousDirectories = union(one.previousDirectories, other.previousDirectories);
    result.traps = union(one.traps, other.traps);
    return result;
  }

  private void mergeVariables(State other) {
    Map<String, Binding> mine = ownVariables();
    budget.steps(STEPS_PER_ENTRY * (mine.size() + other.variables.size()));
    for (Map.Entry<String, Binding> each : other.variables.entrySet()) {
      String name = each.getKey();
      Binding own = mine.get(name);
      if (own != each.getValue()) {
        Value unknown = Value.unknown(Origin.VARIABLE, name);
        mine.put(name, each.getValue().or(own == null ? Binding.of(unknown) : own, unknown));
      }
    }
    for (Map.Entry<String, Binding> each : mine.entrySet()) {
      String name = each.getKey();
      if (!other.variables.containsKey(name)) {
        Value unknown = Value.unknown(Origin.VARIABLE, name);
        each.setValue(each.getValue().or(Binding.of(unknown), unknown));
      }
    }
  }

  private static <T> List<T> union(List<T> one, List<T> other) {
    if (one == other || other.isEmpty()) {
      return one;
    }
    List<T> all = new ArrayList<>(one);
    for (T each : other) {
      if (!all.contains(each) && all.size() < Binding.MAX_ALTERNATIVES) {
        all.add(each);
      }
    }
    return all.size() == one.size() ? one : List.copyOf(all);
  }
}
