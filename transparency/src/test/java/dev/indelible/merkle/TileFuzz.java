// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Fuzz targets for the parsers of this package. A parser either refuses the input, or returns a
 * value that encodes to the input again.
 */
final class TileFuzz {
  private TileFuzz() {}

  static void path(byte[] input) {
    String text = new String(input, StandardCharsets.ISO_8859_1);
    try {
      assertThat(TilePath.parse(text)).hasToString(text);
    } catch (TileParseException e) {
      assertThat(e).hasMessageContaining("tile path");
    }
  }

  /** Parses a tile whose width is in the first byte of the input. */
  static void tile(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
    TilePath path = new TilePath(0, 7, (input[0] & 0xff) + 1);
    try {
      assertThat(Tile.parse(path, bytes).bytes()).isEqualTo(bytes);
    } catch (TileParseException e) {
      assertThat(e).hasMessageContaining("tile/0/007");
    }
  }

  /** Parses an entry bundle whose width is in the first byte of the input. */
  static void bundle(byte[] input) {
    if (input.length == 0) {
      return;
    }
    byte[] bytes = Arrays.copyOfRange(input, 1, input.length);
    TilePath path = new TilePath(TilePath.ENTRIES, 7, (input[0] & 0xff) + 1);
    try {
      assertThat(EntryBundle.parse(path, bytes).bytes()).isEqualTo(bytes);
    } catch (TileParseException e) {
      assertThat(e).hasMessageContaining("tile/entries/007");
    }
  }
}
