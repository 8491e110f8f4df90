// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.HashMap;
import java.util.Map;

/**
 * The tiles of one tree. Verifies each tile against the root before it returns it: the partial
 * tiles together hash to the root, and a full tile hashes to the value in the tile above it. The
 * source of the tiles need not be trusted.
 *
 * <p>Keeps the last tile of each level, so tiles requested in order are read once. Used by one
 * thread.
 *
 * @param <X> the exception for a failed read
 */
public final class VerifiedTiles<X extends Exception> {
  private final TileSource<X> source;
  private final long size;

  /** The partial tile of each level that has one. Together these tiles hash to the root. */
  private final Map<Integer, Tile> partial = new HashMap<>();

  /** The last verified full tile of each level. */
  private final Map<Integer, Tile> recent = new HashMap<>();

  /**
   * Reads and verifies the partial tiles of a tree.
   *
   * @param source the unverified tiles
   * @param size the number of leaves of the tree
   * @param root the trusted root of the tree
   * @throws InvalidProofException if the tiles do not hash to the root
   */
  public VerifiedTiles(TileSource<X> source, long size, Hash root) throws X, InvalidProofException {
    this.source = source;
    this.size = size;
    for (TilePath path : TilePath.partial(size)) {
      partial.put(path.level(), read(path));
    }
    Hash made = TileEdge.read(size, path -> partial.get(path.level())).root();
    if (!made.equals(root)) {
      throw new InvalidProofException(
          "the tiles of %s leaves have root %s, not %s".formatted(size, made, root));
    }
  }

  /**
   * Returns a verified tile of the tree.
   *
   * @throws IllegalArgumentException if the tile is not in the tree
   * @throws InvalidProofException if the tile does not match the root
   */
  public Tile tile(TilePath path) throws X, InvalidProofException {
    if (!isOfTheTree(path)) {
      throw new IllegalArgumentException(
          "%s: not a tile of a tree of %s leaves".formatted(path, size));
    }
    return path.isFull() ? full(path) : partial.get(path.level());
  }

  private boolean isOfTheTree(TilePath path) {
    if (path.level() < 0 || path.level() >= Long.BYTES) {
      return false;
    }
    long hashes = size >>> TilePath.HEIGHT * path.level();
    return path.index() <= hashes >>> TilePath.HEIGHT
        && path.width() == TilePath.widthOf(hashes, path.index());
  }

  private Tile full(TilePath path) throws X, InvalidProofException {
    Tile known = recent.get(path.level());
    if (known == null || !known.path().equals(path)) {
      known = read(path);
      Hash over = above(path).hash((int) (path.index() % TilePath.FULL_WIDTH));
      if (!known.subtree(TilePath.HEIGHT, 0).equals(over)) {
        throw new InvalidProofException(path + ": does not hash to its hash in the tile above");
      }
      recent.put(path.level(), known);
    }
    return known;
  }

  private Tile above(TilePath path) throws X, InvalidProofException {
    int level = path.level() + 1;
    long index = path.index() >>> TilePath.HEIGHT;
    return tile(
        new TilePath(level, index, TilePath.widthOf(size >>> TilePath.HEIGHT * level, index)));
  }

  private Tile read(TilePath path) throws X {
    Tile tile = source.tile(path);
    TiledNodes.requireSame(path, tile.path());
    return tile.narrowedTo(path.width());
  }
}
