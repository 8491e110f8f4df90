// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Up to 256 adjacent hashes of a tree, stored together (C2SP tlog-tiles). Hash i of tile n at level
 * l covers 256<sup>l</sup> leaves, starting at {@code (256 n + i) * 256^l}. Immutable.
 */
public final class Tile {
  /** Length of a full tile, in bytes. */
  public static final int FULL_BYTES = TilePath.FULL_WIDTH * Hash.BYTES;

  private final TilePath path;
  private final byte[] bytes;

  private Tile(TilePath path, byte[] owned) {
    this.path = path;
    this.bytes = owned;
  }

  /**
   * Reads a tile.
   *
   * @throws TileParseException if the bytes do not hold exactly the number of hashes that the path
   *     states
   */
  public static Tile parse(TilePath path, byte[] bytes) throws TileParseException {
    if (path.level() == TilePath.ENTRIES) {
      throw new TileParseException(path + ": holds entries, not hashes");
    }
    if (bytes.length != path.width() * Hash.BYTES) {
      throw new TileParseException(
          "%s: a tile of width %s is %s bytes, not %s"
              .formatted(path, path.width(), path.width() * Hash.BYTES, bytes.length));
    }
    return new Tile(path, bytes.clone());
  }

  /** Returns a tile of 1 to 256 hashes. */
  static Tile of(int level, long index, List<Hash> hashes) {
    byte[] bytes = new byte[hashes.size() * Hash.BYTES];
    for (int i = 0; i < hashes.size(); i++) {
      hashes.get(i).writeTo(bytes, i * Hash.BYTES);
    }
    return new Tile(new TilePath(level, index, hashes.size()), bytes);
  }

  /** Returns its path. */
  public TilePath path() {
    return path;
  }

  /** Returns the concatenated hashes, the bytes in which the tile is stored and served. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * Returns hash {@code i}, from 0.
   *
   * @throws IndexOutOfBoundsException if the tile has no hash {@code i}
   */
  public Hash hash(int i) {
    return Hash.at(bytes, Objects.checkIndex(i, path.width()) * Hash.BYTES);
  }

  /**
   * Returns the hash of a complete subtree over hashes of this tile.
   *
   * @param height 0 for a hash of the tile, 8 for the root of a full tile
   * @param place the index among the subtrees of this height in this tile, from 0
   */
  Hash subtree(int height, int place) {
    if (height == 0) {
      return hash(place);
    }
    return Hash.ofNode(subtree(height - 1, 2 * place), subtree(height - 1, 2 * place + 1));
  }

  /** Returns the first {@code width} hashes as a tile. */
  public Tile narrowedTo(int width) {
    return width == path.width()
        ? this
        : new Tile(
            new TilePath(path.level(), path.index(), width),
            Arrays.copyOf(bytes, width * Hash.BYTES));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tile tile && tile.path.equals(path) && Arrays.equals(tile.bytes, bytes);
  }

  @Override
  public int hashCode() {
    return path.hashCode() * 31 + Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
