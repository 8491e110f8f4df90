// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.LedgerWriter.TreeState;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One transaction's view of the Merkle tree over a ledger's rows, which is stored in the ledger as
 * tiles (C2SP tlog-tiles). A leaf is a row's record hash, to which the next row links. Used by one
 * thread.
 *
 * <p>A tile is stored with its current width. The narrower tile of an earlier tree is a prefix of
 * it.
 */
final class LedgerTree implements TileSource<LedgerException> {
  /** Rows added at once when the tree lacks rows of the chain. */
  private static final int ROWS_AT_ONCE = 4_096;

  private final LedgerWriter writer;

  /** The edge; null before it is read. */
  private @Nullable TileEdge edge;

  /**
   * Creates a view of the stored tree.
   *
   * @param edge its edge after the last commit; null if it is unknown
   */
  LedgerTree(LedgerWriter writer, @Nullable TileEdge edge) {
    this.writer = writer;
    this.edge = edge;
  }

  /** Returns the edge in this transaction; null if it is unknown. */
  @Nullable TileEdge edge() {
    return edge;
  }

  TreeState state() throws LedgerException {
    TreeState state =
        writer
            .treeState()
            .orElseThrow(() -> new DamagedException("the size of the tree is missing"));
    if (state.size() < 0 || state.sequence() < 0) {
      throw new DamagedException("the tree has a negative size or last row");
    }
    return state;
  }

  @Override
  public Tile tile(TilePath path) throws LedgerException {
    byte[] hashes =
        writer
            .tile(path.level(), path.index())
            .orElseThrow(() -> new DamagedException(path + " is missing"));
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

  /**
   * Adds the rows that this transaction inserted, and all earlier rows that the tree lacks.
   *
   * @param base the sequence before the first of these rows
   * @param leaves their record hashes
   * @param end the sequence of the last of these rows
   */
  void grow(long base, List<Hash> leaves, long end) throws LedgerException {
    catchUp(base);
    store(edge(state().size()), leaves, end);
  }

  /**
   * Adds earlier rows of the chain that the tree lacks: the rows of a ledger that was created
   * without a tree, or a planted row that was noted.
   *
   * @param last the sequence of the last of these rows
   */
  void catchUp(long last) throws LedgerException {
    TreeState known = state();
    while (known.sequence() < last) {
      List<ChainRow> rows = writer.rowsBetween(known.sequence(), last, ROWS_AT_ONCE);
      if (rows.isEmpty()) {
        return;
      }
      List<Hash> leaves = rows.stream().map(row -> Hash.of(row.recordHash())).toList();
      known = store(edge(known.size()), leaves, rows.get(rows.size() - 1).sequence());
    }
  }

  /** Returns the edge; reads it if it is unknown or another writer has grown the tree. */
  private TileEdge edge(long size) throws LedgerException {
    TileEdge known = edge;
    return known != null && known.size() == size ? known : TileEdge.read(size, this);
  }

  private TreeState store(TileEdge from, List<Hash> leaves, long end) throws LedgerException {
    TileEdge.Growth growth = from.append(leaves);
    for (Tile changed : growth.tiles()) {
      writer.storeTile(changed.path().level(), changed.path().index(), changed.bytes());
    }
    edge = growth.edge();
    TreeState grown = new TreeState(growth.edge().size(), end);
    writer.storeTreeState(grown);
    return grown;
  }

  /** Thrown if the stored tree is damaged; the rows may be intact. */
  static final class DamagedException extends LedgerException {
    private static final long serialVersionUID = 1;

    DamagedException(String message) {
      super(message);
    }
  }
}
