// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * The storage of the tiles of a tree: a ledger, a folder, a web server.
 *
 * @param <X> what reading may fail with
 */
@FunctionalInterface
public interface TileSource<X extends Exception> {
  /**
   * Returns the tile of a path, or a wider one of that level and index: a tile only grows at its
   * end.
   *
   * @param path what is asked for; only tiles of the tree are
   */
  Tile tile(TilePath path) throws X;
}
