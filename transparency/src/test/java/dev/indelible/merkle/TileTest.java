// SPDX-License-Identifier: Apache-2.0
package dev.indelible.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiles (C2SP tlog-tiles): content, path, and the tiles that an append writes. */
@Tag("any-jdk")
class TileTest {
  /** The size of the tree in the specification's example. */
  private static final int SEVENTY_THOUSAND = 70_000;

  private static final ReferenceTree REFERENCE = ReferenceTree.numbered(SEVENTY_THOUSAND);

  /** A store that keeps the last tile of each level and index, full or partial. */
  private static final class Store implements TileSource<RuntimeException> {
    private final Map<TilePath, Tile> tiles = new HashMap<>();

    TileEdge append(TileEdge edge, int to) {
      TileEdge.Growth growth = edge.append(REFERENCE.leaves((int) edge.size(), to));
      growth.tiles().forEach(tile -> tiles.put(tile.path(), tile));
      return growth.edge();
    }

    @Override
    public Tile tile(TilePath path) {
      Tile tile = tiles.get(path);
      assertThat(tile).as("%s", path).isNotNull();
      return tile;
    }
  }

  @Test
  void exampleOfSpecificationHasItsTiles() {
    Store store = new Store();
    store.append(TileEdge.EMPTY, SEVENTY_THOUSAND);
    assertThat(
            store.tiles.keySet().stream()
                .collect(
                    Collectors.groupingBy(
                        path -> path.level() + (path.isFull() ? " full" : " of " + path.width()),
                        Collectors.counting())))
        .isEqualTo(
            Map.of("0 full", 273L, "0 of 112", 1L, "1 full", 1L, "1 of 17", 1L, "2 of 1", 1L));
    assertThat(TilePath.partial(SEVENTY_THOUSAND))
        .extracting(TilePath::toString)
        .containsExactly("tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1");
    assertThat(TilePath.added(0, SEVENTY_THOUSAND))
        .containsExactlyInAnyOrderElementsOf(store.tiles.keySet());
    assertThat(TilePath.bundlesAdded(0, SEVENTY_THOUSAND))
        .hasSize(274)
        .endsWith(new TilePath(TilePath.ENTRIES, 273, 112));
    assertThat(TilePath.partial(256))
        .extracting(TilePath::toString)
        .containsExactly("tile/1/000.p/1");
    assertThat(TilePath.partial(0)).isEmpty();
  }

  /** Hash i of tile n at level l is MTH(D[(256n+i)256^l : (256n+i+1)256^l]). */
  @Test
  void everyTileHashMatchesTheFormula() {
    Store store = new Store();
    store.append(TileEdge.EMPTY, SEVENTY_THOUSAND);
    for (Tile tile : store.tiles.values()) {
      int span = (int) Math.pow(256, tile.path().level());
      for (int i = 0; i < tile.path().width(); i++) {
        int from = (int) (tile.path().index() * 256 + i) * span;
        assertThat(tile.hash(i)).isEqualTo(REFERENCE.subtree(from, from + span));
      }
    }
  }

  /** Tiles, edges and roots do not depend on how appends are batched. */
  @Test
  void batchesGiveEqualTreesAndProofs() throws Exception {
    SplittableRandom random = new SplittableRandom(256);
    for (int round = 0; round < 4; round++) {
      Store store = new Store();
      TileEdge edge = TileEdge.EMPTY;
      List<Integer> sizes = new ArrayList<>();
      while (edge.size() < SEVENTY_THOUSAND) {
        long next = edge.size() + random.nextInt(1, round == 0 ? 300 : 10_000);
        int size = (int) Math.min(SEVENTY_THOUSAND, next);
        TileEdge before = edge;
        edge = store.append(before, size);
        assertThat(edge.size()).isEqualTo(size);
        assertThat(store.tiles.keySet()).containsAll(TilePath.added(before.size(), size));
        sizes.add(size);
      }
      for (int size : sizes.subList(Math.max(0, sizes.size() - 40), sizes.size())) {
        MerkleTree<RuntimeException> tree = TiledNodes.tree(store, size);
        assertThat(tree.root()).isEqualTo(REFERENCE.root(size));
        assertThat(TileEdge.read(size, store).root()).isEqualTo(REFERENCE.root(size));
        int index = random.nextInt(size);
        tree.inclusionProof(index).verify(REFERENCE.leaf(index), REFERENCE.root(size));
        assertThat(tree.inclusionProof(index).path()).isEqualTo(REFERENCE.path(index, size));
        tree.consistencyProof(index + 1).verify(REFERENCE.root(index + 1), REFERENCE.root(size));
      }
    }
  }

