// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Prints rows of the chain, one on each line: as aligned text, as JSON, or as CSV. */
final class RowPrinter {
  private static final String GAP = "  ";

  private final Console console;
  private final Root.Output output;

  /** The columns; empty for the whole row, in JSON. */
  private final Optional<List<RowColumn>> columns;

  /**
   * Creates a printer.
   *
   * @param columns the columns; empty for the default columns of the output format
   */
  RowPrinter(Console console, Root.Output output, Optional<List<RowColumn>> columns) {
    this.console = console;
    this.output = output;
    this.columns =
        switch (output) {
          case json -> columns;
          case text -> Optional.of(columns.orElse(RowColumn.SHOWN));
          case csv -> Optional.of(columns.orElse(List.of(RowColumn.values())));
        };
  }

  void head() {
    if (output == Root.Output.text) {
      console.line(
          console.faint(
              columns.orElseThrow().stream()
                  .map(RowColumn::head)
                  .collect(Collectors.joining(GAP))
                  .stripTrailing()));
    } else if (output == Root.Output.csv) {
      console.line(
          columns.orElseThrow().stream().map(RowColumn::label).collect(Collectors.joining(",")));
    }
  }

  void row(ChainRow row) {
    if (columns.isEmpty()) {
      console.json(row.toJson());
      return;
    }
    PayloadSummary summary =
        row.payload()
            .map(PayloadSummary::of)
            .orElse(new PayloadSummary("", "", "", "(payload erased)"));
    List<RowColumn> each = columns.get();
    switch (output) {
      case json -> console.json(out -> write(out, each, row, summary));
      case csv ->
          console.line(
              each.stream()
                  .map(column -> csv(column.value(row, summary)))
                  .collect(Collectors.joining(",")));
      default ->
          console.line(
              each.stream()
                  .map(column -> styled(column, row, summary))
                  .collect(Collectors.joining(GAP))
                  .stripTrailing());
    }
  }

  private static void write(
      CanonicalWriter out, List<RowColumn> columns, ChainRow row, PayloadSummary summary) {
    columns.stream()
        .distinct()
        .sorted(Comparator.comparing(RowColumn::label))
        .forEach(
            column -> {
              if (column == RowColumn.SEQUENCE) {
                out.member(column.label(), row.sequence());
              } else {
                out.member(column.label(), column.value(row, summary));
              }
            });
  }

  private String styled(RowColumn column, ChainRow row, PayloadSummary summary) {
    String text = column.text(row, summary);
    return column == RowColumn.DECISION ? console.byMeaning(text, summary.verdict()) : text;
  }

  /**
   * Returns a value of CSV (RFC 4180). Control characters are escaped as in text. A value that a
   * spreadsheet would run as a formula begins with an apostrophe: agents choose their commands.
   */
  private static String csv(String value) {
    String safe = Console.printable(value);
    if (!safe.isEmpty() && "=+-@".indexOf(safe.charAt(0)) >= 0) {
      safe = "'" + safe;
    }
    return safe.chars().anyMatch(c -> c == ',' || c == '"')
        ? "\"" + safe.replace("\"", "\"\"") + "\""
        : safe;
  }
}
