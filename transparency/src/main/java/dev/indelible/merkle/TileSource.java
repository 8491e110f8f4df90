// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * Reads the tiles of a tree from storage, for example a ledger, a directory or a web server.
 *
 * @param <X> the exception for a failed read
 */
@FunctionalInterface
public interface TileSource<X extends Exception> {
  /**
   * Returns the tile of a path, or a wider tile with this level and index, since a tile only grows
   * at its end.
   *
   * @param path the path of a tile of the tree
   */
  Tile tile(TilePath path) throws X;
}
