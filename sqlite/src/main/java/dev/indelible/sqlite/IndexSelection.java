// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A filter whose values are replaced by their numbers in an index. Leaves out the filter's text.
 * Used by one thread.
 */
final class IndexSelection {
  private static final int ANY = -1;

  private final Connection connection;
  private final long from;
  private final long to;
  private final int agent;
  private final int session;

  /** The numbers of the combinations of facets to find; null for any. */
  private final @Nullable BitSet facets;

  private IndexSelection(
      Connection connection, Filter filter, int agent, int session, @Nullable BitSet facets) {
    this.connection = connection;
    this.from = filter.fromMicros();
    this.to = filter.toMicros();
    this.agent = agent;
    this.session = session;
    this.facets = facets;
  }

  /**
   * Returns the selection of a filter; empty if the index lacks one of its values, so that no row
   * matches.
   */
  static Optional<IndexSelection> of(Filter filter, Connection connection) throws SQLException {
    Optional<Integer> agent = number(connection, filter.agent());
    Optional<Integer> session = number(connection, filter.session());
    BitSet facets = facets(connection, filter);
    return agent.isEmpty() || session.isEmpty() || facets != null && facets.isEmpty()
        ? Optional.empty()
        : Optional.of(new IndexSelection(connection, filter, agent.get(), session.get(), facets));
  }

  private static Optional<Integer> number(Connection connection, Optional<String> name)
      throws SQLException {
    return name.isEmpty()
        ? Optional.of(ANY)
        : Statements.first(
            connection, "SELECT id FROM names WHERE name = ?", row -> row.getInt(1), name.get());
  }

  private static @Nullable BitSet facets(Connection connection, Filter filter) throws SQLException {
    List<String> conditions = new ArrayList<>();
    List<Object> values = new ArrayList<>();
    filter.type().ifPresent(value -> require("type", value, conditions, values));
    if (filter.isAnyVerdict()) {
      conditions.add("type IN (SELECT id FROM names WHERE name IN (?, ?))");
      values.addAll(EventQuery.DECISION_TYPES);
    } else {
      filter.verdict().ifPresent(value -> require("verdict", value, conditions, values));
    }
    filter.rule().ifPresent(value -> require("rule", value, conditions, values));
    filter.kind().ifPresent(value -> require("kind", value, conditions, values));
    if (conditions.isEmpty()) {
      return null;
    }
    BitSet found = new BitSet(IndexSchema.largestFacets(connection) + 1);
    Statements.forEach(
        connection,
        "SELECT id FROM facets WHERE " + String.join(" AND ", conditions),
        row -> {
          found.set(row.getInt(1));
          return true;
        },
        values.toArray());
    return found;
  }

  private static void require(
      String column, String value, List<String> conditions, List<Object> values) {
    conditions.add(column + " = (SELECT id FROM names WHERE name = ?)");
    values.add(value);
  }

  /** Returns true if rows of an agent may be selected. */
  boolean hasAgent(int number) {
    return agent == ANY || agent == number;
  }

  /** Returns true if rows with these facets may be selected. */
  boolean hasFacets(int number) {
    return facets == null || facets.get(number);
  }

  /**
   * Returns true if the summary of a block suffices to count its selected rows: all its rows are in
   * the time range, and the filter has no session.
   */
  boolean isSummedUpBy(Block block) {
    return session == ANY && block.low() >= from && block.high() < to;
  }

  /** Returns the blocks that overlap a range of rows and the time range, in the given order. */
  Blocks blocks(long fromSequence, long toSequence, boolean newestFirst) throws SQLException {
    PreparedStatement select =
        connection.prepareStatement(
            "SELECT block, low, high, content FROM blocks"
                + " WHERE block BETWEEN ? AND ? AND high >= ? AND low < ? ORDER BY block"
                + (newestFirst ? " DESC" : ""));
    return new Blocks(select, IndexBlock.of(fromSequence), IndexBlock.of(toSequence), from, to);
  }

  /**
   * Returns the sequences of the selected rows of a block that are in a range, in the given order.
   */
  List<Long> sequences(Block block, long fromSequence, long toSequence, boolean newestFirst)
      throws SQLException {
    List<Long> found = new ArrayList<>();
    Statements.forEach(
        connection,
        "SELECT sequence FROM events"
            + conditions()
            + " ORDER BY sequence"
            + (newestFirst ? " DESC" : ""),
        row -> found.add(row.getLong(1)),
        Math.max(block.first(), fromSequence),
        Math.min(block.last(), toSequence),
        from,
        to);
    return found;
  }

  /** Passes sequence, time, agent and facets of each selected row of a block to {@code each}. */
  void forEachRow(Block block, Statements.Each each) throws SQLException {
    Statements.forEach(
        connection,
        "SELECT sequence, time, agent, facets FROM events" + conditions(),
        each,
        block.first(),
        block.last(),
        from,
        to);
  }

  private String conditions() {
    return " WHERE sequence BETWEEN ? AND ? AND time >= ? AND time < ?"
        + (agent == ANY ? "" : " AND agent = " + agent)
        + (session == ANY ? "" : " AND session = " + session)
        + (facets == null
            ? ""
            : facets.stream()
                .mapToObj(String::valueOf)
                .collect(Collectors.joining(",", " AND facets IN (", ")")));
  }

  /** A block as it is stored. */
  record Block(long number, long low, long high, byte[] content) {
    long first() {
      return IndexBlock.first(number);
    }

    long last() {
      return IndexBlock.last(number);
    }

    /** Returns true if a row of the block may be selected. */
    boolean mayHave(IndexSelection selection) throws SQLException {
      IndexBlock.Content stored = new IndexBlock.Content(content);
      if (!hasCell(stored, selection)) {
        return false;
      }
      if (selection.session == ANY) {
        return true;
      }
      for (long each : stored.sessions()) {
        if (each == selection.session) {
          return true;
        }
      }
      return false;
    }

    private static boolean hasCell(IndexBlock.Content stored, IndexSelection selection)
        throws SQLException {
      while (stored.nextAgent()) {
        while (selection.hasAgent(stored.agent()) && stored.nextCell()) {
          if (selection.hasFacets(stored.facets())) {
            return true;
          }
        }
      }
      return false;
    }
  }

  /** Blocks in order, read as they are asked for. */
  static final class Blocks implements AutoCloseable {
    private final PreparedStatement select;
    private final ResultSet rows;

    private Blocks(PreparedStatement select, long... parameters) throws SQLException {
      this.select = select;
      for (int i = 0; i < parameters.length; i++) {
        select.setLong(i + 1, parameters[i]);
      }
      this.rows = select.executeQuery();
    }

    /** Returns the next block; null after the last. */
    @Nullable Block next() throws SQLException {
      return rows.next()
          ? new Block(
              rows.getLong(1),
              rows.getLong(2),
              rows.getLong(3),
              Objects.requireNonNullElse(rows.getBytes(4), new byte[0]))
          : null;
    }

    @Override
    public void close() throws SQLException {
      select.close();
    }
  }
}
