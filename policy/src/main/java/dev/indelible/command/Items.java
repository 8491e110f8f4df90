// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** Items of a text that {@code xargs} and similar programs pass to commands. */
final class Items {
  private static final int MAX_ITEMS = 100;

  private Items() {}

  /** Returns the words or lines of a text; unknown if there are too many. */
  static List<Value> of(Value content, boolean isLines, Budget budget) {
    if (content.pieces().isEmpty()) {
      return List.of();
    }
    Fields fields = new Fields(true, isLines ? "\n\0" : " \t\n\0", budget);
    fields.unquoted(content);
    List<Value> all = new ArrayList<>();
    for (Value each : fields.done().get(0)) {
      all.add(each);
    }
    budget.text(content.size());
    return all.size() > MAX_ITEMS ? List.of(Value.unknown(Origin.OUTPUT, "many words")) : all;
  }

  /** Returns an argument with an item in place of each placeholder. */
  static Value replaced(Value argument, String placeholder, Value item) {
    if (argument.prefix().indexOf(placeholder) < 0 && argument.isKnown()) {
      return argument;
    }
    Value.Builder all = new Value.Builder();
    for (Value.Piece piece : argument.pieces()) {
      if (!(piece instanceof Value.Known known)) {
        all.add(piece);
        continue;
      }
      String text = known.text();
      int from = 0;
      for (int at = text.indexOf(placeholder); at >= 0; at = text.indexOf(placeholder, from)) {
        all.add(text.substring(from, at)).add(item);
        from = at + placeholder.length();
      }
      all.add(text.substring(from));
    }
    return all.build();
  }
}
