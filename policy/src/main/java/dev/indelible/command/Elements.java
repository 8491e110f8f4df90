// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Elements of arrays, and their indices. */
final class Elements {
  private Elements() {}

  /** Returns an element, or all elements for {@code @} and {@code *}. */
  static List<List<Value>> elements(
      String name,
      String index,
      State state,
      List<List<Value>> array,
      Arithmetic.Variables numbers) {
    if (index.equals("@") || index.equals("*")) {
      List<Value> named = new ArrayList<>();
      for (Map.Entry<String, Binding> each : state.variables().entrySet()) {
        if (each.getKey().startsWith(name + "[")) {
          each.getValue().alternatives().forEach(named::addAll);
        }
      }
      if (named.isEmpty() || state.variable(name) == null) {
        return named.isEmpty() ? array : List.of(named);
      }
      List<List<Value>> all = new ArrayList<>();
      for (List<Value> each : array) {
        List<Value> joined = new ArrayList<>(each);
        named.stream().filter(value -> !each.contains(value)).forEach(joined::add);
        all.add(joined);
      }
      return all;
    }
    @Nullable Binding named = state.variable(name + "[" + index + "]");
    if (named != null) {
      return named.alternatives();
    }
    @Nullable Long number = index.equals("?") ? null : Arithmetic.evaluate(index, numbers);
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> each : array) {
      if (number != null) {
        long at = number < 0 ? each.size() + number : number;
        all.add(at >= 0 && at < each.size() ? List.of(each.get((int) at)) : List.of());
      } else {
        each.forEach(element -> all.add(List.of(element)));
      }
    }
    return all.isEmpty() || all.size() > Binding.MAX_ALTERNATIVES
        ? List.of(List.of(Value.unknown(Origin.VARIABLE, name)))
        : all;
  }

  /** Returns the indices of an array. */
  static List<List<Value>> of(String name, State state) {
    List<Value> all = new ArrayList<>();
    for (String each : state.variables().keySet()) {
      if (each.startsWith(name + "[")) {
        all.add(Value.of(each.substring(name.length() + 1, each.length() - 1)));
      }
    }
    @Nullable Binding array = state.variable(name);
    if (all.isEmpty() && array != null && array.alternatives().size() == 1) {
      for (int i = 0; i < array.alternatives().get(0).size(); i++) {
        all.add(Value.of(Integer.toString(i)));
      }
    }
    return List.of(all.isEmpty() ? List.of(Value.unknown(Origin.VARIABLE, name)) : all);
  }
}
