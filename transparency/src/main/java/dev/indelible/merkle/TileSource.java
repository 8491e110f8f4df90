// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * The storage of the tiles of a tree: a ledger, a directory, a web server.
 *
 * @param <X> the exception of reading
 */
@FunctionalInterface
public interface TileSource<X extends Exception> {
  /**
   * Returns the tile of a path, or a wider one of that level and index: a tile grows only at its
   * end.
   *
   * @param path the path of a tile of the tree
   */
  Tile tile(TilePath path) throws X;
}
