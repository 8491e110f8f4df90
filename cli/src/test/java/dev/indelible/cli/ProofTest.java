// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.NoteSignature;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.cli.Cli.Result;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.sqlite.SqliteCosignatures;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * {@code log prove} and {@code proof verify}. ThirdPartyTest verifies receipts with other tools.
 * The class is long because its cases share one log and its receipt.
 */
@Tag("any-jdk")
class ProofTest {
  /** The policy, ten decisions, and the tally of the run that made them. */
  private static final int ROWS = 12;

  /** An event that the log does not have. */
  private static final String NOBODY = "0198c7e2-0000-7000-8000-000000000000";

  @TempDir Path root;
  private Cli cli;
  private Path file;
  private List<String> ids;
  private String vkey;

  @BeforeEach
  void twelveRows() {
    cli = new Cli(root.resolve("data"));
    file = root.resolve("receipt");
    StringBuilder input = new StringBuilder();
    for (int i = 2; i < ROWS; i++) {
      input.append(Cli.line("agent:" + i, Cli.bash("rm -rf /" + i)));
    }
    cli.runOn(input.toString(), "gate").ok();
    ids =
        cli.run("log", "list", "--output", "json").ok().jsonLines().stream()
            .map(row -> row.path("id").asString())
            .toList();
    vkey = cli.run("keys", "export", "--format", "vkey").ok().out().strip();
  }

  private Result prove(String id, String... options) {
    List<String> command = new ArrayList<>(List.of("log", "prove", id, "--out", file.toString()));
    command.addAll(List.of(options));
    return cli.run(command.toArray(String[]::new));
  }

  /** Verifies without a data directory: with the file and the key only. */
  private Result verify(String... options) {
    List<String> command = new ArrayList<>(List.of("--data", root.resolve("none").toString()));
    command.addAll(List.of("proof", "verify", file.toString()));
    command.addAll(List.of(options));
    return Cli.runWithoutData(command.toArray(String[]::new));
  }

  private static String verdict(Result result, int exit) {
    assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(exit);
    assertThat(result.err()).isEmpty();
    return result.json().path("verdict").asString();
  }

  private String extra() throws Exception {
    return new String(TlogProof.parse(Files.readAllBytes(file)).extra().orElseThrow(), UTF_8);
  }

