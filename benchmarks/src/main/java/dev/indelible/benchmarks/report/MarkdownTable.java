// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.report;

import dev.indelible.benchmarks.load.Latencies;
import java.util.ArrayList;
import java.util.List;

/**
 * A Markdown table. Each column is as wide as its widest cell. The first column is aligned left,
 * the others right.
 */
public final class MarkdownTable {
  private final List<String> heads;
  private final List<List<String>> rows = new ArrayList<>();

  /** Creates a table with these column titles. */
  public MarkdownTable(String... heads) {
    this.heads = List.of(heads);
  }

  /**
   * Adds a row. Each argument is one cell; {@link Latencies} are four cells: p50, p99, p99.9 and
   * max.
   */
  public MarkdownTable row(Object... cells) {
    List<String> row = new ArrayList<>();
    for (Object cell : cells) {
      if (cell instanceof Latencies times) {
        row.add(Units.time(times.p50()));
        row.add(Units.time(times.p99()));
        row.add(Units.time(times.p999()));
        row.add(Units.time(times.max()));
      } else {
        row.add(cell.toString());
      }
    }
    if (row.size() != heads.size()) {
      throw new IllegalArgumentException(row + " is not a row of " + heads);
    }
    rows.add(row);
    return this;
  }

  /** Returns true if there are no rows. */
  public boolean isEmpty() {
    return rows.isEmpty();
  }

  @Override
  public String toString() {
    int[] widths = new int[heads.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = Math.max(3, heads.get(column).length());
      for (List<String> row : rows) {
        widths[column] = Math.max(widths[column], row.get(column).length());
      }
    }
    StringBuilder out = new StringBuilder(line(heads, widths));
    List<String> rule = new ArrayList<>();
    for (int column = 0; column < widths.length; column++) {
      rule.add("-".repeat(widths[column] - 1) + (column == 0 ? "-" : ":"));
    }
    out.append(line(rule, widths));
    rows.forEach(row -> out.append(line(row, widths)));
    return out.toString();
  }

  private static String line(List<String> cells, int[] widths) {
    StringBuilder line = new StringBuilder("|");
    for (int column = 0; column < widths.length; column++) {
      String padding = " ".repeat(widths[column] - cells.get(column).length());
      String cell = cells.get(column);
      line.append(' ').append(column == 0 ? cell + padding : padding + cell).append(" |");
    }
    return line.append('\n').toString();
  }
}
