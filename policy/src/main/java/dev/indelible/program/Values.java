// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import dev.indelible.value.Value.Glob;
import dev.indelible.value.Value.Known;
import dev.indelible.value.Value.Piece;
import java.util.ArrayList;
import java.util.List;

/** Operations on values: comparing, splitting and joining them. */
final class Values {
  static final Value HOME = Value.unknown(Origin.HOME, "");
  static final Value SPACE = Value.of(" ");

  /**
   * Maximum size of a text that code joins; a larger one counts as unknown. Otherwise, a text that
   * is doubled again and again would fill the memory.
   */
  static final int MAX_JOINED = 4_096;

  private static final Value COMPUTED = Value.unknown(Origin.OUTPUT, "");

  private Values() {}

  /** Returns two texts joined; unknown if they exceed {@link #MAX_JOINED}. */
  static Value plus(Value left, Value right) {
    boolean isEmpty = left.pieces().isEmpty() || right.pieces().isEmpty();
    return isEmpty || left.size() + right.size() <= MAX_JOINED ? left.plus(right) : COMPUTED;
  }

  /** Returns true if the text is known as a whole. */
  static boolean isKnown(Value value) {
    List<Piece> pieces = value.pieces();
    return pieces.isEmpty() || pieces.size() == 1 && pieces.get(0) instanceof Known;
  }

  /** Returns true if the value is this known text. */
  static boolean is(Value value, String text) {
    return isKnown(value) && value.prefix().equals(text);
  }

  /** Returns whether a path is known and relative, and does not lead upwards. */
  static boolean isBelow(Value path) {
    String text = path.prefix();
    return isKnown(path) && !text.startsWith("/") && !text.contains("..");
  }

  /**
   * Returns the two parts around the first known occurrence of a character; one part if there is
   * none.
   */
  static List<Value> cut(Value value, char separator) {
    List<Piece> pieces = value.pieces();
    for (int i = 0; i < pieces.size(); i++) {
      if (pieces.get(i) instanceof Known known) {
        int at = known.text().indexOf(separator);
        if (at >= 0) {
          return around(pieces, i, known.text(), at, at + 1);
        }
      }
    }
    return List.of(value);
  }

  /** Returns the parts between the known occurrences of a character. */
  static List<Value> split(Value value, char separator) {
    List<Value> parts = new ArrayList<>();
    List<Piece> part = new ArrayList<>();
    for (Piece piece : value.pieces()) {
      if (!(piece instanceof Known known)) {
        part.add(piece);
        continue;
      }
      String text = known.text();
      int from = 0;
      for (int at = text.indexOf(separator); at >= 0; at = text.indexOf(separator, from)) {
        part.add(new Known(text.substring(from, at)));
        parts.add(new Value(part));
        part = new ArrayList<>();
        from = at + 1;
      }
      part.add(new Known(text.substring(from)));
    }
    parts.add(new Value(part));
    return parts;
  }

  /** Returns the words of a value: its non-empty parts between known blanks. */
  static List<Value> words(Value value) {
    List<Value> words = new ArrayList<>();
    for (Value part : split(value, ' ')) {
      if (!part.pieces().isEmpty()) {
        words.add(part);
      }
    }
    return words;
  }

  /**
   * Returns the part after the last known {@code /}, or a known value without one; empty otherwise.
   */
  static Value baseName(Value path) {
    List<Piece> pieces = path.pieces();
    int end = pieces.size();
    for (int i = end - 1; i >= 0; i--) {
      if (pieces.get(i) instanceof Known known) {
        String text = known.text();
        int from = text.length() - 1;
        while (i == end - 1 && from >= 0 && text.charAt(from) == '/') {
          from--;
        }
        int at = text.lastIndexOf('/', from);
        if (at >= 0) {
          List<Value> parts = around(pieces, i, text, at, at + 1);
          return withoutSlashes(parts.get(1));
        }
      }
    }
    return isKnown(path) ? withoutSlashes(path) : Value.EMPTY;
  }

  /** Returns a path below a directory. */
  static Value below(Value directory, Value name) {
    List<Piece> pieces = directory.pieces();
    boolean ended =
        !pieces.isEmpty()
            && pieces.get(pieces.size() - 1) instanceof Known known
            && known.text().endsWith("/");
    return (ended ? directory : directory.plus(Value.of("/"))).plus(name);
  }

  /** Returns the values joined by spaces, from an index on. */
  static Value joined(List<Value> values, int from) {
    List<Piece> pieces = new ArrayList<>();
    for (int i = from; i < values.size(); i++) {
      if (i > from) {
        pieces.add(new Known(" "));
      }
      pieces.addAll(values.get(i).pieces());
    }
    return new Value(pieces);
  }

  /** Returns a path as a person writes it, with {@code ~} for the home directory. */
  static Value path(String text) {
    if (text.equals("~") || text.startsWith("~/")) {
      return HOME.plus(Value.of(text.substring(1)));
    }
    return Value.of(text);
  }

  /** Returns a text with its wildcards as globs, for a program that expands them itself. */
  static Value globbed(String text) {
    List<Piece> pieces = new ArrayList<>();
    int from = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '*' || c == '?') {
        pieces.add(new Known(text.substring(from, i)));
        pieces.add(new Glob(String.valueOf(c)));
        from = i + 1;
      }
    }
    pieces.add(new Known(text.substring(from)));
    return new Value(pieces);
  }

  private static Value withoutSlashes(Value path) {
    List<Piece> pieces = path.pieces();
    int last = pieces.size() - 1;
    if (last < 0 || !(pieces.get(last) instanceof Known known) || !known.text().endsWith("/")) {
      return path;
    }
    int end = known.text().length();
    while (end > 0 && known.text().charAt(end - 1) == '/') {
      end--;
    }
    List<Piece> trimmed = new ArrayList<>(pieces);
    trimmed.set(last, new Known(known.text().substring(0, end)));
    return new Value(trimmed);
  }

  private static List<Value> around(List<Piece> pieces, int index, String text, int end, int next) {
    List<Piece> before = new ArrayList<>(pieces.subList(0, index));
    before.add(new Known(text.substring(0, end)));
    List<Piece> after = new ArrayList<>();
    after.add(new Known(text.substring(next)));
    after.addAll(pieces.subList(index + 1, pieces.size()));
    return List.of(new Value(before), new Value(after));
  }
}
