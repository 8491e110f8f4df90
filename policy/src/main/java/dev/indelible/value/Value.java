// SPDX-License-Identifier: Apache-2.0
package dev.indelible.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A text that is known in part: pieces from left to right, no two known pieces side by side.
 *
 * @param pieces none for the empty text
 */
public record Value(List<Piece> pieces) {
  /** The empty text. */
  public static final Value EMPTY = new Value(List.of());

  /** A part of a value. */
  public sealed interface Piece {}

  /**
   * Text that is known.
   *
   * @param text not empty
   */
  public record Known(String text) implements Piece {}

  /**
   * An unquoted glob that the shell replaces by the names of existing files.
   *
   * @param glob for example {@code *}, {@code ?}, {@code [a-z]} or {@code **}
   */
  public record Glob(String glob) implements Piece {}

  /**
   * Text that is not known.
   *
   * @param origin where it comes from
   * @param detail the variable's name, the file's path or the URL; empty if there is none
   */
  public record Unknown(Origin origin, String detail) implements Piece {}

  /** Joins known pieces that stand side by side. */
  public Value {
    List<Piece> joined = new ArrayList<>(pieces.size());
    for (Piece piece : pieces) {
      if (piece instanceof Known known) {
        if (known.text().isEmpty()) {
          continue;
        }
        int last = joined.size() - 1;
        if (last >= 0 && joined.get(last) instanceof Known before) {
          joined.set(last, new Known(before.text() + known.text()));
          continue;
        }
      }
      joined.add(piece);
    }
    pieces = List.copyOf(joined);
  }

  /** Returns a value that is known as a whole. */
  public static Value of(String text) {
    return text.isEmpty() ? EMPTY : new Value(List.of(new Known(text)));
  }

  /** Returns a value of which nothing but its origin is known. */
  public static Value unknown(Origin origin, String detail) {
    return new Value(List.of(new Unknown(origin, detail)));
  }

  /** Returns this value with another behind it. */
  public Value plus(Value other) {
    List<Piece> all = new ArrayList<>(pieces);
    all.addAll(other.pieces);
    return new Value(all);
  }

  /** Returns the text, if it is known as a whole and has no glob. */
  public Optional<String> text() {
    if (pieces.isEmpty()) {
      return Optional.of("");
    }
    return pieces.size() == 1 && pieces.get(0) instanceof Known known
        ? Optional.of(known.text())
        : Optional.empty();
  }

  /** Returns the known text at the beginning; empty if the first piece is not known. */
  public String prefix() {
    return !pieces.isEmpty() && pieces.get(0) instanceof Known known ? known.text() : "";
  }

  /** Returns whether any piece has the origin. */
  public boolean has(Origin origin) {
    for (Piece piece : pieces) {
      if (piece instanceof Unknown unknown && unknown.origin() == origin) {
        return true;
      }
    }
    return false;
  }

  /** Returns the value from a position of its known prefix on. */
  public Value from(int position) {
    if (position == 0) {
      return this;
    }
    List<Piece> rest = new ArrayList<>(pieces);
    rest.set(0, new Known(prefix().substring(position)));
    return new Value(rest);
  }

  /** Returns the value for a person: globs as written, unknown text as {@code ‹variable X›}. */
  public String display() {
    StringBuilder out = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Known known) {
        out.append(known.text());
      } else if (piece instanceof Glob glob) {
        out.append(glob.glob());
      } else if (piece instanceof Unknown unknown) {
        switch (unknown.origin()) {
          case HOME -> out.append('~');
          case VARIABLE -> out.append('$').append(unknown.detail());
          default -> {
            out.append('<').append(unknown.origin().name().toLowerCase(java.util.Locale.ROOT));
            out.append(unknown.detail().isEmpty() ? "" : " " + unknown.detail()).append('>');
          }
        }
      }
    }
    return out.toString();
  }
}
