// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery.Facets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** A column of the rows of the chain, as {@code log list} prints them. */
enum RowColumn {
  SEQUENCE(8),
  TIME(23),
  ID(36),
  AGENT(24),
  TYPE(20),
  DECISION(8),
  RULE(20),
  REASON(48),
  KIND(16),
  SESSION(36),
  ACTION(72);

  /** The default columns of text output, which has one line for each row. */
  static final List<RowColumn> SHOWN = List.of(SEQUENCE, TIME, ID, AGENT, DECISION, RULE, ACTION);

  /** The columns for a short overview. */
  static final List<RowColumn> BRIEF = List.of(SEQUENCE, TIME, AGENT, DECISION, RULE, ACTION);

  private final int width;

  RowColumn(int width) {
    this.width = width;
  }

  /** Returns the columns that a list names. */
  static List<RowColumn> named(String list) throws CommandFailure {
    List<RowColumn> found = new ArrayList<>();
    for (String name : list.split(",", -1)) {
      found.add(
          Stream.of(values())
              .filter(column -> column.label().equals(name.strip()))
              .findFirst()
              .orElseThrow(
                  () ->
                      CommandFailure.usage(
                          "--columns: unknown column '%s'; known are %s",
                          Console.excerpt(name, 40),
                          String.join(", ", Stream.of(values()).map(RowColumn::label).toList()))));
    }
    return found;
  }

  /** Returns the name, for the user. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the value of a row, as it is recorded; empty if the row has none. */
  String value(ChainRow row, PayloadSummary summary) {
    return switch (this) {
      case SEQUENCE -> Long.toString(row.sequence());
      case TIME -> row.timestamp();
      case ID -> row.id();
      case AGENT -> row.agentId();
      case TYPE -> row.eventType();
      case DECISION -> summary.verdict();
      case RULE -> summary.rule();
      case REASON -> summary.reason();
      case KIND -> Facets.of(row).kind();
      case SESSION -> Facets.of(row).session();
      case ACTION -> summary.action();
    };
  }

  /** Returns the head of the column, padded. */
  String head() {
    return padded(label());
  }

  /**
   * Returns the value for a line of text, safe to show and cut to the width of the column, so that
   * lines align before all rows are known.
   */
  String text(ChainRow row, PayloadSummary summary) {
    // An event without a decision is shown by its type.
    String value =
        this == DECISION && summary.verdict().isEmpty() ? row.eventType() : value(row, summary);
    return switch (this) {
      case TIME -> padded(time(value));
      case SEQUENCE, DECISION, TYPE, ID -> padded(Console.printable(value));
      default -> padded(Console.excerpt(value, width));
    };
  }

  private String padded(String text) {
    return ("%" + (this == SEQUENCE ? "" : "-") + width + "s").formatted(text);
  }

  private static String time(String recorded) {
    String time = Console.printable(recorded);
    return time.length() > 23 ? time.substring(0, 23).replace('T', ' ') : time;
  }
}
