// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The path of a tile or an entry bundle relative to a log's address: {@code
 * tile/<level>/<index>[.p/<width>]}, or {@code tile/entries/...} (C2SP tlog-tiles).
 *
 * @param level 0 to {@value #MAX_LEVEL}, or {@link #ENTRIES}
 * @param index the index in the level, from 0
 * @param width the number of hashes or entries, 1 to {@value #FULL_WIDTH}; a partial tile has fewer
 *     than {@value #FULL_WIDTH}
 */
public record TilePath(int level, long index, int width) {
  /** The width of a full tile. */
  public static final int FULL_WIDTH = 256;

  /** The highest level that a path can name. */
  public static final int MAX_LEVEL = 63;

  /** The level of entry bundles, below the tiles of level 0. */
  public static final int ENTRIES = -1;

  /** The number of levels of the tree in one tile: {@link #FULL_WIDTH} is 2^8. */
  static final int HEIGHT = 8;

  private static final Pattern FORM =
      Pattern.compile(
          "tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\\.p/([1-9][0-9]{0,2}))?");

  /** Each element of a path holds three digits of the index. */
  private static final int GROUP = 1000;

  /** Maximum length of a text to parse. The longest path has 63 characters. */
  private static final int MAX_CHARS = 100;

  public TilePath {
    if (level < ENTRIES || level > MAX_LEVEL) {
      throw new IllegalArgumentException("no tiles at level " + level);
    }
    if (index < 0) {
      throw new IllegalArgumentException("no tile at index " + index);
    }
    if (width < 1 || width > FULL_WIDTH) {
      throw new IllegalArgumentException("no tile has width " + width);
    }
  }

  /**
   * Returns the width of the tile at {@code index} in a level that has this many hashes.
   *
   * @param index the index of the tile in the level
   */
  public static int widthOf(long hashes, long index) {
    return (int) Math.min(FULL_WIDTH, hashes - (index << HEIGHT));
  }

  /** Returns true if the tile is full. A full tile never changes. */
  public boolean isFull() {
    return width == FULL_WIDTH;
  }

  /**
   * Parses a path. Accepts only the one spelling of a tile's path.
   *
   * @throws TileParseException if the text is not a tile path
   */
  public static TilePath parse(String path) throws TileParseException {
    Matcher form = FORM.matcher(path);
    if (path.length() > MAX_CHARS || !form.matches()) {
      throw refused(path, "not of the form tile/<level>/<index>[.p/<width>]");
    }
    try {
      TilePath parsed =
          new TilePath(
              form.group(1).equals("entries") ? ENTRIES : Integer.parseInt(form.group(1)),
              Long.parseLong(form.group(2).replaceAll("[x/]", "")),
              form.group(3) == null ? FULL_WIDTH : Integer.parseInt(form.group(3)));
      if (!parsed.toString().equals(path)) {
        throw refused(path, "the path of this tile is " + parsed);
      }
      return parsed;
    } catch (NumberFormatException e) {
      throw refused(path, "its index is above 2^63-1");
    } catch (IllegalArgumentException e) {
      throw refused(path, e.getMessage());
    }
  }

  private static TileParseException refused(String path, String reason) {
    String shown = path.length() > MAX_CHARS ? path.substring(0, MAX_CHARS) + "..." : path;
    // The message may be printed on a terminal, so only printable characters are kept.
    return new TileParseException(
        "tile path \"%s\": %s".formatted(shown.replaceAll("[^ -~]", "?"), reason));
  }

  /** Returns the partial tiles of a tree, level by level. */
  public static List<TilePath> partial(long treeSize) {
    requireSize(treeSize);
    List<TilePath> paths = new ArrayList<>();
    int level = 0;
    for (long hashes = treeSize; hashes > 0; hashes >>>= HEIGHT) {
      int width = (int) (hashes % FULL_WIDTH);
      if (width > 0) {
        paths.add(new TilePath(level, hashes >>> HEIGHT, width));
      }
      level++;
    }
    return paths;
  }

  /**
   * Returns every tile that a tree of {@code newSize} adds to its first {@code oldSize} leaves,
   * level by level. With these tiles a copy of the older tree becomes a copy of the newer one.
   */
  public static List<TilePath> added(long oldSize, long newSize) {
    requireSize(oldSize);
    List<TilePath> paths = new ArrayList<>();
    int level = 0;
    for (long from = oldSize, to = newSize; to > 0; from >>>= HEIGHT, to >>>= HEIGHT) {
      addBetween(level++, from, to, paths);
    }
    return paths;
  }

  /** Returns every entry bundle that the newer tree adds to the older tree, in order. */
  public static List<TilePath> bundlesAdded(long oldSize, long newSize) {
    requireSize(oldSize);
    List<TilePath> paths = new ArrayList<>();
    addBetween(ENTRIES, oldSize, newSize, paths);
    return paths;
  }

  private static void requireSize(long size) {
    if (size < 0) {
      throw new IllegalArgumentException("a tree has 0 leaves or more, not " + size);
    }
  }

  private static void addBetween(int level, long from, long to, List<TilePath> paths) {
    if (from >= to) {
      return;
    }
    for (long index = from >>> HEIGHT; index < to >>> HEIGHT; index++) {
      paths.add(new TilePath(level, index, FULL_WIDTH));
    }
    int width = (int) (to % FULL_WIDTH);
    if (width > 0) {
      paths.add(new TilePath(level, to >>> HEIGHT, width));
    }
  }

  /** Returns the path, relative to the log's address. */
  @Override
  public String toString() {
    StringBuilder groups = new StringBuilder(group(index));
    for (long rest = index / GROUP; rest > 0; rest /= GROUP) {
      groups.insert(0, "x" + group(rest) + "/");
    }
    return "tile/"
        + (level == ENTRIES ? "entries" : Integer.toString(level))
        + "/"
        + groups
        + (isFull() ? "" : ".p/" + width);
  }

  private static String group(long index) {
    return String.format(Locale.ROOT, "%03d", index % GROUP);
  }
}
