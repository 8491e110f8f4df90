// SPDX-License-Identifier: Apache-2.0
package dev.indelible.command;

import dev.indelible.value.Origin;
import dev.indelible.value.Value;
import java.util.ArrayList;
import java.util.List;

/** The fields to which a word expands, built from left to right. Each row is one alternative. */
final class Fields {
  private final boolean isSplit;
  private final String separators;
  private final Budget budget;
  private List<Row> rows = new ArrayList<>(1);

  /**
   * Begins a word.
   *
   * @param isSplit true if unquoted expansions undergo word splitting and pathname expansion; false
   *     if the word is one field
   * @param separators the characters of {@code IFS}
   */
  Fields(boolean isSplit, String separators, Budget budget) {
    this.budget = budget;
    this.isSplit = isSplit;
    this.separators = separators;
    rows.add(new Row());
  }

  /** The fields of one alternative. */
  private static final class Row {
    final List<Value> done = new ArrayList<>(2);
    Value.Builder field = new Value.Builder();

    /** Set if the field exists, even if it is empty. */
    boolean begun;

    Row copy() {
      Row copy = new Row();
      copy.done.addAll(done);
      copy.field = field.copy();
      copy.begun = begun;
      return copy;
    }

    void finish() {
      if (begun) {
        done.add(field.build());
        field = new Value.Builder();
        begun = false;
      }
    }
  }

  boolean isSplit() {
    return isSplit;
  }

  /** Adds a value without word splitting or pathname expansion. */
  void quoted(Value value) {
    for (Row row : rows) {
      budget.text(value.size());
      row.field.add(value);
      row.begun = true;
    }
  }

  /** Adds unquoted text of the script, with pathname expansion but without word splitting. */
  void literal(String text) {
    for (Row row : rows) {
      if (isSplit) {
        globs(row.field, text);
      } else {
        row.field.add(text);
      }
      row.begun = true;
    }
  }

  /** Adds the value of an unquoted expansion, with pathname expansion and word splitting. */
  void unquoted(Value value) {
    for (Row row : rows) {
      unquoted(row, value);
    }
  }

  /**
   * Adds alternatives.
   *
   * @param alternatives each a list of elements; each element becomes a separate field
   */
  void alternatives(List<List<Value>> alternatives, boolean isQuoted) {
    if (alternatives.size() == 1) {
      for (Row row : rows) {
        elements(row, alternatives.get(0), isQuoted);
      }
      return;
    }
    List<Row> all = new ArrayList<>();
    for (Row row : rows) {
      for (List<Value> alternative : alternatives) {
        Row copy = row.copy();
        budget.text(16L * row.done.size());
        elements(copy, alternative, isQuoted);
        all.add(copy);
      }
    }
    rows = all;
    limit();
  }

  private void elements(Row row, List<Value> elements, boolean isQuoted) {
    budget.text(16L * elements.size());
    for (int i = 0; i < elements.size(); i++) {
      if (i > 0) {
        if (isSplit) {
          row.finish();
        } else {
          row.field.add(' ');
        }
      }
      if (isQuoted || !isSplit) {
        budget.text(elements.get(i).size());
        row.field.add(elements.get(i));
        row.begun = true;
      } else {
        unquoted(row, elements.get(i));
      }
    }
  }

  private void unquoted(Row row, Value value) {
    budget.text(value.size());
    for (Value.Piece piece : value.pieces()) {
      if (!isSplit || !(piece instanceof Value.Known known)) {
        row.field.add(piece);
        row.begun = true;
        continue;
      }
      String text = known.text();
      int start = 0;
      for (int i = 0; i <= text.length(); i++) {
        if (i < text.length() && separators.indexOf(text.charAt(i)) < 0) {
          continue;
        }
        if (i > start) {
          globs(row.field, text.substring(start, i));
          row.begun = true;
        }
        if (i < text.length()) {
          boolean isBlank = " \t\n".indexOf(text.charAt(i)) >= 0;
          row.begun |= !isBlank;
          row.finish();
          budget.text(16);
        }
        start = i + 1;
      }
    }
  }

  /** Copies the rows, so that one branch of an expansion can be added to each. */
  Fields copy() {
    Fields copy = new Fields(isSplit, separators, budget);
    copy.rows.clear();
    for (Row row : rows) {
      copy.rows.add(row.copy());
    }
    return copy;
  }

  /** Adds the rows of other fields. If {@code isBeside} is false, they replace the present rows. */
  void take(Fields other, boolean isBeside) {
    if (isBeside) {
      rows.addAll(other.rows);
      limit();
    } else {
      rows = other.rows;
    }
  }

  private void limit() {
    if (rows.size() > Binding.MAX_ALTERNATIVES) {
      Row unknown = new Row();
      unknown.field.add(new Value.Unknown(Origin.OUTPUT, "many values"));
      unknown.begun = true;
      rows = new ArrayList<>(List.of(unknown));
    }
  }

  /** Returns the fields of each distinct alternative. */
  List<List<Value>> done() {
    List<List<Value>> all = new ArrayList<>(rows.size());
    for (Row row : rows) {
      row.finish();
      if (rows.size() == 1 || !all.contains(row.done)) {
        all.add(row.done);
      }
    }
    return all;
  }

  /** Returns each distinct alternative as one value, with its elements joined by spaces. */
  List<Value> single() {
    List<Value> all = new ArrayList<>(rows.size());
    for (Row row : rows) {
      Value value = row.field.build();
      if (rows.size() == 1 || !all.contains(value)) {
        all.add(value);
      }
    }
    return all;
  }

  /** Adds text in which {@code *}, {@code ?} and sets are globs. */
  private static void globs(Value.Builder field, String text) {
    int start = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean isExtended =
          c != '['
              && "*?!+@".indexOf(c) >= 0
              && text.startsWith("(", i + 1)
              && text.indexOf(')', i) > 0;
      if (c != '*' && c != '?' && c != '[' && !isExtended) {
        continue;
      }
      int end = c == '[' ? Pattern.setEnd(text, i) : isExtended ? text.lastIndexOf(')') : i;
      if (end < 0) {
        continue;
      }
      while (c != '[' && !isExtended && isWildcard(text, end + 1)) {
        end++; // A run of wildcards is one piece.
      }
      field.add(text.substring(start, i));
      field.add(new Value.Glob(text.substring(i, end + 1)));
      i = end;
      start = end + 1;
    }
    field.add(start == 0 ? text : text.substring(start));
  }

  private static boolean isWildcard(String text, int at) {
    return at < text.length()
        && (text.charAt(at) == '*' || text.charAt(at) == '?')
        && !text.startsWith("(", at + 1);
  }
}