  @Test
  void edgeHasTheRootOfEverySmallTree() {
    TileEdge edge = TileEdge.EMPTY;
    CompactRange range = CompactRange.empty();
    for (int size = 0; size < 1_100; size++) {
      assertThat(edge.root()).isEqualTo(REFERENCE.root(size));
      assertThat(range.root()).isEqualTo(REFERENCE.root(size));
      assertThat(edge.range().subtrees()).isEqualTo(range.subtrees());
      edge = edge.append(List.of(REFERENCE.leaf(size))).edge();
      range.append(REFERENCE.leaf(size));
    }
  }

  @Test
  void appendLeavesItsEdgeUnchanged() {
    TileEdge edge = TileEdge.EMPTY.append(REFERENCE.leaves(0, 300)).edge();
    Hash before = edge.root();
    Hash grown = edge.append(REFERENCE.leaves(300, 1_000)).edge().root();
    assertThat(edge.root()).isEqualTo(before).isEqualTo(REFERENCE.root(300));
    assertThat(grown).isEqualTo(REFERENCE.root(1_000));
    assertThat(edge.append(List.of()).tiles()).isEmpty();
    assertThat(edge.append(List.of()).edge().root()).isEqualTo(before);
  }

  @Test
  void compactRangeContinuesFromItsState() {
    CompactRange range = CompactRange.empty();
    REFERENCE.leaves(0, 333).forEach(range::append);
    CompactRange restored = CompactRange.of(range.size(), range.subtrees());
    REFERENCE.leaves(333, 500).forEach(restored::append);
    assertThat(restored.root()).isEqualTo(REFERENCE.root(500));
    assertThat(range.root()).isEqualTo(REFERENCE.root(333));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CompactRange.of(334, range.subtrees().subList(1, 3)));
    assertThatIllegalArgumentException().isThrownBy(() -> CompactRange.of(-1, List.of()));
  }

  @Test
  void fullTreeRefusesAnotherLeaf() {
    CompactRange full = CompactRange.of(Long.MAX_VALUE, Collections.nCopies(63, Hash.EMPTY_TREE));
    assertThatIllegalStateException().isThrownBy(() -> full.append(Hash.EMPTY_TREE));
  }

  /** A wider tile begins with the hashes of a narrower one. */
  @Test
  void widerTileReplacesANarrowerOne() throws Exception {
    Store store = new Store();
    store.append(TileEdge.EMPTY, 1_000);
    TileSource<RuntimeException> latest =
        path ->
            store.tiles.values().stream()
                .filter(tile -> tile.path().level() == path.level())
                .filter(tile -> tile.path().index() == path.index())
                .findFirst()
                .orElseThrow();
    for (int size = 1; size <= 1_000; size += 7) {
      assertThat(TiledNodes.tree(latest, size).root()).isEqualTo(REFERENCE.root(size));
      assertThat(TileEdge.read(size, latest).root()).isEqualTo(REFERENCE.root(size));
    }
  }

  @Test
  void wrongTileFromTheStoreIsRefused() {
    Store store = new Store();
    store.append(TileEdge.EMPTY, 300);
    Tile other = store.tile(new TilePath(0, 1, 44));
    assertThatIllegalStateException()
        .isThrownBy(() -> TiledNodes.tree(path -> other, 256).root())
        .withMessageContaining("requested tile/1/000.p/1, got tile/0/001.p/44");
    assertThatIllegalStateException().isThrownBy(() -> TileEdge.read(556, path -> other));
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 256, tile/0/000",
    "0, 1234067, 256, tile/0/x001/x234/067",
    "3, 999, 1, tile/3/999.p/1",
    "63, 1000, 255, tile/63/x001/000.p/255",
    "-1, 273, 112, tile/entries/273.p/112",
    "-1, 1000000, 256, tile/entries/x001/x000/000",
    "0, 9223372036854775807, 256, tile/0/x009/x223/x372/x036/x854/x775/807"
  })
  void pathFollowsTheSpecification(int level, long index, int width, String path) throws Exception {
    assertThat(new TilePath(level, index, width)).hasToString(path);
    assertThat(TilePath.parse(path)).isEqualTo(new TilePath(level, index, width));
  }

  @Test
  void pathHasAsciiDigitsInAnyLocale() throws Exception {
    Locale usual = Locale.getDefault();
    Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
    try {
      TilePath path = new TilePath(1, 1_234_067, 17);
      assertThat(path).hasToString("tile/1/x001/x234/067.p/17");
      assertThat(TilePath.parse(path.toString())).isEqualTo(path);
    } finally {
      Locale.setDefault(usual);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000 ",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/+1/000",
        "tile/x/000",
        "tile/8/0/000",
        "tile/0/x000/001",
        "tile/0/001/002",
        "tile/0/x001",
        "tile/0/x001/x002",
        "tile/0/X001/002",
        "tile/0/x1/002",
        "tile/0/x001x002/003",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/-1",
        "tile/0/000.p/1000",
        "tile/0/000.p/1/",
        "tile/0/000.p1",
        "tile/0/000.P/1",
        "tile/0/00a",
        "tile/0/٠٠٠",
        "tile/0/x009/x223/x372/x036/x854/x775/808",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        "tile/entries",
        "tile/entry/000",
        "tile/data/000",
        "tile/ENTRIES/000",
        "tile/0/000\n",
        "tile/0//000",
        "tile//000",
        "tile/0/../000"
      })
  void malformedPathIsRefused(String path) {
    assertThatExceptionOfType(TileParseException.class)
        .isThrownBy(() -> TilePath.parse(path))
        .withMessageContaining("\"" + path.replaceAll("[^ -~]", "?") + "\"");
  }

  @Test
  void longPathIsRefusedWithAShortQuote() {
    assertThatExceptionOfType(TileParseException.class)
        .isThrownBy(() -> TilePath.parse("tile/0/" + "x001/".repeat(100_000) + "000"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(300));
  }

  @Test
  void tileHasTheWidthOfItsPath() throws Exception {
    TilePath path = new TilePath(0, 5, 3);
    for (int length : new int[] {0, 1, 64, 95, 97, 128, 8192}) {
      assertThatExceptionOfType(TileParseException.class)
          .isThrownBy(() -> Tile.parse(path, new byte[length]))
          .withMessageContaining("tile/0/005.p/3");
    }
    byte[] bytes = new byte[96];
    Tile tile = Tile.parse(path, bytes);
    bytes[0] = 1;
    tile.bytes()[1] = 1;
    assertThat(tile.bytes()).isEqualTo(new byte[96]);
    assertThat(tile)
        .isEqualTo(Tile.parse(path, new byte[96]))
        .isNotEqualTo(Tile.parse(path, bytes));
    assertThatExceptionOfType(TileParseException.class)
        .isThrownBy(() -> Tile.parse(new TilePath(TilePath.ENTRIES, 0, 3), new byte[96]));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> tile.hash(3));
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> tile.hash(-1));
  }

  @Test
  void invalidNamesAreRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new TilePath(64, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new TilePath(-2, 0, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new TilePath(0, -1, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new TilePath(0, 0, 0));
    assertThatIllegalArgumentException().isThrownBy(() -> new TilePath(0, 0, 257));
    assertThatIllegalArgumentException().isThrownBy(() -> TilePath.partial(-1));
    assertThatIllegalArgumentException().isThrownBy(() -> TilePath.added(-1, 5));
  }
}
