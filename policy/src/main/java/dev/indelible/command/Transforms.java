// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.shell.Word;
import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Operators of parameter expansion that change the value. */
final class Transforms {
  private final Interpreter interpreter;
  private final Expander expander;

  Transforms(Interpreter interpreter, Expander expander) {
    this.interpreter = interpreter;
    this.expander = expander;
  }

  /** Applies an operator to each element. */
  List<List<Value>> each(List<List<Value>> found, String operator, Word argument, State state) {
    UnaryOperator<Value> change = operator(operator, argument, state);
    List<List<Value>> all = new ArrayList<>(found.size());
    for (List<Value> alternative : found) {
      List<Value> changed = new ArrayList<>(alternative.size());
      for (Value value : alternative) {
        interpreter.budget().text(value.size());
        changed.add(change.apply(value));
      }
      all.add(changed);
    }
    return all;
  }

  private UnaryOperator<Value> operator(String operator, Word argument, State state) {
    switch (operator) {
      case "#", "##", "%", "%%":
        @Nullable String pattern = expander.pattern(argument, state);
        return value -> removed(value, pattern, operator);
      case "/", "//", "/#", "/%":
        return replacement(operator, argument, state);
      case "^":
        return value -> cased(value, text -> first(text, text.toUpperCase(Locale.ROOT)));
      case ",":
        return value -> cased(value, text -> first(text, text.toLowerCase(Locale.ROOT)));
      case "^^":
        return value -> cased(value, text -> text.toUpperCase(Locale.ROOT));
      case ",,":
        return value -> cased(value, text -> text.toLowerCase(Locale.ROOT));
      case "@":
        return transformation(argument);
      default:
        return Transforms::weakened;
    }
  }

  private static String first(String text, String changed) {
    return text.isEmpty() ? text : changed.charAt(0) + text.substring(1);
  }

  private static Value cased(Value value, UnaryOperator<String> change) {
    return value.isKnown() ? Value.of(change.apply(value.prefix())) : value;
  }

  /** Returns an unknown value with the source of this value. */
  static Value weakened(Value value) {
    List<Value.Piece> pieces = new ArrayList<>();
    for (Value.Piece piece : value.pieces()) {
      if (!(piece instanceof Value.Known)) {
        pieces.add(piece);
      }
    }
    return pieces.isEmpty() ? Value.unknown(Origin.OUTPUT, "text") : new Value(pieces);
  }

  private Value removed(Value value, @Nullable String pattern, String operator) {
    if (pattern == null) {
      return weakened(value);
    }
    boolean isLongest = operator.length() == 2;
    boolean isPrefix = operator.charAt(0) == '#';
    Budget budget = interpreter.budget();
    if (value.isKnown()) {
      String text = value.prefix();
      return Value.of(
          isPrefix
              ? Pattern.withoutPrefix(text, pattern, isLongest, budget)
              : Pattern.withoutSuffix(text, pattern, isLongest, budget));
    }
    if (!isPrefix && pattern.equals("/*") && Paths.isScript(value)) {
      return Paths.parent(value);
    }
    List<Value.Piece> pieces = new ArrayList<>(value.pieces());
    if (isPrefix && isLongest && pattern.equals("*/")) {
      return afterLastSlash(value);
    }
    int at = isPrefix ? 0 : pieces.size() - 1;
    if (pieces.get(at) instanceof Value.Known known) {
      String rest =
          isPrefix
              ? Pattern.withoutPrefix(known.text(), pattern, isLongest, budget)
              : Pattern.withoutSuffix(known.text(), pattern, isLongest, budget);
      if (rest.length() < known.text().length()) {
        pieces.set(at, new Value.Known(rest));
        return new Value(pieces);
      }
      if (!Pattern.hasSpecial(pattern)) {
        return value;
      }
    } else if (!Pattern.hasSpecial(pattern)) {
      return value;
    }
    return weakened(value);
  }

  /** Returns the last component of a path. */
  static Value afterLastSlash(Value path) {
    Value.Builder last = new Value.Builder();
    for (Value.Piece piece : path.pieces()) {
      if (piece instanceof Value.Known known && known.text().indexOf('/') >= 0) {
        last = new Value.Builder().add(known.text().substring(known.text().lastIndexOf('/') + 1));
      } else {
        last.add(piece);
      }
    }
    return last.build();
  }

