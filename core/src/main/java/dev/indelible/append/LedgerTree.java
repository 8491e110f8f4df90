// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.LedgerWriter.TreeState;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The Merkle tree over a ledger's rows, stored as tiles (C2SP tlog-tiles) beside them, as one
 * transaction sees and grows it. A leaf is a row's record hash, the one that the next row links to.
 * Used by one thread.
 *
 * <p>A tile is stored at the width it has reached. A narrower one, as a tree of an earlier size had
 * it, is its beginning.
 */
final class LedgerTree implements TileSource<LedgerException> {
  /** Rows added at once when the tree is behind the chain. */
  private static final int ROWS_AT_ONCE = 4_096;

  private final LedgerWriter writer;

  /** The edge as far as it is known; null before it is read. */
  private @Nullable TileEdge edge;

  /**
   * Creates a view of the stored tree.
   *
   * @param edge its edge as it was last committed; null if that is not known
   */
  LedgerTree(LedgerWriter writer, @Nullable TileEdge edge) {
    this.writer = writer;
    this.edge = edge;
  }

  /** Returns the edge that this transaction leaves; null if it is not known. */
  @Nullable TileEdge edge() {
    return edge;
  }

  TreeState state() throws LedgerException {
    TreeState state =
        writer.treeState().orElseThrow(() -> new DamagedException("the tree's size is gone"));
    if (state.size() < 0 || state.sequence() < 0) {
      throw new DamagedException("the tree has a size that no tree has");
    }
    return state;
  }

  @Override
  public Tile tile(TilePath path) throws LedgerException {
    byte[] hashes =
        writer
            .tile(path.level(), path.index())
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

  /**
   * Adds the rows that this transaction inserted, after all rows before them.
   *
   * @param base the row that the first of them follows
   * @param leaves their record hashes
   * @param end the last of them
   */
  void grow(long base, List<Hash> leaves, long end) throws LedgerException {
    catchUp(base);
    store(edge(state().size()), leaves, end);
  }

  /**
   * Adds rows that the tree does not have yet although the chain builds upon them: those of a
   * ledger that was begun without a tree, and one that was planted and noted.
   *
   * @param last the last of them
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

  /**
   * Reads the edge, unless it is known: another writer may have grown the tree, as its size shows.
   */
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

  /** A stored tree that is not a tree any more. The rows are another matter. */
  static final class DamagedException extends LedgerException {
    private static final long serialVersionUID = 1;

    DamagedException(String message) {
      super(message);
    }
  }
}
