// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Collects the standard output of commands, with alternatives where branches differ. */
final class Sink {
  /** Alternatives of the text up to the last branch. */
  private List<Value> before = List.of(Value.EMPTY);

  /** Text after the last branch, which has no alternatives. */
  private Value.Builder rest = new Value.Builder();

  /** Returns what was written: at least one alternative. */
  List<Value> alternatives() {
    if (!rest.isEmpty()) {
      Value last = rest.build();
      before = joined(before, List.of(last));
      rest = new Value.Builder();
    }
    return before;
  }

  /** Appends a text. */
  void add(Value text) {
    rest.add(text);
  }

  /** Appends a text that has alternatives. */
  Sink add(List<Value> texts) {
    if (texts.size() == 1) {
      rest.add(texts.get(0));
    } else {
      before = joined(alternatives(), texts);
    }
    return this;
  }

  private static List<Value> joined(List<Value> before, List<Value> texts) {
    if (before.size() == 1 && before.get(0).pieces().isEmpty()) {
      return texts;
    }
    List<Value> all = new ArrayList<>();
    for (Value first : before) {
      for (Value text : texts) {
        Value joined = first.plus(text);
        if (!all.contains(joined)) {
          all.add(joined);
        }
      }
    }
    return all.size() > Binding.MAX_ALTERNATIVES ? List.of(sources(all)) : all;
  }

  /** Appends what either of two branches wrote. */
  Sink addEither(Sink one, Sink other) {
    List<Value> all = new ArrayList<>(one.alternatives());
    for (Value each : other.alternatives()) {
      if (!all.contains(each)) {
        all.add(each);
      }
    }
    return add(all);
  }

  private static Value sources(List<Value> values) {
    Value.Builder all = new Value.Builder().add(new Value.Unknown(Origin.OUTPUT, ""));
    values.forEach(each -> all.add(each.sources()));
    return all.build().sources();
  }
}
