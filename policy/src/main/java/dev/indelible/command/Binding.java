// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Knowledge about a variable.
 *
 * @param alternatives the possible values of the variable, each a list of elements: one element for
 *     a scalar, none for a variable that is not set
 * @param isExported true if other programs see it
 */
record Binding(List<List<Value>> alternatives, boolean isExported) {
  /** Maximum number of alternatives; with more, the value is unknown. */
  static final int MAX_ALTERNATIVES = 16;

  static final List<List<Value>> UNSET = List.of(List.of());

  static Binding of(Value value) {
    return new Binding(List.of(List.of(value)), false);
  }

  /** Returns the binding of a scalar with these possible values. */
  static Binding scalar(List<Value> values) {
    if (values.size() == 1) {
      return of(values.get(0));
    }
    List<List<Value>> alternatives = new ArrayList<>(values.size());
    for (Value value : values) {
      alternatives.add(List.of(value));
    }
    return new Binding(alternatives, false);
  }

  Binding exported() {
    return isExported ? this : new Binding(alternatives, true);
  }

  /** Returns a binding with the alternatives of both; unknown if there are too many. */
  Binding or(Binding other, Value unknown) {
    if (alternatives.equals(other.alternatives)) {
      return isExported ? this : other;
    }
    List<List<Value>> all = new ArrayList<>(alternatives);
    for (List<Value> alternative : other.alternatives) {
      if (!all.contains(alternative)) {
        all.add(alternative);
      }
    }
    boolean exported = isExported || other.isExported;
    return all.size() > MAX_ALTERNATIVES
        ? new Binding(List.of(List.of(unknown)), exported)
        : new Binding(all, exported);
  }
}