  /** Replaces the extra data of the receipt. */
  private void extra(String data) throws Exception {
    TlogProof proof = TlogProof.parse(Files.readAllBytes(file));
    Files.write(file, proof.withExtra(data.getBytes(UTF_8)).bytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tlog", "cose"})
  void receiptAndKeyProveEveryRow(String format) throws Exception {
    for (int i = 0; i < ROWS - 1; i++) {
      prove(ids.get(i), "--format", format).ok();
      JsonNode proven = verify("--key", vkey, "--output", "json").ok().json();
      assertThat(proven.path("verdict").asString()).isEqualTo("proven");
      assertThat(proven.path("row").path("id").asString()).isEqualTo(ids.get(i));
      assertThat(proven.path("row").path("sequence").asInt()).isEqualTo(i + 1);
      assertThat(proven.path("row").path("payload").isNull()).isTrue();
      assertThat(proven.path("row_signature").asString()).isEqualTo("ok");
      Files.delete(file);
      Files.deleteIfExists(root.resolve("receipt.record"));
    }
  }

  /**
   * A note has at most a hundred signatures, and a receipt contains only signatures of known keys.
   */
  @Test
  void cosignaturesBeyondANoteLeaveTheLogIntact() throws Exception {
    Path database = new DataDirectory(cli.data()).database();
    Checkpoint last;
    try (LedgerReader ledger = SqliteLedger.open(database)) {
      last = SignedCheckpoint.parse(ledger.lastCheckpoint().orElseThrow().note()).unverified();
    }
    SigningKey witness = SigningKey.generate();
    for (int i = 119; i >= 0; i--) {
      String name = "w%03d.example".formatted(i);
      NoteSignature line = Cosignature.sign(name, witness, last, 1_700_000_000).line();
      VerifierKey key = new VerifierKey(name, SignatureType.COSIGNATURE, witness.verificationKey());
      new SqliteCosignatures(database)
          .keep(last.size(), key.vkey().substring(0, name.length() + 9), line.line());
    }

    cli.assertIntact(ROWS - 2);
    cli.run("log", "export", root.resolve("log").toString()).ok();
    SignedCheckpoint exported =
        SignedCheckpoint.parse(Files.readAllBytes(root.resolve("log/checkpoint")));
    assertThat(exported.note().signatures()).hasSize(SignedNote.MAX_SIGNATURES);
    Result without = prove(ids.get(0));
    assertThat(without.exit()).isZero();
    assertThat(without.err()).contains("99 signature lines in the ledger are not in the receipt");
    assertThat(TlogProof.parse(Files.readAllBytes(file)).checkpoint().note().signatures())
        .hasSize(1);
    for (String name : List.of("w021.example", "w119.example")) {
      VerifierKey key = new VerifierKey(name, SignatureType.COSIGNATURE, witness.verificationKey());
      Files.writeString(
          cli.data().resolve("witnesses"), "witness w %s\nquorum none\n".formatted(key.vkey()));
      Files.delete(file);
      assertThat(prove(ids.get(0)).err()).contains("98 signature lines in the ledger");
      verify("--key", vkey, "--witness", key.vkey()).ok();
    }
  }

  /** {@code base64 -d | head -n1} prints the record, and the next line is the payload. */
  @Test
  void extraDataIsRecordThenPayload() throws Exception {
    JsonNode listed = cli.rows().get(5);
    prove(ids.get(6)).ok();
    assertThat(extra()).doesNotContain("\n", "rm -rf");
    Files.delete(file);

    prove(ids.get(6), "--payload").ok();

    List<String> lines = extra().lines().toList();
    assertThat(lines).hasSize(2);
    assertThat(Cli.json(lines.get(1))).isEqualTo(listed.path("payload"));
    assertThat(cli.run("log", "list", "--output", "json").ok().out().lines())
        .contains(
            lines
                .get(0)
                .replace(
                    ",\"payload_hash\"", ",\"payload\":" + lines.get(1) + ",\"payload_hash\""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"tlog", "cose"})
  void provenRowIsPrinted(String format) {
    assertThat(prove(ids.get(6), "--payload", "--format", format).ok().out())
        .startsWith(file + "  row 7 of 12 in indelible/")
        .endsWith(", with its payload\n");

    String out = verify("--key", vkey).ok().out();

    assertThat(out)
        .startsWith("proven  event " + ids.get(6) + " is row 7 of the ")
        .contains("agent:7", "governance.refusal", "refuse", "rm -rf /7", "row signed by  key ");
    if (format.equals("tlog")) {
      assertThat(out).contains("of the 12 in indelible/");
    }
  }

  @Test
  void jsonIsStable() {
    JsonNode written = prove(ids.get(6), "--output", "json").ok().json();
    assertThat(written.propertyNames())
        .containsExactly("file", "format", "id", "origin", "payload", "sequence", "size");

    assertThat(verify("--key", vkey, "--output", "json").ok().json().propertyNames())
        .containsExactly(
            "cosigned",
            "file",
            "format",
            "origin",
            "row",
            "row_signature",
            "signed_by",
            "size",
            "verdict");
  }

  /** A PEM key verifies a log of any name; a vkey only the log that it names. */
  @Test
  void keyMayBeInAFile() throws Exception {
    prove(ids.get(0)).ok();
    Path pem = root.resolve("key.pem");
    Files.writeString(pem, cli.run("keys", "export").ok().out());
    verify("--key", pem.toString()).ok();
    cli.run("log", "export", root.resolve("log").toString()).ok();
    verify("--key", root.resolve("log/vkeys").toString()).ok();
    assertThat(vkey).isEqualTo(Files.readString(root.resolve("log/vkeys")).strip());
  }

  @ParameterizedTest
  @ValueSource(strings = {"tlog", "cose"})
  void otherKeyIsUnknown(String format) {
    prove(ids.get(0), "--format", format).ok();
    String other = Cli.vkeyOfAnother(vkey.split("\\+")[0]);

    assertThat(verdict(verify("--key", other, "--output", "json"), 3)).isEqualTo("unknown");
    assertThat(verify("--key", other).out()).startsWith("unknown  ").doesNotContain(ids.get(0));
  }

  @Test
  void keyOfAnotherLogIsUnknown() throws Exception {
    prove(ids.get(0)).ok();
    String renamed =
        new VerifierKey("other.example/log", SignatureType.ED25519, VerifierKey.parse(vkey).key())
            .vkey();

    assertThat(verdict(verify("--key", renamed, "--output", "json"), 3)).isEqualTo("unknown");
  }

  @Test
  void changedRecordIsRefuted() throws Exception {
    prove(ids.get(4)).ok();
    String record = extra();
    extra(record.replace("agent:5", "agent:6"));
    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
    extra("no record at all");
    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
    extra(record);
    verify("--key", vkey).ok();
  }

  @Test
  void payloadOfAnotherRecordIsRefuted() throws Exception {
    prove(ids.get(4), "--payload").ok();
    extra(extra().replace("rm -rf /5", "rm -rf /6"));

    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
    assertThat(verify("--key", vkey).out())
        .isEqualTo("refuted  payload: its payload and its payload hash do not agree\n");
  }

  @Test
  void changedSignatureIsRefuted() throws Exception {
    prove(ids.get(4)).ok();
    String text = Files.readString(file);
    int at = text.lastIndexOf(' ') + 12;
    char other = text.charAt(at) == 'A' ? 'B' : 'A';
    Files.writeString(file, text.substring(0, at) + other + text.substring(at + 1));

    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
  }

  @Test
  void coseReceiptProvesOnlyItsRecord() throws Exception {
    prove(ids.get(4), "--payload", "--format", "cose").ok();
    Path record = root.resolve("receipt.record");
    String right = Files.readString(record);

    Files.writeString(record, right.replace("agent:5", "agent:6"));
    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
    Files.writeString(record, right.replace("rm -rf /5", "rm -rf /6"));
    assertThat(verdict(verify("--key", vkey, "--output", "json"), 1)).isEqualTo("refuted");
    Files.delete(record);
    assertThat(verify("--key", vkey).complaint(2)).endsWith("receipt.record: no such file");
    Path elsewhere = Files.writeString(root.resolve("elsewhere"), right);
    verify("--key", vkey, "--record", elsewhere.toString()).ok();
  }

  @Test
  void requiredCosignaturesAreReported() throws Exception {
    prove(ids.get(4)).ok();
    SigningKey witness = SigningKey.generate();
    String cosigner =
        new VerifierKey("w.example", SignatureType.COSIGNATURE, witness.verificationKey()).vkey();
    assertThat(verdict(verify("--key", vkey, "--witness", cosigner, "--output", "json"), 3))
        .isEqualTo("unknown");

    Cosignature cosignature =
        Cosignature.sign(
            "w.example",
            witness,
            TlogProof.parse(Files.readAllBytes(file)).checkpoint().unverified(),
            1_700_000_000);
    Files.writeString(file, Files.readString(file) + cosignature.line().line() + "\n");
    assertThat(verify("--key", vkey, "--witness", cosigner).ok().out())
        .contains("cosigned by    w.example at 2023-11-14T22:13:20Z\n");
    Path policy =
        Files.writeString(
            root.resolve("policy"), "log %s\nwitness w %s\nquorum w\n".formatted(vkey, cosigner));
    for (Result result :
        List.of(
            verify("--policy", policy.toString(), "--output", "json"),
            verify("--policy", policy.toString(), "--key", vkey, "--output", "json"))) {
      JsonNode proven = result.ok().json();
      assertThat(proven.path("cosigned").toString())
          .isEqualTo("[{\"name\":\"w.example\",\"time\":1700000000}]");
    }

    Cosignature forged =
        Cosignature.sign(
            "w.example", witness, Checkpoint.of("x", 1, Hash.ofLeaf(new byte[0])), 1_700_000_000);
    Files.writeString(
        file, Files.readString(file).replace(cosignature.line().line(), forged.line().line()));
    assertThat(verdict(verify("--policy", policy.toString(), "--output", "json"), 1))
        .isEqualTo("refuted");
  }

  /** Writes a receipt of another log, whose only entry is this record; returns that log's vkey. */
  private String receiptOf(String record, String origin) throws Exception {
    SigningKey key = SigningKey.generate();
    byte[] entry = record.getBytes(UTF_8);
    SignedCheckpoint signed =
        SignedCheckpoint.sign(
            Checkpoint.of(origin, 1, Hash.ofLeaf(entry)), NoteSigner.of(origin, key));
    TlogProof proof = TlogProof.of(new InclusionProof(0, 1, List.of()), signed).withExtra(entry);
    Files.write(file, proof.bytes());
    return NoteSigner.of(origin, key).verifierKey().vkey();
  }

  /** The signature of a log does not make its entry a valid row. */
  @Test
  void wrongEntryOfTheLogIsRefuted() throws Exception {
    prove(ids.get(0)).ok();
    String record = extra();
    assertThat(verify("--key", receiptOf(record, "x"), "--key", vkey).ok().out())
        .startsWith("proven  event " + ids.get(0) + " is row 1 of the 1 in x\n");

    String planted = receiptOf(record.replace("\"indelible\"", "\"agent:2\""), "x");
    assertThat(verify("--key", planted, "--key", vkey))
        .returns(1, Result::exit)
        .extracting(Result::out)
        .asString()
        .startsWith("refuted  signature: its signature by key ");
    String moved = receiptOf(record.replace("\"sequence\":1,", "\"sequence\":2,"), "x");
    assertThat(verify("--key", moved).out())
        .isEqualTo("refuted  sequence: it is row 1 of the log, but states that it is row 2\n");
    assertThat(verify("--key", receiptOf("{\"v\":1}", "x")).complaint(2))
        .contains("the log has this entry, but the entry is not the record of an event: ");
  }

  @Test
  void unsignedRowIsProvenByTheCheckpoint() throws Exception {
    Cli other = new Cli(root.resolve("unsigned"));
    try (Indelible log = Indelible.builder(other.data()).rowSignatures(false).open()) {
      log.gate().check("agent:a", new Bash("ls"));
    }
    JsonNode row = other.rows().get(1);
    assertThat(row.path("attest_level").asString()).isEqualTo("unsigned");
    other.run("log", "prove", row.path("id").asString(), "--out", file.toString()).ok();
    String key = other.run("keys", "export", "--format", "vkey").ok().out();

    assertThat(verify("--key", key).ok().out())
        .contains("(unsigned; the log's signature covers it)");
    assertThat(verify("--key", key, "--output", "json").ok().json().path("row_signature"))
        .hasToString("\"unsigned\"");
  }

  /** The checkpoint's key suffices for a row of an earlier key. */
  @Test
  void rowOfAnEarlierKeyIsProvenAfterARotation() throws Exception {
    cli.run("keys", "rotate").ok();
    cli.run("check", Cli.bash("ls")).ok();
    prove(ids.get(0)).ok();
    String both = cli.run("keys", "export", "--format", "vkey").ok().out();
    String later = both.lines().filter(line -> !line.equals(vkey)).findFirst().orElseThrow();

    Path pem = Files.writeString(root.resolve("pem"), cli.run("keys", "export").ok().out());
    assertThat(
            verify("--key", pem.toString(), "--output", "json").ok().json().path("row_signature"))
        .hasToString("\"ok\"");
    JsonNode byLater = verify("--key", later, "--output", "json").ok().json();
    assertThat(byLater.path("row_signature").asString()).isEqualTo("unknown");
    assertThat(verify("--key", later).ok().out()).contains("which was not given: not checked");
    JsonNode byBoth = verify("--key", both, "--output", "json").ok().json();
    assertThat(byBoth.path("row_signature").asString()).isEqualTo("ok");
    assertThat(verdict(verify("--key", vkey, "--output", "json"), 3)).isEqualTo("unknown");
  }

  /** After the erasure a receipt still proves that the event is in the log. */
  @Test
  void rowWithErasedPayloadIsProven() throws Exception {
    prove(ids.get(4), "--payload").ok();
    cli.run("log", "erase-payload", ids.get(4), "--reason", "asked for").ok();
    verify("--key", vkey).ok();
    Files.delete(file);

    assertThat(prove(ids.get(4), "--payload").complaint(2))
        .startsWith("indelible: row 5: its payload is no longer in the ledger; without --payload");
    assertThat(file).doesNotExist();
    prove(ids.get(4)).ok();
    verify("--key", vkey).ok();
  }

  @Test
  void largestPayloadFitsIntoAReceipt() throws Exception {
    String command = "x".repeat(1024 * 1024 - 700);
    cli.runOn(Cli.bash(command), "check").ok();
    JsonNode row = cli.rows().get(ROWS - 2);
    assertThat(row.path("payload").path("action").path("command").asString()).isEqualTo(command);

    prove(row.path("id").asString(), "--payload").ok();

    assertThat(verify("--key", vkey, "--output", "json").ok().json().path("row")).isEqualTo(row);
  }

  @Test
  void rowAfterTheLastCheckpointHasNoReceiptYet() throws Exception {
    cli.run("check", Cli.bash("ls")).ok();
    cli.sql("DELETE FROM indelible_checkpoints WHERE size > " + ROWS);
    Files.delete(cli.data().resolve("last-checkpoint"));
    String id = cli.rows().get(ROWS - 2).path("id").asString();

    assertThat(prove(id).complaint(2))
        .startsWith(
            "indelible: row 13: the last checkpoint is over 12 rows and does not cover this one; ");
    cli.run("check", Cli.bash("ls")).ok();
    prove(id).ok();
    verify("--key", vkey).ok();
  }

  @Test
  void eventOutsideTheChainIsNotProven() throws Exception {
    cli.sql(
        "INSERT INTO signed_events_dlq (id, agent_id, event_type, payload_hash, timestamp,"
            + " payload, failure_reason, failed_at, attempts)"
            + " VALUES ('letter', 'a', 't', x'00', 'now', '{}', 'poison', 'now', 5)");
    assertThat(prove("letter").complaint(2))
        .isEqualTo(
            "indelible: letter: not in the chain but among the dead letters, which no checkpoint"
                + " covers; 'dlq show 1' shows the reason");
    assertThat(prove(NOBODY).complaint(2)).contains(NOBODY + ": no event of this id in the chain");
    cli.sql("DELETE FROM indelible_checkpoints");
    assertThat(prove(ids.get(0)).complaint(2)).contains("the log has no checkpoint yet");
    assertThat(cli.run("keys", "export", "--format", "vkey").complaint(2))
        .contains("the log has no name yet, because it has no checkpoint; give one with --name");
    assertThat(file).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "UPDATE signed_events SET agent_id = 'x' WHERE sequence = 7 | row 7 is not the one that was",
        "UPDATE signed_events SET sequence = -7 WHERE sequence = 7 | a row has the number -7",
        "UPDATE signed_events SET payload = '{}' WHERE sequence = 7 | its payload is not the one",
        "UPDATE indelible_tiles SET hashes = CAST(zeroblob(384) AS BLOB) | or the stored tree is not",
        "UPDATE indelible_checkpoints SET note = replace(note, '12', '13') | the last checkpoint: ",
      })
  void rowThatContradictsTheCheckpointIsNotProven(String sql, String says) throws Exception {
    cli.sql(sql);

    assertThat(prove(ids.get(6), "--payload").complaint(1))
        .contains(says)
        .endsWith("; 'log verify' names the fault of the ledger");
    assertThat(file).doesNotExist();
  }

  @Test
  void existingFileIsNotOverwritten() throws Exception {
    Files.writeString(file, "mine");
    assertThat(prove(ids.get(0)).complaint(2)).endsWith("receipt: exists already; name a new file");
    assertThat(prove(ids.get(0), "--format", "cose").complaint(2)).contains("exists already");
    assertThat(file).hasContent("mine");
    assertThat(root.resolve("receipt.record")).doesNotExist();
  }

  @Test
  void fileThatIsNoReceiptIsNamed() throws Exception {
    prove(ids.get(0)).ok();
    byte[] right = Files.readAllBytes(file);
    assertThat(verify().complaint(2))
        .isEqualTo("indelible: --key: name the log's public key, or give a --policy that does");
    for (byte[] wrong :
        List.of(
            new byte[0],
            new byte[] {(byte) 0xd2},
            "hello\n".getBytes(UTF_8),
            Arrays.copyOf(right, right.length - 1),
            Arrays.copyOf(right, 3_200_000))) {
      Files.write(file, wrong);
      assertThat(verify("--key", vkey).complaint(2)).startsWith("indelible: " + file + ": ");
    }
    String text = new String(right, UTF_8);
    Files.writeString(file, text.replaceFirst("extra .*\n", ""));
    assertThat(verify("--key", vkey).complaint(2)).contains("contains no record");
    Path record = root.resolve("record");
    Files.write(record, Base64.getDecoder().decode(text.lines().toList().get(1).substring(6)));
    verify("--key", vkey, "--record", record.toString()).ok();
    String witness =
        new VerifierKey("w", SignatureType.COSIGNATURE, SigningKey.generate().verificationKey())
            .vkey();
    assertThat(verify("--key", witness).complaint(2)).contains("is the key of a witness");
    assertThat(verify("--key", record.toString()).complaint(2)).startsWith("indelible: " + record);
    assertThat(verify("--record", record.toString(), "--policy", record.toString()).complaint(2))
        .startsWith("indelible: " + record + ": ");
    Files.delete(file);
    prove(ids.get(0), "--format", "cose").ok();
    assertThat(verify("--key", vkey, "--witness", witness).complaint(2))
        .contains("a COSE receipt has no cosignatures");
  }
}
