// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

/**
 * Where the tiles of a tree are kept: a ledger, a folder, a web server.
 *
 * @param <X> what reading may fail with
 */
@FunctionalInterface
public interface TileSource<X extends Exception> {
  /**
   * The tile of that name, or a wider one of the same level and index: a tile only ever grows at
   * its end.
   *
   * @param path what is asked for; only tiles of the tree are
   */
  Tile tile(TilePath path) throws X;
}
