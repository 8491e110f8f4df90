// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.merkle.Hash;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.Tile;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.merkle.TileSource;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.testkit.Sample;
import dev.indelible.tlog.RawLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Go's golang.org/x/mod/sumdb (Debian packages golang-go and golang-golang-x-mod-dev) verifies the
 * output of the log. Skipped if the packages are not installed. The class is long because all cases
 * share one compiled Go program.
 */
@Tag("any-jdk")
class ThirdPartyTest {
  private static final int ENTRIES = 70_000;

  /** The log is signed at these sizes, some of which are at the end of a tile. */
  private static final int[] SIZES = {
    0, 1, 2, 255, 256, 257, 511, 4_096, 5_000, 65_535, 65_536, 65_537, ENTRIES
  };

  private static final Path LIBRARY = Path.of("/usr/share/gocode");

  @TempDir static Path folder;

  private static Path program;

  /** The checkpoint of each size, as an auditor would keep it. */
  private static final Map<Integer, byte[]> KEPT = new TreeMap<>();

  private static String output;

  @BeforeAll
  static void buildTheProgramAndExportALog() throws Exception {
    assumeTrue(
        Files.isDirectory(LIBRARY.resolve("src/golang.org/x/mod/sumdb/tlog")) && hasGo(),
        "skipped: no Go to check with; to run it: apt-get install golang-go golang-golang-x-mod-dev");
    Path source =
        Path.of(System.getProperty("indelible.root", ".."))
            .resolve("transparency/src/test/go/check.go");
    program = folder.resolve("check");
    int built = run("go", "build", "-o", program.toString(), source.toAbsolutePath().toString());
    assertThat(built).as(output).isZero();
    export();
  }

  private static boolean hasGo() {
    return Arrays.stream(System.getenv("PATH").split(":"))
        .anyMatch(each -> Files.isExecutable(Path.of(each, "go")));
  }

  /** Exports a log with entries of many lengths, signed at each of {@link #SIZES}. */
  private static void export() throws Exception {
    try (RawLog log = RawLog.open(folder.resolve("log"), Keys.LOG)) {
      for (int size : SIZES) {
        while (log.size() < size) {
          log.append(entry(log.size()));
        }
        KEPT.put(size, log.sign().bytes());
      }
    }
  }

  private static byte[] entry(long index) {
    return ("entry " + index + " " + "x".repeat((int) (index % 300)))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void exportOfSeventyThousandEntriesVerifies() throws Exception {
    assertThat(verifyExport()).as(output).isZero();
    assertThat(output).isEqualTo("verified 70000 entries of log.example/audit\n");
  }

  /** Every file, including those of earlier sizes, equals the file that Go writes. */
  @Test
  void filesEqualTheFilesThatGoWrites() throws Exception {
    Path theirs = folder.resolve("theirs");
    List<String> command =
        new ArrayList<>(List.of(program.toString(), "write", theirs.toString(), Keys.skey()));
    Arrays.stream(SIZES).forEach(size -> command.add(Integer.toString(size)));
    assertThat(run(command.toArray(String[]::new))).as(output).isZero();

    Map<String, byte[]> expected = files(theirs);
    Map<String, byte[]> actual = files(folder.resolve("log"));
    assertThat(actual.remove(".lock")).isEmpty();
    assertThat(actual.keySet()).isEqualTo(expected.keySet()).hasSizeGreaterThan(560);
    actual.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(expected.get(name)));
  }

