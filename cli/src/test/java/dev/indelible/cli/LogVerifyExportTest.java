// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.cli.Cli.Result;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.merkle.EntryBundle;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.TilePath;
import dev.indelible.sqlite.SqliteLedger;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * {@code log verify --export}: the files that an owner publishes, checked without the owner. The
 * class is long because its cases share one exported log.
 */
@Tag("any-jdk")
class LogVerifyExportTest {
  private static final int DECISIONS = 298;

  /** The number of rows, with the policy and the tally of their run. */
  private static final int ROWS = 300;

  private static final String ENTRIES = "tile/entries/000";

  @TempDir Path root;
  private Cli cli;
  private Path directory;
  private String key;

  @BeforeEach
  void exportRows() {
    cli = new Cli(root.resolve("data"));
    directory = root.resolve("log");
    record(DECISIONS);
    export();
    key = vkey(cli);
  }

  private void record(int decisions) {
    StringBuilder input = new StringBuilder();
    for (int i = 1; i <= decisions; i++) {
      input.append(Cli.line("agent:" + i, Cli.bash("rm -rf /" + i)));
    }
    cli.runOn(input.toString(), "gate").ok();
  }

  private void export() {
    cli.run("log", "export", directory.toString()).ok();
  }

  private static String vkey(Cli log) {
    return log.run("keys", "export", "--format", "vkey").ok().out().strip();
  }

  /** Verifies with the files and the key only. */
  private Result verify(String... more) {
    List<String> args = new ArrayList<>(List.of("--data", root.resolve("nowhere").toString()));
    args.addAll(List.of("log", "verify", "--export", directory.toString()));
    args.addAll(List.of(more));
    return Cli.runWithoutData(args.toArray(String[]::new));
  }

  private JsonNode report(int status, String... more) {
    List<String> args = new ArrayList<>(List.of("--key", key, "--output", "json"));
    args.addAll(List.of(more));
    Result result = verify(args.toArray(String[]::new));
    assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(status);
    return result.json();
  }

  /** {@code check status: message} of each finding. */
  private static List<String> findings(JsonNode report) {
    List<String> findings = new ArrayList<>();
    for (JsonNode finding : report.path("findings")) {
      findings.add(
          finding.path("check").asString()
              + " "
              + finding.path("status").asString()
              + ": "
              + finding.path("message").asString());
    }
    return findings;
  }

  private static String finding(JsonNode report, String check) {
    return findings(report).stream()
        .filter(one -> one.startsWith(check + " "))
        .findFirst()
        .orElse("");
  }

  @Test
  void filesAndKeyVerifyTheExport() {
    JsonNode report = report(0);

    assertThat(report.path("verdict").asString()).isEqualTo("intact");
    assertThat(report.path("rows").asInt()).isEqualTo(ROWS);
    assertThat(finding(report, "link")).isEqualTo("link ok: holds for 300 rows");
    assertThat(finding(report, "signature")).isEqualTo("signature ok: holds for 300 rows");
    assertThat(finding(report, "tree")).isEqualTo("tree ok: its tiles are those of 300 rows");
    assertThat(finding(report, "checkpoints"))
        .contains("ok: 1 checkpoint of indelible/", "0 rows after");
    assertThat(verify("--key", key).ok().out()).startsWith("intact  300 rows, head 300 ");
  }

  /** A check of missing content is not "ok". */
  @Test
  void contentMissingFromExportsIsUnknown() {
    JsonNode report = report(0);

    assertThat(finding(report, "payload")).startsWith("payload unknown: the payloads of 300 rows");
    assertThat(finding(report, "dead_letters")).startsWith("dead_letters unknown: ");
    assertThat(finding(report, "completeness")).startsWith("completeness unknown: ");
    assertThat(finding(report, "keys"))
        .startsWith("keys ok: none of the checked rows introduces or revokes");
  }

