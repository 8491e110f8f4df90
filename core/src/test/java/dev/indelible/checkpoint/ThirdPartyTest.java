// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.TiledNodes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The log as others see it: Go's golang.org/x/mod/sumdb, from Debian's packages golang-go and
 * golang-golang-x-mod-dev, checks what is written here. Skipped where they are not installed.
 */
class ThirdPartyTest {
  private static final int ENTRIES = 70_000;
  private static final Path LIBRARY = Path.of("/usr/share/gocode");

  @TempDir static Path folder;

  private static Path program;
  private static TileEdge edge;
  private static String output;

  @BeforeAll
  static void buildTheProgramAndExportALog() throws Exception {
    assumeTrue(
        Files.isDirectory(LIBRARY.resolve("src/golang.org/x/mod/sumdb/tlog")) && hasGo(),
        "skipped: needs Debian's packages golang-go and golang-golang-x-mod-dev");
    Path source =
        Path.of(System.getProperty("indelible.root", "..")).resolve("core/src/test/go/check.go");
    program = folder.resolve("check");
    int built = run("go", "build", "-o", program.toString(), source.toAbsolutePath().toString());
    assertThat(built).as(output).isZero();
    export();
  }

  private static boolean hasGo() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, "go")));
  }

  /** A log of entries of all lengths, in batches, with the tiles each batch gave. */
  private static void export() throws IOException {
    Path log = folder.resolve("log");
    edge = TileEdge.EMPTY;
    while (edge.size() < ENTRIES) {
      List<Hash> leaves = new ArrayList<>();
      for (long i = edge.size(); i < Math.min(ENTRIES, edge.size() + 997); i++) {
        leaves.add(Hash.ofLeaf(entry(i)));
      }
      TileEdge.Growth growth = edge.append(leaves);
      for (Tile tile : growth.tiles()) {
        write(log.resolve(tile.path().toString()), tile.bytes());
      }
      edge = growth.edge();
    }
    for (TilePath path : TilePath.bundlesAdded(0, ENTRIES)) {
      List<byte[]> entries = new ArrayList<>();
      for (int i = 0; i < path.width(); i++) {
        entries.add(entry(path.index() * TilePath.FULL_WIDTH + i));
      }
      write(log.resolve(path.toString()), EntryBundle.of(entries).bytes());
    }
    SignedCheckpoint checkpoint =
        SignedCheckpoint.sign(Checkpoint.of(Keys.ORIGIN, ENTRIES, edge.root()), Keys.LOG)
            .with(Keys.cosign(1, Checkpoint.of(Keys.ORIGIN, ENTRIES, edge.root()), 1));
    write(log.resolve("checkpoint"), checkpoint.bytes());
  }

  private static byte[] entry(long index) {
    return ("entry " + index + " " + "x".repeat((int) (index % 300)))
        .getBytes(StandardCharsets.UTF_8);
  }

  private static void write(Path file, byte[] bytes) throws IOException {
    Files.createDirectories(file.getParent());
    Files.write(file, bytes);
  }

  @Test
  void anExportedLogOfSeventyThousandEntriesVerifies() throws Exception {
    assertThat(verifyExport()).as(output).isZero();
    assertThat(output).isEqualTo("verified 70000 entries of log.example/audit\n");
  }

  /** So that the test above can fail. */
  @Test
  void oneByteChangedAnywhereInTheExportDoesNot() throws Exception {
    for (String file :
        new String[] {
          "checkpoint",
          "tile/0/000",
          "tile/0/272",
          "tile/0/273.p/112",
          "tile/1/000",
          "tile/1/001.p/17",
          "tile/2/000.p/1",
          "tile/entries/000",
          "tile/entries/273.p/112"
        }) {
      Path path = folder.resolve("log").resolve(file);
      byte[] right = Files.readAllBytes(path);
      byte[] wrong = right.clone();
      wrong[wrong.length / 2] ^= 1;
      Files.write(path, wrong);
      assertThat(verifyExport()).as("%s: %s", file, output).isNotZero();
      Files.write(path, right);
    }
  }

  private static int verifyExport() throws Exception {
    return run(
        program.toString(),
        "export",
        folder.resolve("log").toString(),
        Keys.LOG.verifierKey().vkey());
  }

  @Test
  void proofsFromTheTilesVerify() throws Exception {
    TileSource<RuntimeException> tiles = ThirdPartyTest::readTile;
    SplittableRandom random = new SplittableRandom(70_000);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      // Sizes whose tiles are on disk: the last, and those at the end of a full tile of level 1.
      long size = i % 2 == 0 ? ENTRIES : 65_536;
      long index = random.nextLong(size);
      MerkleTree<RuntimeException> tree = TiledNodes.tree(tiles, size);
      lines.add(
          line(
              "inclusion",
              size,
              tree.root(),
              index,
              Hash.ofLeaf(entry(index)),
              tree.inclusionProof(index).path()));
      Hash older = new MerkleTree<>(new TiledNodes<>(tiles, ENTRIES), index + 1).root();
      lines.add(
          line(
              "consistency",
              size,
              tree.root(),
              index + 1,
              older,
              tree.consistencyProof(index + 1).path()));
    }
    Path file = folder.resolve("proofs");
    Files.write(file, lines);
    assertThat(run(program.toString(), "proofs", file.toString())).as(output).isZero();
    assertThat(output).isEqualTo("verified 600 proofs\n");
    lines.set(100, lines.get(100).replaceFirst("^(\\S+ \\S+ \\S+) \\d+", "$1 7"));
    Files.write(file, lines);
    assertThat(run(program.toString(), "proofs", file.toString())).as(output).isNotZero();
  }

  private static String line(
      String kind, long size, Hash root, long place, Hash there, List<Hash> path) {
    StringBuilder line =
        new StringBuilder(
            "%s %d %s %d %s".formatted(kind, size, root.base64(), place, there.base64()));
    path.forEach(hash -> line.append(' ').append(hash.base64()));
    return line.toString();
  }

  /** The wider of the tiles that are there, as a ledger that keeps only the last would. */
  private static Tile readTile(TilePath path) {
    for (int width = path.width(); width <= TilePath.FULL_WIDTH; width++) {
      TilePath wider = new TilePath(path.level(), path.index(), width);
      Path file = folder.resolve("log").resolve(wider.toString());
      if (Files.exists(file)) {
        try {
          return Tile.parse(wider, Files.readAllBytes(file));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } catch (TileParseException e) {
          throw new AssertionError(e);
        }
      }
    }
    throw new AssertionError("no tile for " + path);
  }

  /** Ed25519 is deterministic: the same key, origin and leaves give the same bytes. */
  @Test
  void theSameKeySignsTheSameBytes() throws Exception {
    Checkpoint checkpoint = Checkpoint.of(Keys.ORIGIN, ENTRIES, edge.root());
    Path text = folder.resolve("text");
    Files.writeString(text, checkpoint.text());
    assertThat(run(program.toString(), "sign", Keys.skey(), text.toString())).as(output).isZero();
    assertThat(output).isEqualTo(SignedCheckpoint.sign(checkpoint, Keys.LOG).toString());
    SignedCheckpoint.parse(output.getBytes(StandardCharsets.UTF_8)).verify(Keys.LOG.verifierKey());
    assertThat(NoteSigner.fromSkey(Keys.skey()).verifierKey()).isEqualTo(Keys.LOG.verifierKey());
  }

  private static int run(String... command) throws Exception {
    ProcessBuilder process = new ProcessBuilder(command).redirectErrorStream(true);
    process.environment().put("GO111MODULE", "off");
    process.environment().put("GOPATH", LIBRARY.toString());
    process.environment().put("GOCACHE", folder.resolve("go-cache").toString());
    Process running = process.start();
    running.getOutputStream().close();
    output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor(2, TimeUnit.MINUTES)).isTrue();
    return running.exitValue();
  }
}
