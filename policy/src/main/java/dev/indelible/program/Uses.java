// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Collects the uses of arguments; adjusts those whose path means the standard input or output. */
final class Uses {
  private static final Set<String> STANDARD_INPUT =
      Set.of("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0");

  private final List<Use> uses = new ArrayList<>(4);

  /** Adds a use of one argument. */
  void add(Role role, Value argument) {
    add(role, List.of(argument), "", false, false);
  }

  /** Adds a use of one argument with a detail. */
  void add(Role role, Value argument, String detail) {
    add(role, List.of(argument), detail, false, false);
  }

  /** Adds a use of the whole command. */
  void add(Role role, String detail) {
    add(role, List.of(), detail, false, false);
  }

  /** Adds a use that is a detour. */
  void addDetour(Role role, Value argument, String detail) {
    add(role, List.of(argument), detail, false, true);
  }

  void add(Role role, List<Value> arguments, String detail, boolean isRecursive, boolean isDetour) {
    Value first = arguments.isEmpty() ? Value.EMPTY : arguments.get(0);
    boolean detour = isDetour && !(role == Role.RUNS_SHELL && Helpers.isUsual(first));
    String text = Values.isKnown(first) ? first.prefix() : "";
    switch (role) {
      case READS, WRITES -> {
        if (text.equals("-")) {
          return;
        }
      }
      case SENDS_FILE -> {
        if (STANDARD_INPUT.contains(text)) {
          uses.add(new Use(Role.SENDS, List.of(Value.of("-")), detail, false, detour));
          return;
        }
      }
      case RUNS_FILE -> {
        if (STANDARD_INPUT.contains(text)) {
          List<Value> rest = arguments.subList(1, arguments.size());
          uses.add(new Use(Role.RUNS_INPUT, rest, detail, false, detour));
          return;
        }
      }
      case CONTACTS -> {
        if (first.prefix().regionMatches(true, 0, "file:", 0, 5)) {
          uses.add(new Use(Role.READS, List.of(filePath(first)), "", false, detour));
          return;
        }
      }
      default -> {}
    }
    uses.add(new Use(role, arguments, detail, isRecursive, detour));
  }

  /** Returns true if there is a use of the role. */
  boolean has(Role role) {
    for (Use use : uses) {
      if (use.role() == role) {
        return true;
      }
    }
    return false;
  }

  void clear() {
    uses.clear();
  }

  List<Use> list() {
    return uses;
  }

  /** Returns the path of a {@code file:} URL, without its host. */
  private static Value filePath(Value url) {
    Value rest = url.from("file:".length());
    if (!rest.prefix().startsWith("//")) {
      return rest;
    }
    int slash = rest.prefix().indexOf('/', 2);
    return rest.from(slash < 0 ? 2 : slash);
  }
}
