// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import dev.indelible.Mutations;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Wrong input is refused as such, and never anything worse. */
class TileFuzzTest {
  private static final int MUTANTS = 10_000;

  @Test
  void paths() {
    Mutations.run(
        TileFuzz::path,
        MUTANTS,
        List.of(
            "tile/0/x001/x234/067".getBytes(StandardCharsets.US_ASCII),
            "tile/63/999.p/255".getBytes(StandardCharsets.US_ASCII),
            "tile/entries/x001/000.p/1".getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void tiles() {
    Mutations.run(TileFuzz::tile, MUTANTS, List.of(new byte[33], new byte[] {1, 2}));
  }

  @Test
  void bundles() {
    Mutations.run(
        TileFuzz::bundle,
        MUTANTS,
        List.of(new byte[] {1, 0, 3, 7, 7, 7, 0, 0}, new byte[] {0, 0, 0}));
  }
}
