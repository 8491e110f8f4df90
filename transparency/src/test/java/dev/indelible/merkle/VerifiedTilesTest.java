// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every tile is verified against the root before it is returned. */
@Tag("any-jdk")
class VerifiedTilesTest {
  private static final ReferenceTree REFERENCE = ReferenceTree.numbered(70_000);

  private final Map<TilePath, Tile> store = new HashMap<>();
  private int reads;

  private Tile read(TilePath path) {
    reads++;
    return store.get(path);
  }

  private VerifiedTiles<RuntimeException> tiles(int size) throws Exception {
    TileEdge.Growth growth = TileEdge.EMPTY.append(REFERENCE.leaves(0, size));
    growth.tiles().forEach(tile -> store.putIfAbsent(tile.path(), tile));
    return new VerifiedTiles<>(this::read, size, REFERENCE.root(size));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 255, 256, 257, 511, 65_535, 65_536, 65_537, 70_000})
  void everyTileIsReturnedAndReadOnce(int size) throws Exception {
    VerifiedTiles<RuntimeException> tiles = tiles(size);
    List<TilePath> paths = TilePath.added(0, size);
    for (TilePath path : paths) {
      assertThat(tiles.tile(path)).isEqualTo(store.get(path));
    }
    assertThat(reads).isEqualTo(paths.size());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 256, 300, 66_000})
  void tileWithAChangedBitIsRefused(int size) throws Exception {
    tiles(size);
    Hash root = REFERENCE.root(size);
    for (TilePath path : TilePath.added(0, size)) {
      Tile right = store.get(path);
      byte[] bytes = right.bytes();
      bytes[bytes.length / 2] ^= 1;
      store.put(path, Tile.parse(path, bytes));
      assertThatExceptionOfType(InvalidProofException.class)
          .isThrownBy(() -> new VerifiedTiles<>(this::read, size, root).tile(path));
      store.put(path, right);
    }
  }

  @Test
  void tilesOfAnotherRootAreRefused() throws Exception {
    tiles(300);
    assertThatExceptionOfType(InvalidProofException.class)
        .isThrownBy(() -> new VerifiedTiles<>(this::read, 300, REFERENCE.root(299)))
        .withMessageStartingWith("the tiles of 300 leaves have root ");
  }

  @Test
  void requestForATileOutsideTheTreeIsRefused() throws Exception {
    VerifiedTiles<RuntimeException> tiles = tiles(300);
    for (TilePath path :
        List.of(
            new TilePath(0, 0, 255),
            new TilePath(0, 1, 45),
            new TilePath(0, 2, 1),
            new TilePath(1, 0, 2),
            new TilePath(2, 0, 1),
            new TilePath(TilePath.ENTRIES, 0, 256))) {
      assertThatIllegalArgumentException().isThrownBy(() -> tiles.tile(path));
    }
  }
}
