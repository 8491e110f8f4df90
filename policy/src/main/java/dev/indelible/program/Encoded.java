// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.List;

/**
 * A value as a string for scanners: each unknown piece is one character of a private-use range, so
 * that any part of the string can be converted back to a value.
 */
final class Encoded {
  /** The first of the characters that stand for pieces. */
  private static final char FIRST = '\uE000';

  /** The number of characters that can stand for pieces. */
  private static final int MAX_PIECES = 0x1800;

  private final String text;
  private final List<Piece> unknown = new ArrayList<>();

  Encoded(Value value) {
    StringBuilder out = new StringBuilder();
    for (Piece piece : value.pieces()) {
      if (piece instanceof Known known) {
        out.append(known.text());
      } else {
        out.append(mark(piece));
      }
    }
    text = out.toString();
  }

  /** Returns the string. */
  String text() {
    return text;
  }

  /** Returns a character that stands for a piece from now on. */
  char mark(Piece piece) {
    int index = Math.min(unknown.size(), MAX_PIECES - 1);
    if (index == unknown.size()) {
      unknown.add(piece);
    }
    return (char) (FIRST + index);
  }

  /** Returns a part of the string as a value. */
  Value value(String part) {
    int from = 0;
    List<Piece> pieces = new ArrayList<>();
    for (int i = 0; i < part.length(); i++) {
      int index = part.charAt(i) - FIRST;
      if (index >= 0 && index < unknown.size()) {
        pieces.add(new Known(part.substring(from, i)));
        pieces.add(unknown.get(index));
        from = i + 1;
      }
    }
    pieces.add(new Known(part.substring(from)));
    return new Value(pieces);
  }
}