  private UnaryOperator<Value> replacement(String operator, Word argument, State state) {
    List<Word.Part> before = new ArrayList<>();
    List<Word.Part> after = new ArrayList<>();
    boolean isAfter = false;
    for (Word.Part part : argument.parts()) {
      int slash =
          !isAfter && part instanceof Word.Literal literal && !literal.isQuoted()
              ? literal.text().indexOf('/')
              : -1;
      if (slash >= 0) {
        String text = ((Word.Literal) part).text();
        before.add(new Word.Literal(text.substring(0, slash), false));
        after.add(new Word.Literal(text.substring(slash + 1), false));
        isAfter = true;
      } else {
        (isAfter ? after : before).add(part);
      }
    }
    @Nullable String pattern = expander.pattern(new Word(before), state);
    Value replacement = expander.single(new Word(after), state);
    return value -> {
      if (pattern == null || !value.isKnown()) {
        return weakened(value);
      }
      if (!replacement.isKnown()) {
        boolean isMatched =
            !Pattern.replaced(value.prefix(), pattern, "", operator, interpreter.budget())
                .equals(value.prefix());
        return isMatched ? weakened(value.plus(replacement)) : value;
      }
      return Value.of(
          Pattern.replaced(
              value.prefix(), pattern, replacement.prefix(), operator, interpreter.budget()));
    };
  }

  private UnaryOperator<Value> transformation(Word argument) {
    String kind = argument.literal().orElse("");
    return switch (kind) {
      case "U" -> value -> cased(value, text -> text.toUpperCase(Locale.ROOT));
      case "L" -> value -> cased(value, text -> text.toLowerCase(Locale.ROOT));
      case "u" -> value -> cased(value, text -> first(text, text.toUpperCase(Locale.ROOT)));
      case "E" -> value -> cased(value, text -> Format.escapes(text, true));
      case "Q" -> value -> cased(value, text -> "'" + text.replace("'", "'\\''") + "'");
      case "P" ->
          value -> {
            interpreter.prompt(value);
            return weakened(value);
          };
      default -> Transforms::weakened;
    };
  }

  /** Returns the part of each text, or of the list, that begins at an offset. */
  List<List<Value>> slices(List<List<Value>> found, boolean isList, Word argument, State state) {
    Value text = expander.single(argument, state);
    int colon = text.isKnown() ? text.prefix().indexOf(':') : -1;
    String from = text.isKnown() && colon >= 0 ? text.prefix().substring(0, colon) : text.prefix();
    @Nullable Long offset =
        text.isKnown() ? expander.number(Value.of(from.isBlank() ? "0" : from), state) : null;
    @Nullable Long length =
        colon < 0 ? null : expander.number(Value.of(text.prefix().substring(colon + 1)), state);
    List<List<Value>> all = new ArrayList<>();
    for (List<Value> alternative : found) {
      if (offset == null || colon >= 0 && length == null) {
        all.add(alternative.stream().map(Transforms::weakened).toList());
      } else if (isList) {
        all.add(slice(alternative, offset, length));
      } else {
        all.add(alternative.stream().map(value -> slice(value, offset, length)).toList());
      }
    }
    return all;
  }

  private static Value slice(Value value, long offset, @Nullable Long length) {
    if (!value.isKnown()) {
      return weakened(value);
    }
    String text = value.prefix();
    int from = clamp(offset < 0 ? text.length() + offset : offset, text.length());
    if (offset < -text.length()) {
      return Value.EMPTY;
    }
    int to =
        length == null
            ? text.length()
            : clamp(length < 0 ? text.length() + length : from + length, text.length());
    return to <= from ? Value.EMPTY : Value.of(text.substring(from, to));
  }

  /** Returns a part of the positional parameters, which count from 1, or of an array. */
  private List<Value> slice(List<Value> list, long offset, @Nullable Long length) {
    int from = clamp(offset < 0 ? list.size() + offset : offset, list.size());
    int to = length == null ? list.size() : clamp(from + length, list.size());
    return to <= from ? List.of() : list.subList(from, to);
  }

  private static int clamp(long value, int max) {
    return (int) Math.max(0, Math.min(value, max));
  }
}
