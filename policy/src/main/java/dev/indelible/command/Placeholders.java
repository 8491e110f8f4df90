// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/**
 * Characters that represent unknown text while a script that contains it is parsed, for example the
 * argument of {@code sh -c "cd $DIR && make"}. The characters are from Unicode's private use area.
 */
final class Placeholders {
  private static final char FIRST = '\ue000';
  private static final int MAX = 0x1000;

  private final List<Value.Piece> pieces = new ArrayList<>();

  /** Returns true if a text contains placeholders, so that it must be decoded. */
  boolean mayBeIn(String text) {
    if (pieces.isEmpty()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (isPlaceholder(text.charAt(i))) {
        return true;
      }
    }
    return false;
  }

  private boolean isPlaceholder(char c) {
    return c >= FIRST && c < FIRST + pieces.size();
  }

  /** Returns a value as a text to be parsed. */
  String encode(Value value) {
    StringBuilder text = new StringBuilder();
    for (Value.Piece piece : value.pieces()) {
      if (piece instanceof Value.Known known) {
        text.append(known.text());
        continue;
      }
      int index = pieces.indexOf(piece);
      if (index < 0) {
        if (pieces.size() == MAX) {
          throw new Budget.ExceededException("has more than " + MAX + " unknown texts");
        }
        index = pieces.size();
        pieces.add(piece);
      }
      text.append((char) (FIRST + index));
    }
    return text.toString();
  }

  /** Returns a text of a parsed script as a value. */
  Value decode(String text) {
    if (!mayBeIn(text)) {
      return Value.of(text);
    }
    Value.Builder value = new Value.Builder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isPlaceholder(c)) {
        value.add(pieces.get(c - FIRST));
      } else {
        value.add(c);
      }
    }
    return value.build();
  }
}
