// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/** A table of text; a column is as wide as its widest cell. */
final class Table {
  private static final String GAP = "  ";

  private final List<String> heads;
  private final List<List<Cell>> rows = new ArrayList<>();

  Table(String... heads) {
    this.heads = List.of(heads);
  }

  /** Adds a row. Each column is a {@link Cell}, or a value that becomes a cell without a style. */
  void row(Object... cells) {
    rows.add(Stream.of(cells).map(Cell::of).toList());
  }

  /** Prints the table, or a line of text if it has no rows. */
  void printOr(String none, Console console) {
    if (rows.isEmpty()) {
      console.line(none);
    } else {
      print(console);
    }
  }

  void print(Console console) {
    int[] widths = new int[heads.size()];
    for (int i = 0; i < widths.length; i++) {
      widths[i] = length(heads.get(i));
      for (List<Cell> row : rows) {
        widths[i] = Math.max(widths[i], length(row.get(i).text()));
      }
    }
    List<Cell> first = new ArrayList<>();
    for (int i = 0; i < widths.length; i++) {
      boolean right = !rows.isEmpty() && i < rows.get(0).size() && rows.get(0).get(i).isRight();
      first.add(new Cell(heads.get(i), console::faint, right));
    }
    console.line(line(first, widths));
    rows.forEach(row -> console.line(line(row, widths)));
  }

  private static String line(List<Cell> cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      Cell cell = cells.get(i);
      String padding = " ".repeat(widths[i] - length(cell.text()));
      String text = cell.style().apply(cell.text());
      line.append(cell.isRight() ? padding + text : text + padding).append(GAP);
    }
    return line.toString().stripTrailing();
  }

  private static int length(String text) {
    return text.codePointCount(0, text.length());
  }

  /**
   * One cell.
   *
   * @param text the text
   * @param style colours it, without changing its width
   * @param isRight true for a number, which ends where its column ends
   */
  record Cell(String text, UnaryOperator<String> style, boolean isRight) {
    Cell(String text, UnaryOperator<String> style) {
      this(text, style, false);
    }

    /** Returns the cell of a number. */
    static Cell right(String number) {
      return new Cell(number, UnaryOperator.identity(), true);
    }

    /** Returns this cell in a style. */
    Cell styled(UnaryOperator<String> other) {
      return new Cell(text, other, isRight);
    }

    static Cell of(Object text) {
      return text instanceof Cell cell
          ? cell
          : new Cell(String.valueOf(text), UnaryOperator.identity());
    }
  }
}
