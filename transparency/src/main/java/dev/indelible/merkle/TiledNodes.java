// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.HashMap;
import java.util.Map;

/**
 * The hashes of a tree of a given size, computed from its tiles. Keeps every tile that it has read,
 * so it is for a few proofs. Used by one thread.
 *
 * @param <X> the exception of reading the tiles
 */
public final class TiledNodes<X extends Exception> implements NodeSource<X> {
  private final TileSource<X> tiles;
  private final long size;
  private final Map<TilePath, Tile> read = new HashMap<>();

  /** Reads the hashes of the tree of the first {@code size} leaves in the tiles. */
  public TiledNodes(TileSource<X> tiles, long size) {
    this.tiles = tiles;
    this.size = size;
  }

  /** Returns the tree of {@code size} leaves that these tiles hold. */
  public static <X extends Exception> MerkleTree<X> tree(TileSource<X> tiles, long size) {
    return new MerkleTree<>(new TiledNodes<>(tiles, size), size);
  }

  /**
   * {@inheritDoc}
   *
   * @throws IllegalStateException if the source returns another tile than the requested one
   */
  @Override
  public Hash node(int level, long index) throws X {
    int tileLevel = level / TilePath.HEIGHT;
    int height = level % TilePath.HEIGHT;
    long firstHash = index << height;
    long tileIndex = firstHash >>> TilePath.HEIGHT;
    int place = (int) (index & ((TilePath.FULL_WIDTH >> height) - 1));
    return tile(tileLevel, tileIndex).subtree(height, place);
  }

  private Tile tile(int level, long index) throws X {
    long hashesOfLevel = size >>> (TilePath.HEIGHT * level);
    int width = (int) Math.min(TilePath.FULL_WIDTH, hashesOfLevel - (index << TilePath.HEIGHT));
    TilePath wanted = new TilePath(level, index, width);
    Tile known = read.get(wanted);
    if (known == null) {
      known = tiles.tile(wanted);
      requireSame(wanted, known.path());
      read.put(wanted, known);
    }
    return known;
  }

  /** Requires that a tile is the requested one, or a wider one of its level and index. */
  static void requireSame(TilePath wanted, TilePath given) {
    if (given.level() != wanted.level()
        || given.index() != wanted.index()
        || given.width() < wanted.width()) {
      throw new IllegalStateException("requested %s, got %s".formatted(wanted, given));
    }
  }
}