  /** One byte of a file changes. The signature covers each entry, tile and line. */
  @ParameterizedTest
  @CsvSource({
    ENTRIES + ", 100, signature broken",
    ENTRIES + ", 100, link broken",
    ENTRIES + ", 100, checkpoints broken",
    "tile/entries/001.p/44, 100, checkpoints broken",
    "tile/0/000, 7, tree broken",
    "tile/0/001.p/44, 7, tree broken",
    "tile/1/000.p/1, 7, tree broken",
    "checkpoint, 60, checkpoints broken",
  })
  void changedFileIsBroken(String file, int at, String finding) throws Exception {
    Path path = directory.resolve(file);
    byte[] bytes = Files.readAllBytes(path);
    if (file.startsWith("tile/entries")) {
      at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf("agent:") + 6;
      bytes[at] = bytes[at] == '9' ? (byte) '8' : (byte) '9';
    } else if (file.equals("checkpoint")) {
      // The root stays valid base64.
      bytes[at] = bytes[at] == 'B' ? (byte) 'C' : (byte) 'B';
    } else {
      bytes[at] ^= 1;
    }
    Files.write(path, bytes);

    assertThat(findings(report(1))).as(file).anyMatch(one -> one.startsWith(finding));
  }

  @ParameterizedTest
  @CsvSource({ENTRIES, "tile/entries/001.p/44", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"})
  void missingFileIsNamed(String file) throws Exception {
    Files.delete(directory.resolve(file));

    String check = file.startsWith("tile/entries") ? "storage" : "tree";
    assertThat(finding(report(1), check))
        .startsWith(check + " broken: ")
        .endsWith(directory.resolve(file) + ": the file is missing");
  }

  /** An entry has another sequence, or is no record. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"2 | 3 | entry 2 states that it is row 3", "9 | 0 | entry 9 is not a row: "})
  void impossibleEntryIsNamed(int place, int instead, String says) throws Exception {
    TilePath path = new TilePath(TilePath.ENTRIES, 0, TilePath.FULL_WIDTH);
    Path file = directory.resolve(path.toString());
    List<byte[]> entries = EntryBundle.parse(path, Files.readAllBytes(file)).entries();
    List<byte[]> changed = new ArrayList<>(entries);
    changed.set(
        place - 1,
        instead == 0 ? "something".getBytes(StandardCharsets.UTF_8) : entries.get(instead - 1));
    Files.write(file, EntryBundle.of(changed).bytes());

    assertThat(finding(report(1), "storage")).contains(says);
  }

  /** A shorter log is valid, so only a later checkpoint that somebody kept shows the rollback. */
  @Test
  void keptCheckpointRevealsARolledBackCopy() throws Exception {
    Path kept = root.resolve("kept");
    byte[] early = Files.readAllBytes(directory.resolve("checkpoint"));
    record(1);
    export();
    Files.copy(directory.resolve("checkpoint"), kept);
    assertThat(finding(report(0, "--anchor", kept.toString()), "anchor")).contains("anchor ok");

    Files.write(directory.resolve("checkpoint"), early);

    assertThat(report(0).path("rows").asInt()).isEqualTo(ROWS);
    assertThat(finding(report(3, "--anchor", kept.toString()), "anchor"))
        .contains("this copy has 300 rows, but the log signed a checkpoint over 301");
    assertThat(finding(report(3, "--since", kept.toString()), "storage"))
        .contains("there is no row 301 to start after");
  }

  /** A checkpoint covers no row, or has no valid signature. */
  @Test
  void checkpointOverNoRowIsBroken() throws Exception {
    Path file = directory.resolve("checkpoint");
    String origin = SignedCheckpoint.parse(Files.readAllBytes(file)).unverified().origin();
    NoteSigner stranger = NoteSigner.of(origin, SigningKey.generate());
    Files.write(
        file, SignedCheckpoint.sign(Checkpoint.of(origin, 0, Hash.EMPTY_TREE), stranger).bytes());

    assertThat(finding(report(1), "storage")).contains("its checkpoint is over no rows");
  }

  /** The last checkpoint covers exactly the trusted rows. */
  @Test
  void lastCheckpointIsCheckedWithoutLaterRows() throws Exception {
    Path file = directory.resolve("checkpoint");
    Path kept = Files.copy(file, root.resolve("kept"));
    assertThat(finding(report(0, "--since", kept.toString()), "checkpoints"))
        .contains("ok: 1 checkpoint of indelible/");
    Checkpoint real = SignedCheckpoint.parse(Files.readAllBytes(file)).unverified();
    SigningKey witness = SigningKey.generate();
    VerifierKey named =
        new VerifierKey("w.example", SignatureType.COSIGNATURE, witness.verificationKey());

    Checkpoint foreign = Checkpoint.of("elsewhere", 300, real.root());
    SignedCheckpoint planted =
        SignedCheckpoint.sign(foreign, NoteSigner.of("elsewhere", SigningKey.generate()))
            .with(Cosignature.sign("w.example", witness, foreign, 1_700_000_000).line());
    Files.write(file, planted.bytes());

    JsonNode report = report(3, "--since", kept.toString(), "--witness", named.vkey());
    assertThat(finding(report, "checkpoints")).contains("unknown: ");
    assertThat(finding(report, "witnesses")).contains("unknown: ");
  }

  /** Of several vkeys, each counts only for the log that it names. */
  @Test
  void keyOfALogDoesNotSignForAnotherLog() throws Exception {
    Cli other = new Cli(root.resolve("other"));
    other.run("check", Cli.bash("ls")).ok();
    String others = vkey(other);
    Path file = directory.resolve("checkpoint");
    Checkpoint real = SignedCheckpoint.parse(Files.readAllBytes(file)).unverified();
    Files.write(
        file,
        SignedCheckpoint.sign(
                real, NoteSigner.of(real.origin(), new DataDirectory(other.data()).keys().open()))
            .bytes());

    assertThat(finding(report(3, "--key", others), "checkpoints")).contains("unknown: ");
  }

  @Test
  void unusualFileIsNotRead() throws Exception {
    Path entries = directory.resolve(ENTRIES);
    Files.delete(entries);
    Files.createSymbolicLink(entries, Path.of("/dev/zero"));

    assertThat(finding(report(1), "storage")).contains(entries + ": is not a regular file");
    Files.delete(entries);
    try (RandomAccessFile large = new RandomAccessFile(entries.toFile(), "rw")) {
      large.setLength(1L << 40);
    }
    assertThat(finding(report(1), "storage")).contains("too large for a file of a log");
  }

  /** Another key signs a checkpoint with the name of this log. */
  @Test
  void checkpointOfAnotherKeyIsUnknown() throws Exception {
    Path file = directory.resolve("checkpoint");
    Checkpoint real = SignedCheckpoint.parse(Files.readAllBytes(file)).unverified();
    Files.write(
        file,
        SignedCheckpoint.sign(real, NoteSigner.of(real.origin(), SigningKey.generate())).bytes());

    assertThat(finding(report(3), "checkpoints")).startsWith("checkpoints unknown: ");
  }

  @Test
  void checkpointOverMissingRowsIsBroken() throws Exception {
    Path file = directory.resolve("checkpoint");
    String origin = SignedCheckpoint.parse(Files.readAllBytes(file)).unverified().origin();
    NoteSigner stranger = NoteSigner.of(origin, SigningKey.generate());
    for (long size : new long[] {301, 70_000, Long.MAX_VALUE}) {
      Files.write(
          file,
          SignedCheckpoint.sign(Checkpoint.of(origin, size, Hash.EMPTY_TREE), stranger).bytes());
      assertThat(finding(report(1), "storage")).contains("the file is missing");
    }
  }

  /** A vkey names its log; a PEM key does not. */
  @Test
  void keyOfAnotherLogIsUnknown() throws Exception {
    Cli other = new Cli(root.resolve("other"));
    other.run("check", Cli.bash("ls")).ok();
    Result result = verify("--key", vkey(other));
    assertThat(result.exit()).isEqualTo(3);
    assertThat(result.out())
        .containsPattern("signature +unknown +1-300 +it is signed by a key that is not known here")
        .contains("for which no key is given");

    String renamed = key.replaceFirst("^indelible/[^+]*", "elsewhere");
    assertThat(renamed).isNotEqualTo(key);
    assertThat(verify("--key", renamed).complaint(2)).contains("vkey");

    Path pem = root.resolve("key.pem");
    Files.writeString(pem, cli.run("keys", "export").ok().out());
    assertThat(verify("--key", pem.toString()).exit()).isZero();
    assertThat(verify("--key", directory.resolve("vkeys").toString()).exit()).isZero();
  }

  @Test
  void rotatedLogNeedsAllItsKeys() {
    cli.run("keys", "rotate").ok();
    record(1);
    export();

    JsonNode old = report(3);
    assertThat(finding(old, "signature")).contains("unknown: it is signed by a key that is not");
    JsonNode all =
        verify("--key", directory.resolve("vkeys").toString(), "--output", "json").ok().json();
    assertThat(finding(all, "keys"))
        .startsWith("keys unknown: 1 rows from row 301 on introduce or revoke keys, but ");
  }

  @Test
  void unsignedRowsVerifyUnderTheCheckpoint() throws Exception {
    try (Indelible log = Indelible.builder(cli.data()).rowSignatures(false).open()) {
      log.gate().check("agent:a", new Bash("ls"));
    }
    export();

    assertThat(finding(report(0), "unsigned"))
        .startsWith("unsigned ok: 1 rows from row 302 on are unsigned, after a signed note whose")
        .endsWith("the checkpoint over 302 rows covers them");
  }

  @Test
  void erasureLeavesTheRecordUnchanged() {
    String id = cli.rows().get(4).path("id").asString();
    cli.run("log", "erase-payload", id, "--reason", "asked for").ok();
    record(1);
    export();

    assertThat(report(0).path("rows").asInt()).isEqualTo(ROWS + 2);
  }

  @Test
  void recordedTamperingIsBrokenInTheExport() throws Exception {
    cli.sql("UPDATE signed_events SET agent_id = 'x' WHERE sequence = 300");
    cli.run("check", Cli.bash("ls"));
    try (SqliteLedger ledger = SqliteLedger.open(cli.data().resolve("indelible.db"))) {
      assertThat(ledger.size("audit.tamper")).isEqualTo(1);
    }
    cli.sql(
        "UPDATE signed_events SET agent_id ="
            + " (SELECT agent_id FROM signed_events WHERE sequence = 301) WHERE sequence = 300");
    cli.run("log", "export", root.resolve("new").toString());
    directory = root.resolve("new");

    assertThat(finding(report(1), "tamper"))
        .isEqualTo(
            "tamper broken: the log noted tampering while it ran: its payload is not in this copy");
  }

  @Test
  void sinceVerifiesOnlyNewExportedRows() throws Exception {
    Path kept = Files.copy(directory.resolve("checkpoint"), root.resolve("kept"));
    record(2);
    export();

    assertThat(report(0, "--since", kept.toString()).path("rows").asInt()).isEqualTo(3);
    assertThat(report(0, "--since", "301").path("rows").asInt()).isEqualTo(3);
    assertThat(report(0, "--since", "303").path("rows").asInt()).isEqualTo(1);
  }

  @Test
  void wrongUsageIsReportedInOneLine() throws Exception {
    assertThat(verify().complaint(2)).contains("--export: name the log's public key with --key");
    assertThat(verify("--key", key, "--adopted", "x").complaint(2)).contains("--adopted");
    assertThat(verify("--key", key, "--format", "ai-memory-0.7", "x").complaint(2))
        .contains("--export");
    directory = root.resolve("none");
    assertThat(verify("--key", key).complaint(2)).endsWith("none: is not a directory");
    Files.createDirectory(directory);
    assertThat(verify("--key", key).complaint(2)).contains("has no file 'checkpoint'");
    directory = root.resolve("data");
    assertThat(verify("--key", key).complaint(2)).contains("has no file 'checkpoint'");
  }
}