  private static Map<String, byte[]> files(Path root) throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> found = Files.walk(root)) {
      for (Path file : found.filter(Files::isRegularFile).toList()) {
        files.put(root.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void tlogProofVerifies() throws Exception {
    TileSource<RuntimeException> tiles = ThirdPartyTest::readTile;
    SignedCheckpoint checkpoint =
        SignedCheckpoint.parse(Files.readAllBytes(folder.resolve("log/checkpoint")));
    for (long index : new long[] {0, 255, 256, 65_535, 65_536, 69_888, ENTRIES - 1}) {
      TlogProof proof =
          TlogProof.of(TiledNodes.tree(tiles, ENTRIES).inclusionProof(index), checkpoint)
              .withExtra(entry(index));
      assertThat(verifyProof(proof.bytes())).as(output).isZero();
      assertThat(output)
          .isEqualTo(
              "entry %d of 70000 of log.example/audit: %s\n"
                  .formatted(index, new String(entry(index), StandardCharsets.UTF_8)));
      assertThat(verifyProof(proof.withExtra(entry(index + 1)).bytes())).as(output).isNotZero();
    }
  }

  private static int verifyProof(byte[] proof) throws Exception {
    Path file = Files.write(folder.resolve("entry.tlog-proof"), proof);
    return run(program.toString(), "proof", file.toString(), Keys.LOG.verifierKey().vkey());
  }

  /** Shows that the verification of an export fails if a file was changed. */
  @Test
  void changedByteInTheExportIsRefused() throws Exception {
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

  private static int verifyExport(NoteSigner... more) throws Exception {
    return runUnderKeys("export", List.of(folder.resolve("log")), more);
  }

  /** Runs a command of the Go program with the log's vkey and further vkeys. */
  private static int runUnderKeys(String verb, List<Path> paths, NoteSigner... more)
      throws Exception {
    List<String> command = new ArrayList<>(List.of(program.toString(), verb));
    paths.forEach(path -> command.add(path.toString()));
    command.add(Keys.LOG.verifierKey().vkey());
    Arrays.stream(more).forEach(signer -> command.add(signer.verifierKey().vkey()));
    return run(command.toArray(String[]::new));
  }

  /**
   * Extra keys that did not sign are harmless. A signature under the name of another log does not
   * count.
   */
  @Test
  void oneOfSeveralKeysMustHaveSigned() throws Exception {
    NoteSigner later = NoteSigner.of(Keys.ORIGIN, Keys.key(3));
    assertThat(verifyExport(Keys.OTHER, later)).as(output).isZero();

    Path path = folder.resolve("log/checkpoint");
    byte[] right = Files.readAllBytes(path);
    Checkpoint checkpoint = SignedCheckpoint.parse(right).unverified();
    Files.write(path, SignedCheckpoint.sign(checkpoint, later).bytes());
    assertThat(verifyExport()).isEqualTo(1);
    assertThat(verifyExport(later)).as(output).isZero();
    Files.write(path, SignedCheckpoint.sign(checkpoint, Keys.OTHER).bytes());
    assertThat(verifyExport(Keys.OTHER)).isEqualTo(1);
    assertThat(output).contains("a checkpoint of log.example/audit");
    Files.write(path, right);
  }

  /** Runs the step "the log only grew" of docs/verification.md. */
  @Test
  void logGrewFromEachKeptCheckpoint() throws Exception {
    assertThat(KEPT).hasSize(SIZES.length);
    for (Map.Entry<Integer, byte[]> kept : KEPT.entrySet()) {
      assertThat(growth(kept.getValue())).as(output).isZero();
      assertThat(output)
          .isEqualTo("grown from %d to 70000 entries of log.example/audit\n", kept.getKey());
    }
  }

  /** Shows that the step fails if an early or a late entry was changed. */
  @Test
  void forkIsRefused() throws Exception {
    for (int changed : new int[] {0, 4_999}) {
      Path fork = folder.resolve("fork-" + changed);
      try (RawLog log = RawLog.open(fork, Keys.LOG)) {
        while (log.size() < 5_000) {
          log.append(entry(log.size() == changed ? 1 + changed : log.size()));
        }
        assertThat(growth(log.sign().bytes())).isEqualTo(1);
      }
      assertThat(output).contains("the log was forked: its first 5000 entries are not those");
      Path last = Files.write(folder.resolve("kept"), KEPT.get(ENTRIES));
      assertThat(runUnderKeys("growth", List.of(fork, last))).isEqualTo(1);
      assertThat(output).contains("the log was rolled back: it has 5000 entries, and signed 70000");
    }
  }

  /** A checkpoint of another log and a checkpoint with an invalid signature are refused. */
  @Test
  void checkpointOfAnotherLogIsRefused() throws Exception {
    Checkpoint others = Checkpoint.of(Keys.OTHER.verifierKey().name(), 1, Hash.ofLeaf(entry(0)));
    assertThat(growth(SignedCheckpoint.sign(others, Keys.OTHER).bytes(), Keys.OTHER)).isEqualTo(1);
    assertThat(output).contains("is of log other.example, but this log is log.example/audit");
    byte[] forged = KEPT.get(5_000).clone();
    forged[forged.length - 20] ^= 1;
    assertThat(growth(forged)).isEqualTo(1);
  }

  private static int growth(byte[] kept, NoteSigner... more) throws Exception {
    Path file = Files.write(folder.resolve("kept"), kept);
    return runUnderKeys("growth", List.of(folder.resolve("log"), file), more);
  }

  @Test
  void proofsFromTheTilesVerify() throws Exception {
    TileSource<RuntimeException> tiles = ThirdPartyTest::readTile;
    SplittableRandom random = new SplittableRandom(70_000);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      // The tiles of these two sizes are on disk.
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

  /**
   * Returns the narrowest stored tile that covers this one. A ledger stores only the widest tile of
   * each index.
   */
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

  /** Ed25519 is deterministic, so Go signs equal bytes for an equal key, origin and tree. */
  @Test
  void keySignsEqualBytesInGo() throws Exception {
    Checkpoint checkpoint =
        Checkpoint.of(
            Keys.ORIGIN, ENTRIES, TiledNodes.tree(ThirdPartyTest::readTile, ENTRIES).root());
    Path text = folder.resolve("text");
    Files.writeString(text, checkpoint.text());
    assertThat(run(program.toString(), "sign", Keys.skey(), text.toString())).as(output).isZero();
    assertThat(output).isEqualTo(SignedCheckpoint.sign(checkpoint, Keys.LOG).toString());
    SignedCheckpoint.parse(output.getBytes(StandardCharsets.UTF_8)).verify(Keys.LOG.verifierKey());
    assertThat(NoteSigner.fromSkey(Keys.skey()).verifierKey()).isEqualTo(Keys.LOG.verifierKey());
  }

  /** The results that the Go program prints. */
  private enum Reading {
    VERIFIED,
    UNVERIFIED,
    INVALID,
    MALFORMED
  }

  /**
   * Both implementations agree on valid notes and thousands of mutants, with two exceptions. Ours
   * also refuses a signature with unused bits in its padding, and a note with several signatures of
   * a key, one of them wrong. Go's implementation is never stricter.
   */
  @Test
  void notesParseAsInGo() throws Exception {
    List<byte[]> seeds = new ArrayList<>(CheckpointFuzzTest.notes());
    NoteSignature right = Keys.LOG.sign("a\n");
    NoteSignature wrong = Keys.LOG.sign("b\n");
    seeds.add(new SignedNote("a\n", List.of(right, wrong)).bytes());
    seeds.add(new SignedNote("a\n", List.of(wrong, right)).bytes());
    seeds.add(Keys.utf8("a\n\n\u2014 name AAAAAAA=\n" + right + "\n"));
    seeds.add(Keys.utf8("a\n\n\u2014 name AAAAAAB=\n" + right + "\n"));
    List<byte[]> inputs = mutants(seeds);
    List<Reading> theirs = readings(inputs, "notes", Keys.LOG.verifierKey().vkey());
    assertThat(theirs).contains(Reading.values());
    int stricter = 0;
    for (int i = 0; i < inputs.size(); i++) {
      Reading ours = note(inputs.get(i));
      if (ours != theirs.get(i)) {
        stricter++;
        assertThat(isStricter(inputs.get(i), ours, theirs.get(i)))
            .as("%s, theirs %s: %s", ours, theirs.get(i), hex(inputs.get(i)))
            .isTrue();
      }
    }
    assertThat(stricter).isGreaterThan(0);
  }

  private static Reading note(byte[] input) {
    try {
      SignedNote.parse(input).verify(List.of(Keys.LOG.verifierKey()));
      return Reading.VERIFIED;
    } catch (CheckpointParseException e) {
      return Reading.MALFORMED;
    } catch (VerificationException e) {
      return e.reason() == VerificationException.Reason.NO_KNOWN_SIGNATURE
          ? Reading.UNVERIFIED
          : Reading.INVALID;
    }
  }

  private static boolean isStricter(byte[] input, Reading ours, Reading theirs) {
    String text = new String(input, StandardCharsets.UTF_8);
    if (ours == Reading.MALFORMED && theirs == Reading.INVALID) {
      // Go stops at the first wrong signature and does not parse later ones.
      return true;
    }
    if (ours == Reading.MALFORMED) {
      String signatures = text.substring(text.lastIndexOf("\n\n") + 2);
      return signatures.lines().anyMatch(line -> hasUnusedBitsInPadding(line.split(" ")[2]));
    }
    String named = "\u2014 " + Keys.ORIGIN + " ";
    return ours == Reading.INVALID
        && theirs == Reading.VERIFIED
        && text.indexOf(named) < text.lastIndexOf(named);
  }

  private static boolean hasUnusedBitsInPadding(String base64) {
    byte[] bytes = Base64.getDecoder().decode(base64);
    String canonical = Base64.getEncoder().encodeToString(bytes);
    return !canonical.equals(base64) && canonical.length() == base64.length();
  }

  /**
   * Both implementations agree on vkeys, except that ours also refuses upper-case hex digits in an
   * id and newlines in base64.
   */
  @Test
  void vkeysParseAsInGo() throws Exception {
    List<byte[]> seeds = new ArrayList<>(CheckpointFuzzTest.verifierKeys());
    VerifierKey key = Keys.LOG.verifierKey();
    String id = "%08x".formatted(key.id());
    String capitals = id.toUpperCase(Locale.ROOT);
    seeds.add(Keys.utf8(key.vkey().replace(id, capitals)));
    // Go parses only log keys, not witness keys.
    List<byte[]> inputs = mutants(seeds).stream().filter(input -> !isWitness(input)).toList();
    List<Reading> theirs = readings(inputs, "vkeys");
    int stricter = 0;
    for (int i = 0; i < inputs.size(); i++) {
      String vkey = new String(inputs.get(i), StandardCharsets.UTF_8);
      if (isKey(vkey) != (theirs.get(i) == Reading.VERIFIED)) {
        stricter++;
        assertThat(isKey(vkey)).as(vkey).isFalse();
        assertThat(isKey(vkey.replaceAll("[\r\n]", "").replace(capitals, id))).as(vkey).isTrue();
      }
    }
    assertThat(theirs).contains(Reading.VERIFIED, Reading.MALFORMED);
    assertThat(stricter).isGreaterThan(0);
  }

  private static boolean isKey(String vkey) {
    try {
      VerifierKey.parse(vkey);
      return true;
    } catch (CheckpointParseException e) {
      return false;
    }
  }

  private static boolean isWitness(byte[] input) {
    return Arrays.equals(input, Keys.utf8(Keys.witness(1).vkey()));
  }

  private static List<byte[]> mutants(List<byte[]> seeds) {
    return Mutations.of(seeds, 20_000 / Sample.step(10));
  }

  private static List<Reading> readings(List<byte[]> inputs, String verb, String... more)
      throws Exception {
    Path file = folder.resolve(verb);
    Files.write(file, inputs.stream().map(ThirdPartyTest::hex).toList());
    List<String> command = new ArrayList<>(List.of(program.toString(), verb));
    command.addAll(List.of(more));
    command.add(file.toString());
    assertThat(run(command.toArray(new String[0]))).as(output).isZero();
    List<Reading> readings =
        output.lines().map(line -> Reading.valueOf(line.toUpperCase(Locale.ROOT))).toList();
    assertThat(readings).hasSameSizeAs(inputs);
    return readings;
  }

  private static String hex(byte[] input) {
    return HexFormat.of().formatHex(input);
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
