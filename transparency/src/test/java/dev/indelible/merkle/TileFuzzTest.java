// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import com.code_intelligence.jazzer.junit.DictionaryEntries;
import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Fuzz targets for Jazzer: a parser refuses malformed input with its own exception. By default only
 * stored inputs are run; docs/testing.md explains how to fuzz for longer.
 */
class TileFuzzTest {
  static List<byte[]> paths() {
    return List.of(
        "tile/0/x001/x234/067".getBytes(StandardCharsets.US_ASCII),
        "tile/63/999.p/255".getBytes(StandardCharsets.US_ASCII),
        "tile/entries/x001/000.p/1".getBytes(StandardCharsets.US_ASCII));
  }

  static List<byte[]> tiles() {
    return List.of(new byte[33], new byte[] {1, 2});
  }

  static List<byte[]> bundles() {
    return List.of(new byte[] {1, 0, 3, 7, 7, 7, 0, 0}, new byte[] {0, 0, 0});
  }

  @DictionaryEntries({"tile/", "entries/", "x001/", "x999/", ".p/", "/000"})
  @MethodSource("paths")
  @FuzzTest(maxDuration = "10m")
  void anyPath(byte[] input) {
    TileFuzz.path(input);
  }

  @MethodSource("tiles")
  @FuzzTest(maxDuration = "10m")
  void anyTile(byte[] input) {
    TileFuzz.tile(input);
  }

  @MethodSource("bundles")
  @FuzzTest(maxDuration = "10m")
  void anyBundle(byte[] input) {
    TileFuzz.bundle(input);
  }
}
