// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.ledger.ChainRow;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The Merkle tree over a ledger's rows, kept as tiles (C2SP tlog-tiles) beside them. A leaf is a
 * row's record hash, the very one that the next row links to. Grows within the transaction that
 * inserts the rows. Used by one thread.
 *
 * <p>A tile is stored at the width it has reached. A narrower one, as a tree of an earlier size had
 * it, is its beginning.
 */
final class SqliteTree implements TileSource<SQLException> {
  /** Rows taken in at once when the tree is behind the chain. */
  private static final int ROWS_AT_ONCE = 4_096;

  static final String SELECT_TILE =
      "SELECT hashes FROM indelible_tiles WHERE level = ? AND tile = ?";

  private final PreparedStatement tile;
  private final PreparedStatement storeTile;
  private final PreparedStatement state;
  private final PreparedStatement storeState;
  private final PreparedStatement rowsBetween;

  /** The edge as the last commit left it; null when that is not known. */
  private @Nullable TileEdge committed;

  /** The edge within the transaction; null when it has not grown. */
  private @Nullable TileEdge grown;

  SqliteTree(Connection connection) throws SQLException {
    tile = connection.prepareStatement(SELECT_TILE);
    storeTile =
        connection.prepareStatement(
            "INSERT INTO indelible_tiles (level, tile, hashes) VALUES (?, ?, ?)"
                + " ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes");
    state = connection.prepareStatement("SELECT size, sequence FROM indelible_tree");
    storeState = connection.prepareStatement("UPDATE indelible_tree SET size = ?, sequence = ?");
    rowsBetween =
        connection.prepareStatement(
            SqliteRows.SELECT + "WHERE sequence > ? AND sequence <= ? ORDER BY sequence LIMIT ?");
  }

  /**
   * How far the tree reaches.
   *
   * @param size the number of leaves
   * @param sequence the row of the last leaf
   */
  record State(long size, long sequence) {}

  State state() throws SQLException {
    try (ResultSet row = state.executeQuery()) {
      if (!row.next()) {
        throw new DamagedException("the tree's size is gone");
      }
      State read = new State(row.getLong(1), row.getLong(2));
      if (read.size() < 0 || read.sequence() < 0) {
        throw new DamagedException("the tree has a size that no tree has");
      }
      return read;
    }
  }

  @Override
  public Tile tile(TilePath path) throws SQLException {
    byte[] hashes =
        hashes(path.level(), path.index())
            .orElseThrow(() -> new DamagedException(path + " is gone"));
    try {
      int width = hashes.length / Hash.BYTES;
      Tile tile = Tile.parse(new TilePath(path.level(), path.index(), width), hashes);
      if (width < path.width()) {
        throw new DamagedException(path + " is damaged: it has " + width + " hashes");
      }
      return tile;
    } catch (TileParseException | IllegalArgumentException e) {
      throw new DamagedException(path + " is damaged: " + e.getMessage());
    }
  }

  /** The stored hashes of a tile, whatever they are. */
  Optional<byte[]> hashes(int level, long index) throws SQLException {
    tile.setInt(1, level);
    tile.setLong(2, index);
    try (ResultSet row = tile.executeQuery()) {
      return row.next() ? Optional.ofNullable(row.getBytes(1)) : Optional.empty();
    }
  }

  /**
   * Adds the rows that a transaction inserted, behind all that come before them.
   *
   * @param base the row that the first of them follows
   * @param leaves their record hashes
   * @param end the last of them
   */
  void grow(long base, List<Hash> leaves, long end) throws SQLException {
    takeIn(base);
    store(edge(state().size()), leaves, end);
  }

  /**
   * Takes in the rows up to one that the tree does not know yet, because the chain builds upon them
   * too: those of a ledger that was begun without a tree, and one that was planted and noted.
   */
  void takeIn(long last) throws SQLException {
    State known = state();
    while (known.sequence() < last) {
      List<ChainRow> rows = rowsBetween(known.sequence(), last);
      if (rows.isEmpty()) {
        return;
      }
      List<Hash> leaves = rows.stream().map(row -> Hash.of(row.recordHash())).toList();
      known = store(edge(known.size()), leaves, rows.get(rows.size() - 1).sequence());
    }
  }

  /** A transaction begins. */
  void begun() {
    grown = null;
  }

  /** The transaction is committed. */
  void committed() {
    committed = grown != null ? grown : committed;
  }

  /** Another writer may have been at work since: the size tells. */
  private TileEdge edge(long size) throws SQLException {
    TileEdge known = grown != null ? grown : committed;
    return known != null && known.size() == size ? known : TileEdge.read(size, this);
  }

  private State store(TileEdge edge, List<Hash> leaves, long end) throws SQLException {
    TileEdge.Growth growth = edge.append(leaves);
    for (Tile changed : growth.tiles()) {
      storeTile.setInt(1, changed.path().level());
      storeTile.setLong(2, changed.path().index());
      storeTile.setBytes(3, changed.bytes());
      storeTile.executeUpdate();
    }
    grown = growth.edge();
    storeState.setLong(1, grown.size());
    storeState.setLong(2, end);
    storeState.executeUpdate();
    return new State(grown.size(), end);
  }

  private List<ChainRow> rowsBetween(long from, long to) throws SQLException {
    rowsBetween.setLong(1, from);
    rowsBetween.setLong(2, to);
    rowsBetween.setInt(3, ROWS_AT_ONCE);
    List<ChainRow> rows = new ArrayList<>();
    try (ResultSet found = rowsBetween.executeQuery()) {
      while (found.next()) {
        rows.add(SqliteRows.read(found));
      }
    }
    return rows;
  }

  /** What is stored of the tree is not a tree any more. The rows are another matter. */
  static final class DamagedException extends SQLException {
    private static final long serialVersionUID = 1;

    DamagedException(String message) {
      super(message);
    }
  }
}
