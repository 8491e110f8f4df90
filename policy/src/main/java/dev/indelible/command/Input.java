// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.List;

/** The standard input of commands, which they read from one after another. */
final class Input {
  private Value rest;

  Input(Value content) {
    this.rest = content;
  }

  static Input ofScript() {
    return new Input(Value.unknown(Origin.INPUT, ""));
  }

  /** Returns the text that is not read yet. */
  Value rest() {
    return rest;
  }

  /** Returns true if all text was read. */
  boolean isAtEnd() {
    return rest.pieces().isEmpty();
  }

  /**
   * Reads a line and returns it without its end. Does not consume unknown text, which may contain
   * any number of lines.
   *
   * @param delimiter the end of a line; if it is NUL and the text has none, lines end at newlines
   */
  Value line(char delimiter) {
    char end = delimiter == '\0' && !has(delimiter) ? '\n' : delimiter;
    Value.Builder line = new Value.Builder();
    List<Value.Piece> pieces = rest.pieces();
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) instanceof Value.Unknown unknown
          && unknown.origin() != Origin.HOME
          && unknown.origin() != Origin.SCRATCH) {
        return rest.sources();
      }
      if (pieces.get(i) instanceof Value.Known known && known.text().indexOf(end) >= 0) {
        int at = known.text().indexOf(end);
        line.add(known.text().substring(0, at));
        Value.Builder after = new Value.Builder().add(known.text().substring(at + 1));
        pieces.subList(i + 1, pieces.size()).forEach(after::add);
        rest = after.build();
        return line.build();
      }
      line.add(pieces.get(i));
    }
    rest = Value.EMPTY;
    return line.build();
  }

  private boolean has(char character) {
    for (Value.Piece piece : rest.pieces()) {
      if (piece instanceof Value.Known known && known.text().indexOf(character) >= 0) {
        return true;
      }
    }
    return false;
  }
}
