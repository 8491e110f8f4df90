// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The entries of one tile of level 0. Each entry is encoded as its length in two bytes, big-endian,
 * followed by its bytes (C2SP tlog-tiles). Immutable.
 */
public final class EntryBundle {
  /** Maximum length of an entry, in bytes. */
  public static final int MAX_ENTRY_BYTES = 0xffff;

  private static final int LENGTH_BYTES = 2;

  private final List<byte[]> entries;

  private EntryBundle(List<byte[]> owned) {
    this.entries = owned;
  }

  /**
   * Returns a bundle of these entries.
   *
   * @throws IllegalArgumentException if there are no entries, more than 256, or an entry is too
   *     long
   */
  public static EntryBundle of(List<byte[]> entries) {
    if (entries.isEmpty() || entries.size() > TilePath.FULL_WIDTH) {
      throw new IllegalArgumentException(
          "a bundle has 1 to " + TilePath.FULL_WIDTH + " entries, not " + entries.size());
    }
    for (byte[] entry : entries) {
      if (entry.length > MAX_ENTRY_BYTES) {
        throw new IllegalArgumentException(
            "an entry of %s bytes; the limit is %s".formatted(entry.length, MAX_ENTRY_BYTES));
      }
    }
    return new EntryBundle(entries.stream().map(byte[]::clone).toList());
  }

  /**
   * Reads a bundle.
   *
   * @throws TileParseException if the bytes do not hold exactly the number of entries that the path
   *     states
   */
  public static EntryBundle parse(TilePath path, byte[] bytes) throws TileParseException {
    if (path.level() != TilePath.ENTRIES) {
      throw new TileParseException(path + ": holds hashes, not entries");
    }
    List<byte[]> entries = new ArrayList<>(path.width());
    int at = 0;
    while (entries.size() < path.width()) {
      if (bytes.length - at < LENGTH_BYTES) {
        throw new TileParseException(
            "%s: ends after %s of %s entries".formatted(path, entries.size(), path.width()));
      }
      int length = (bytes[at] & 0xff) << 8 | bytes[at + 1] & 0xff;
      at += LENGTH_BYTES;
      if (bytes.length - at < length) {
        throw new TileParseException(
            "%s: entry %s should have %s bytes and has %s"
                .formatted(path, entries.size(), length, bytes.length - at));
      }
      entries.add(Arrays.copyOfRange(bytes, at, at + length));
      at += length;
    }
    if (at != bytes.length) {
      throw new TileParseException(
          "%s: %s bytes after its %s entries".formatted(path, bytes.length - at, path.width()));
    }
    return new EntryBundle(List.copyOf(entries));
  }

  /** Returns the entries in order. */
  public List<byte[]> entries() {
    return entries.stream().map(byte[]::clone).toList();
  }

  /** Returns the bytes in which the bundle is stored and served. */
  public byte[] bytes() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] entry : entries) {
      out.write(entry.length >>> 8);
      out.write(entry.length);
      out.writeBytes(entry);
    }
    return out.toByteArray();
  }
}
