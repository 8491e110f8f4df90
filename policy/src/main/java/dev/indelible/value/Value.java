// SPDX-License-Identifier: Apache-2.0
package dev.indelible.value;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A text of which parts may be unknown: pieces from left to right, never two known ones in a row.
 *
 * @param pieces empty for the empty text
 */
public record Value(List<Piece> pieces) {
  /** The empty text. */
  public static final Value EMPTY = new Value(List.of());

  /**
   * Everything below a directory, as a command lists it; the glob {@code **} may also mean only
   * some of the entries.
   */
  public static final Glob ALL = new Glob("**/**");

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
   * Text that is unknown.
   *
   * @param origin where it comes from
   * @param detail the variable's name, the file's path or the URL; empty if there is none
   */
  public record Unknown(Origin origin, String detail) implements Piece {}

  /** Joins known pieces that stand side by side. */
  public Value {
    pieces = isJoined(pieces) ? List.copyOf(pieces) : joined(pieces);
  }

  private static boolean isJoined(List<Piece> pieces) {
    boolean wasKnown = false;
    for (int i = 0; i < pieces.size(); i++) {
      boolean isKnown = pieces.get(i) instanceof Known;
      if (isKnown && (wasKnown || ((Known) pieces.get(i)).text().isEmpty())) {
        return false;
      }
      wasKnown = isKnown;
    }
    return true;
  }

  private static List<Piece> joined(List<Piece> pieces) {
    List<Piece> joined = new ArrayList<>(pieces.size());
    StringBuilder text = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Known known) {
        text.append(known.text());
      } else {
        flush(text, joined);
        joined.add(piece);
      }
    }
    flush(text, joined);
    return List.copyOf(joined);
  }

  private static void flush(StringBuilder text, List<Piece> into) {
    if (text.length() > 0) {
      into.add(new Known(text.toString()));
      text.setLength(0);
    }
  }

  /** Returns a value that is known as a whole. */
  public static Value of(String text) {
    return text.isEmpty() ? EMPTY : new Value(List.of(new Known(text)));
  }

  /** Returns an unknown value with an origin. */
  public static Value unknown(Origin origin, String detail) {
    return new Value(List.of(new Unknown(origin, detail)));
  }

  /** Returns this value followed by another one. */
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

  /** Returns true if the text is known as a whole and has no glob. */
  public boolean isKnown() {
    return pieces.isEmpty() || pieces.size() == 1 && pieces.get(0) instanceof Known;
  }

  /** Returns a measure of the space that the value takes, in characters. */
  public int size() {
    int size = 0;
    for (int i = 0; i < pieces.size(); i++) {
      size += pieces.get(i) instanceof Known known ? known.text().length() : 16;
    }
    return size;
  }

  /** Returns true if any part of the text is unknown; a glob does not count as unknown. */
  public boolean hasUnknown() {
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) instanceof Unknown) {
        return true;
      }
    }
    return false;
  }

  /** Returns only the unknown pieces, each once: the sources of the text. */
  public Value sources() {
    List<Piece> found = new ArrayList<>();
    for (Piece piece : pieces) {
      if (piece instanceof Unknown && !found.contains(piece)) {
        found.add(piece);
      }
    }
    return new Value(found);
  }

  /** Returns the known text at the beginning; empty if the first piece is unknown. */
  public String prefix() {
    return !pieces.isEmpty() && pieces.get(0) instanceof Known known ? known.text() : "";
  }

  /** Returns true if any piece has the origin. */
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

  /**
   * Returns the value for display: globs as written, unknown text as {@code $X} or {@code
   * <network>}.
   */
  public String display() {
    StringBuilder out = new StringBuilder();
    for (Piece piece : pieces) {
      if (piece instanceof Known known) {
        out.append(known.text());
      } else if (piece instanceof Glob glob) {
        out.append(glob.glob());
      } else if (piece instanceof Unknown unknown) {
        switch (unknown.origin()) {
          case HOME -> out.append('~').append(unknown.detail());
          case VARIABLE -> out.append('$').append(unknown.detail());
          default -> {
            out.append('<').append(unknown.origin().name().toLowerCase(Locale.ROOT));
            out.append(unknown.detail().isEmpty() ? "" : " " + unknown.detail()).append('>');
          }
        }
      }
    }
    return out.toString();
  }

  /** Collects a value from left to right. */
  public static final class Builder {
    private List<Piece> pieces = List.of();
    private final StringBuilder text;

    /** Begins with the empty text. */
    public Builder() {
      this(new StringBuilder());
    }

    private Builder(StringBuilder text) {
      this.text = text;
    }

    /** Adds known text. */
    public Builder add(CharSequence characters) {
      text.append(characters);
      return this;
    }

    /** Adds a known character. */
    public Builder add(char character) {
      text.append(character);
      return this;
    }

    /** Adds all pieces of a value. */
    public Builder add(Value value) {
      for (int i = 0; i < value.pieces.size(); i++) {
        add(value.pieces.get(i));
      }
      return this;
    }

    /** Adds a piece; two globs in a row become one. */
    public Builder add(Piece piece) {
      if (piece instanceof Known known) {
        text.append(known.text());
        return this;
      }
      if (pieces.isEmpty()) {
        pieces = new ArrayList<>(4);
      }
      flush(text, pieces);
      int last = pieces.size() - 1;
      if (piece instanceof Glob glob && last >= 0 && pieces.get(last) instanceof Glob before) {
        pieces.set(last, new Glob(before.glob() + glob.glob()));
      } else {
        pieces.add(piece);
      }
      return this;
    }

    /** Returns true if nothing was added. */
    public boolean isEmpty() {
      return pieces.isEmpty() && text.length() == 0;
    }

    /** Returns the value; the builder can still be used. */
    public Value build() {
      if (pieces.isEmpty()) {
        return Value.of(text.toString());
      }
      if (text.length() == 0) {
        return new Value(pieces);
      }
      List<Piece> all = new ArrayList<>(pieces.size() + 1);
      all.addAll(pieces);
      all.add(new Known(text.toString()));
      return new Value(all);
    }

    /** Returns a builder with what was added so far. */
    public Builder copy() {
      Builder copy = new Builder(new StringBuilder(text));
      copy.pieces = pieces.isEmpty() ? List.of() : new ArrayList<>(pieces);
      return copy;
    }
  }
}
