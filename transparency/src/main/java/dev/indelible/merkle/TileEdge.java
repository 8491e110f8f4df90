// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * The right edge of a tree that is stored as tiles: the partial tile of each level, at most 255
 * hashes each. Appends leaves, and computes the changed tiles and the root.
 *
 * <p>Immutable, so if a transaction fails, its caller still has the previous edge.
 */
public final class TileEdge {
  /** The tree with no leaves. */
  public static final TileEdge EMPTY = new TileEdge(0, List.of());

  private final long size;

  /**
   * The hashes of each level's partial tile, lowest level first; an empty list if there is none.
   */
  private final List<List<Hash>> levels;

  private TileEdge(long size, List<List<Hash>> levels) {
    this.size = size;
    this.levels = levels;
  }

  /**
   * The result of appending leaves.
   *
   * @param edge the edge of the grown tree
   * @param tiles every tile that is new or wider than before, by level, then by index: the full
   *     tiles of a level, then its partial tile
   */
  public record Growth(TileEdge edge, List<Tile> tiles) {
    public Growth {
      tiles = List.copyOf(tiles);
    }
  }

  /**
   * Reads the edge of a stored tree of {@code size} leaves.
   *
   * @throws IllegalStateException if the source returns a different tile than the requested one
   */
  public static <X extends Exception> TileEdge read(long size, TileSource<X> source) throws X {
    List<List<Hash>> levels = new ArrayList<>();
    for (TilePath path : TilePath.partial(size)) {
      Tile tile = source.tile(path);
      TiledNodes.requireSame(path, tile.path());
      while (levels.size() < path.level()) {
        levels.add(List.of());
      }
      List<Hash> hashes = new ArrayList<>();
      for (int i = 0; i < path.width(); i++) {
        hashes.add(tile.hash(i));
      }
      levels.add(List.copyOf(hashes));
    }
    return new TileEdge(size, List.copyOf(levels));
  }

  /** Returns the number of leaves. */
  public long size() {
    return size;
  }

  /** Returns the root of the tree. */
  public Hash root() {
    return range().root();
  }

  /** Returns the tree as the roots of its complete subtrees. */
  public CompactRange range() {
    List<Hash> subtrees = new ArrayList<>();
    for (int level = levels.size() - 1; level >= 0; level--) {
      CompactRange ofLevel = CompactRange.empty();
      levels.get(level).forEach(ofLevel::append);
      subtrees.addAll(ofLevel.subtrees());
    }
    return CompactRange.of(size, subtrees);
  }

  /** Returns the tree after appending these leaves, and the tiles to store. */
  public Growth append(Collection<Hash> leaves) {
    if (leaves.size() > Long.MAX_VALUE - size) {
      throw new IllegalStateException("a tree has at most 2^63-1 leaves");
    }
    List<List<Hash>> grown = new ArrayList<>();
    List<Tile> tiles = new ArrayList<>();
    List<Hash> arriving = List.copyOf(leaves);
    for (int level = 0; level < levels.size() || !arriving.isEmpty(); level++) {
      List<Hash> hashes = new ArrayList<>(level < levels.size() ? levels.get(level) : List.of());
      hashes.addAll(arriving);
      boolean changed = !arriving.isEmpty();
      long index = size >>> (TilePath.HEIGHT * level) >>> TilePath.HEIGHT;
      arriving = takeFullTiles(level, index, hashes, tiles);
      if (changed && !hashes.isEmpty()) {
        tiles.add(Tile.of(level, index + arriving.size(), hashes));
      }
      grown.add(List.copyOf(hashes));
    }
    return new Growth(new TileEdge(size + leaves.size(), List.copyOf(grown)), tiles);
  }

  /**
   * Moves the hashes that fill whole tiles from {@code hashes} to {@code tiles}.
   *
   * @param index the index of the first of these tiles
   * @return the root of each moved tile, for the level above
   */
  private static List<Hash> takeFullTiles(
      int level, long index, List<Hash> hashes, List<Tile> tiles) {
    List<Hash> over = new ArrayList<>();
    int full = hashes.size() - hashes.size() % TilePath.FULL_WIDTH;
    for (int start = 0; start < full; start += TilePath.FULL_WIDTH) {
      Tile tile =
          Tile.of(level, index + over.size(), hashes.subList(start, start + TilePath.FULL_WIDTH));
      over.add(tile.subtree(TilePath.HEIGHT, 0));
      tiles.add(tile);
    }
    hashes.subList(0, full).clear();
    return over;
  }
}
