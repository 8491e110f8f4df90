// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.HashMap;
import java.util.Map;

/**
 * Reads the hashes of a tree of a given size from its tiles. Keeps every tile in memory, so use one
 * instance for a few proofs only. Used by one thread.
 *
 * @param <X> the exception for a failed read
 */
public final class TiledNodes<X extends Exception> implements NodeSource<X> {
  private final TileSource<X> tiles;
  private final long size;
  private final Map<TilePath, Tile> read = new HashMap<>();

  /** Creates a source for the tree of the first {@code size} leaves in the tiles. */
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
   * @throws IllegalStateException if the source returns a different tile than the requested one
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

  /** Requires that {@code given} is the wanted tile, or a wider one with its level and index. */
  static void requireSame(TilePath wanted, TilePath given) {
    if (given.level() != wanted.level()
        || given.index() != wanted.index()
        || given.width() < wanted.width()) {
      throw new IllegalStateException("requested %s, got %s".formatted(wanted, given));
    }
  }
}
