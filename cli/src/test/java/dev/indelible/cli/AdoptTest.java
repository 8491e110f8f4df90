// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/**
 * {@code log verify --format ai-memory-0.7}, {@code log adopt}, {@code log verify --adopted}. The
 * class is long because its cases share one foreign chain.
 */
@Tag("any-jdk")
class AdoptTest {
  private static final String FORMAT = "ai-memory-0.7";
  private static final int ROWS = 12;
  private static final int ROW = 7;

  @TempDir Path directory;
  private Cli cli;
  private Path file;

  @BeforeEach
  void paths() {
    cli = new Cli(directory.resolve("data"));
    file = directory.resolve("ai-memory.db");
  }

  private AiMemory chain() throws Exception {
    return AiMemory.create(file, ROWS);
  }

  private Result verify(String... more) {
    String[] verb = {"log", "verify", "--output", "json", "--format", FORMAT, file.toString()};
    return cli.run(Stream.of(verb, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  private Result adopt(String... more) {
    String[] verb = {"log", "adopt", "--output", "json", "--format", FORMAT, file.toString()};
    return cli.run(Stream.of(verb, more).flatMap(Arrays::stream).toArray(String[]::new));
  }

  private Result verifyAdopted() {
    return cli.run("log", "verify", "--output", "json", "--adopted", file.toString());
  }

  private static JsonNode finding(Result result, String check) {
    return StreamSupport.stream(result.json().path("findings").spliterator(), false)
        .filter(finding -> finding.path("check").asString().equals(check))
        .findFirst()
        .orElseThrow(() -> new AssertionError(check + " is not among: " + result.out()));
  }

  private static void assertBroken(Result result, String check, long sequence) {
    assertThat(result.exit()).as(result.out()).isEqualTo(1);
    assertThat(result.json().path("verdict").asString()).isEqualTo("broken");
    assertThat(finding(result, check).path("status").asString()).isEqualTo("broken");
    assertThat(finding(result, check).path("sequence").asLong()).isEqualTo(sequence);
  }

  @Test
  void wholeChainIsIntactAndItsLimitsAreNamed() throws Exception {
    AiMemory chain = chain();

    Result result = verify();

    assertThat(result.exit()).as(result.out() + result.err()).isZero();
    assertThat(result.json().path("verdict").asString()).isEqualTo("intact");
    assertThat(result.json().path("rows").asInt()).isEqualTo(ROWS);
    assertThat(result.json().path("head").path("sequence").asInt()).isEqualTo(ROWS);
    assertThat(result.json().path("head").path("hash").asString()).isEqualTo(chain.finalHash());
    for (String check : List.of("sequence", "link", "encoding")) {
      assertThat(finding(result, check).path("status").asString()).isEqualTo("ok");
    }
    for (String limit : List.of("head", "coverage", "payload", "signature")) {
      assertThat(finding(result, limit).path("status").asString()).isEqualTo("unknown");
    }
    assertThat(finding(result, "head").path("sequence").asInt()).isEqualTo(ROWS);
  }

  @Test
  void emptyChainIsIntact() throws Exception {
    AiMemory.create(file);

    assertThat(verify().exit()).isZero();
    assertThat(verify().json().path("rows").asInt()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"id", "agent_id", "event_type", "attest_level", "timestamp"})
  void changedTextBreaksTheNextLink(String column) throws Exception {
    chain().sql("UPDATE signed_events SET %1$s = %1$s || 'x' WHERE sequence = 7".formatted(column));

    assertBroken(verify(), "link", ROW + 1);
  }

  @Test
  void changedHashLinkOrSignatureIsNamed() throws Exception {
    AiMemory chain = chain();
    chain.sql("UPDATE signed_events SET payload_hash = randomblob(32) WHERE sequence = 7");
    assertBroken(verify(), "link", ROW + 1);
    chain.sql("UPDATE signed_events SET prev_hash = randomblob(32) WHERE sequence = 3");
    assertBroken(verify(), "link", 3);
    chain.sql("UPDATE signed_events SET prev_hash = NULL WHERE sequence = 2");
    assertBroken(verify(), "link", 2);
    chain.sql("UPDATE signed_events SET prev_hash = x'01' WHERE sequence = 1");
    assertBroken(verify(), "link", 1);
    assertThat(finding(verify(), "link").path("message").asString())
        .contains("the prev_hash of the first row is not 32 zero bytes; and 3 more");
    assertThat(verify().json().path("faults").asInt()).isEqualTo(4);
  }

  @Test
  void addedSignatureBreaksTheNextLink() throws Exception {
    chain().sql("UPDATE signed_events SET signature = randomblob(64) WHERE sequence = 7");

    assertBroken(verify(), "link", ROW + 1);
  }

  @ParameterizedTest
  @CsvSource({"1, 2", "7, 8"})
  void removedRowIsReported(int gone, int named) throws Exception {
    chain().sql("DELETE FROM signed_events WHERE sequence = " + gone);

    assertBroken(verify(), "sequence", named);
    assertBroken(verify(), "link", named);
  }

  @Test
  void swappedRowsAreReported() throws Exception {
    AiMemory chain = chain();
    chain.sql("UPDATE signed_events SET sequence = 99 WHERE sequence = 7");
    chain.sql("UPDATE signed_events SET sequence = 7 WHERE sequence = 8");
    chain.sql("UPDATE signed_events SET sequence = 8 WHERE sequence = 99");

    assertBroken(verify(), "link", ROW);
  }

  @Test
  void duplicateSequenceIsReported() throws Exception {
    AiMemory chain = chain();
    chain.sql("DROP INDEX idx_signed_events_sequence");
    chain.sql("UPDATE signed_events SET sequence = 7 WHERE sequence = 8");

    assertBroken(verify(), "sequence", ROW);
  }

  @ParameterizedTest
  @ValueSource(strings = {"NULL", "'seven'", "7.5", "x'07'"})
  void rowOutsideTheChainIsFound(String sequence) throws Exception {
    AiMemory chain = chain();
    chain.sql(
        "INSERT INTO signed_events VALUES ('x', 'a', 't', x'00', NULL, 'unsigned', 'now', NULL, %s)"
            .formatted(sequence));

    Result result = verify();

    assertThat(result.exit()).isEqualTo(1);
    assertThat(finding(result, "sequence").path("message").asString())
        .isEqualTo("1 rows have no sequence");
    assertThat(result.json().path("rows").asInt()).isEqualTo(ROWS);
  }

  @ParameterizedTest
  @CsvSource({
    "payload_hash, 'not bytes', its payload_hash is of type text",
    "payload_hash, 7, its payload_hash is of type integer",
    "payload_hash, x'0102', a payload hash of 2 bytes",
    "signature, x'0102', a signature of 2 bytes",
    "signature, zeroblob(65), a signature of 65 bytes",
    "agent_id, x'6167', its agent_id is of type blob",
    "timestamp, CAST(x'ff' AS TEXT), a text in it is not valid UTF-8",
    "prev_hash, 'text', its prev_hash is of type text"
  })
  void impossibleValueIsReported(String column, String value, String message) throws Exception {
    String sql = value.startsWith("not") || value.equals("text") ? "'" + value + "'" : value;
    chain().sql("UPDATE signed_events SET %s = %s WHERE sequence = 7".formatted(column, sql));

    Result result = verify();

    assertBroken(result, "encoding", ROW);
    assertThat(finding(result, "encoding").path("message").asString()).isEqualTo(message);
  }

  /**
   * Agent {@code a} with type {@code b<1F>c} and agent {@code a<1F>b} with type {@code c} have one
   * hash.
   */
  @Test
  void separatorWithinATextIsAFinding() throws Exception {
    AiMemory chain = AiMemory.create(file, 3);
    chain.append("agent:1", "tool\u001fcalled").append("agent:1", "governance.check");
    Result before = verify();
    chain.sql(
        "UPDATE signed_events SET agent_id = 'agent:1' || char(31) || 'tool', event_type = 'called'"
            + " WHERE sequence = 4");
    Result after = verify();

    for (Result result : List.of(before, after)) {
      assertThat(result.exit()).isEqualTo(3);
      assertThat(result.json().path("verdict").asString()).isEqualTo("unknown");
      assertThat(finding(result, "link").path("status").asString()).isEqualTo("ok");
      assertThat(finding(result, "encoding").path("status").asString()).isEqualTo("unknown");
      assertThat(finding(result, "encoding").path("sequence").asInt()).isEqualTo(4);
    }
    assertThat(adopt().exit()).isEqualTo(1);
    assertThat(cli.data()).doesNotExist();
  }

  /** Changes that the format cannot reveal. Adoption reveals them. */
  @Test
  void lastAndRelinkedRowAreNotDetected() throws Exception {
    AiMemory chain = chain();
    chain.sql("UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 12");
    assertThat(verify().exit()).isZero();
    chain.sql("DELETE FROM signed_events WHERE sequence > 10");
    assertThat(verify().exit()).isZero();
    chain.sql("UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 5");
    assertBroken(verify(), "link", 6);
    chain.relink(6);
    assertThat(verify().exit()).isZero();
  }

  private static KeyPair key() throws Exception {
    return KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
  }

  private String keyFile(String name, KeyPair key) throws IOException {
    return Files.write(directory.resolve(name), AiMemory.rawPublicKey(key)).toString();
  }

  @Test
  void signaturesAreCheckedUnderTheGivenKeys() throws Exception {
    KeyPair key = key();
    AiMemory chain = chain();
    for (int i = 0; i < 3; i++) {
      chain.appendSigned(key);
    }

    Result without = verify();
    assertThat(without.exit()).isEqualTo(3);
    assertThat(finding(without, "signature").path("status").asString()).isEqualTo("unknown");
    assertThat(finding(without, "signature").path("message").asString()).contains("--key");

    Result with = verify("--key", keyFile("daemon.pub", key));
    assertThat(with.exit()).isZero();
    assertThat(finding(with, "signature").path("message").asString())
        .isEqualTo("3 of 15 rows are signed");

    assertBroken(verify("--key", keyFile("other.pub", key())), "signature", ROWS + 1);
    assertThat(
            verify(
                    "--key",
                    directory.resolve("other.pub").toString(),
                    "--key",
                    directory.resolve("daemon.pub").toString())
                .exit())
        .isZero();
  }

  /** No link covers the last row, so only its signature can show a change. */
  @Test
  void badSignatureOfTheLastRowIsReported() throws Exception {
    KeyPair key = key();
    AiMemory chain = chain().appendSigned(key);
    String pub = keyFile("daemon.pub", key);
    chain.sql("UPDATE signed_events SET payload_hash = randomblob(32) WHERE sequence = 13");
    assertBroken(verify("--key", pub), "signature", ROWS + 1);
    chain.sql("UPDATE signed_events SET signature = NULL WHERE sequence = 13");
    assertBroken(verify("--key", pub), "signature", ROWS + 1);
    assertThat(finding(verify(), "signature").path("message").asString())
        .isEqualTo("its attest_level requires a signature, but the row has none");
  }

  /**
   * The signature of a memory link covers content that another table stores, so no key can verify
   * it.
   */
  @Test
  void signatureOverOtherContentIsUnknown() throws Exception {
    KeyPair key = key();
    byte[] content = AiMemory.utf8("a memory link");
    chain()
        .append(
            "agent:1",
            "memory_link.created",
            AiMemory.sha256(content),
            AiMemory.sign(key, content),
            "self_signed");

    Result result = verify("--key", keyFile("agent.pub", key));

    assertThat(result.exit()).isEqualTo(3);
    assertThat(finding(result, "signature").path("sequence").asInt()).isEqualTo(ROWS + 1);
  }

  @Test
  void deadLettersAreCounted() throws Exception {
    AiMemory chain = chain();
    chain.sql("INSERT INTO signed_events_dlq (id, failure_reason) VALUES ('x', 'disk full')");

    assertThat(verify().exit()).isZero();
    assertThat(finding(verify(), "dead_letters").path("message").asString()).startsWith("1 events");
  }

  @Test
  void foreignFileAndDirectoryStayUnchanged() throws Exception {
    chain();
    byte[] before = Files.readAllBytes(file);

    assertThat(verify().exit()).isZero();
    assertThat(adopt().exit()).isZero();

    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.map(Path::getFileName).map(Path::toString))
          .containsExactlyInAnyOrder("ai-memory.db", "data");
    }
  }

  @Test
  void openFileIsVerifiedButNotAdopted() throws Exception {
    AiMemory chain = AiMemory.create(file, 5);
    try (Connection writer = chain.connect();
        Statement statement = writer.createStatement()) {
      statement.execute("INSERT INTO memories VALUES ('m', 'content')");
      chain.append("agent:1", "governance.refusal");

      assertThat(verify().json().path("rows").asInt()).isEqualTo(6);
      assertThat(adopt().complaint(2)).contains("stop its writer");
    }
    assertThat(cli.data()).doesNotExist();
  }

  @Test
  void unusableFileIsReportedInOneLine() throws Exception {
    assertThat(verify().complaint(2)).endsWith("ai-memory.db: no such file");
    Files.writeString(
        file, "not a database, but long enough for its header to be looked at".repeat(9));
    assertThat(verify().complaint(2)).contains("not an SQLite database");
    Files.delete(file);
    try (Connection empty = DriverManager.getConnection("jdbc:sqlite:" + file);
        Statement statement = empty.createStatement()) {
      statement.execute("CREATE TABLE memories (id TEXT)");
      assertThat(verify().complaint(2)).contains("has no table signed_events");
      statement.execute("CREATE VIEW signed_events AS SELECT id FROM memories");
      assertThat(verify().complaint(2)).contains("has no table signed_events");
      statement.execute("DROP VIEW signed_events");
      statement.execute("CREATE TABLE signed_events (id TEXT, agent_id TEXT, event_type TEXT)");
      assertThat(verify().complaint(2)).contains("has no column");
    }
    assertThat(adopt().complaint(2)).contains("has no column");
    file = directory.resolve("folder");
    Files.createDirectory(file);
    assertThat(verify().complaint(2)).contains("no such file");
  }

  @Test
  void indelibleLedgerIsRejected() {
    cli.runOn(Cli.line("agent:1", Cli.bash("ls")), "gate").ok();
    file = cli.data().resolve("indelible.db");

    assertThat(verify().complaint(2)).contains("an Indelible ledger");
  }

  @Test
  void truncatedFileIsBroken() throws Exception {
    AiMemory.create(file, 300);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, whole.length / 8192 * 4096));

    Result result = verify();

    assertThat(result.exit()).as(result.out() + result.err()).isEqualTo(1);
    assertThat(finding(result, "storage").path("status").asString()).isEqualTo("broken");
  }

  /** Swaps the index with the empty index of another table. A query through it finds no rows. */
  @Test
  void indexOfAnotherTableIsBroken() throws Exception {
    AiMemory chain = chain();
    chain.sql("CREATE TABLE other (sequence INTEGER)");
    chain.sql("CREATE UNIQUE INDEX other_sequence ON other(sequence)");
    try (Connection connection = chain.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("PRAGMA writable_schema = ON");
      statement.execute(
          "UPDATE sqlite_schema SET rootpage = (SELECT sum(rootpage) FROM sqlite_schema WHERE name"
              + " IN ('other_sequence', 'idx_signed_events_sequence')) - rootpage"
              + " WHERE name IN ('other_sequence', 'idx_signed_events_sequence')");
    }

    Result result = verify();

    assertThat(result.exit()).isEqualTo(1);
    assertThat(finding(result, "storage").path("status").asString()).isEqualTo("broken");
  }

  @Test
  void wrongUsageIsReportedInOneLine() throws Exception {
    chain();
    String path = file.toString();
    assertThat(cli.run("log", "verify", path).complaint(2)).contains("--format");
    assertThat(cli.run("log", "verify", "--format", FORMAT).complaint(2)).contains("name the file");
    assertThat(cli.run("log", "verify", "--format", "other", path).complaint(2))
        .contains("use ai-memory-0.7");
    assertThat(cli.run("log", "adopt", "--format", "other", path).complaint(2))
        .contains("use ai-memory-0.7");
    assertThat(cli.run("log", "adopt", path).complaint(2)).contains("--format");
    assertThat(verify("--since", "2").complaint(2)).contains("--since");
    assertThat(verify("--adopted", path).complaint(2)).contains("--adopted");
    Path key = Files.write(directory.resolve("no.pub"), new byte[32]);
    assertThat(verify("--key", key.toString()).complaint(2)).contains("no.pub");
  }

  @Test
  void adoptionIsTheFirstRowOfANewLedger() throws Exception {
    AiMemory chain = chain();
    byte[] bytes = Files.readAllBytes(file);

    JsonNode adopted = adopt().ok().json();

    assertThat(adopted.path("sequence").asInt()).isEqualTo(1);
    JsonNode row = cli.rows().get(0);
    assertThat(row.path("id").asString()).isEqualTo(adopted.path("id").asString());
    assertThat(row.path("event_type").asString()).isEqualTo("chain.adopted");
    assertThat(row.path("attest_level").asString()).isEqualTo("self_signed");
    JsonNode details = row.path("payload").path("details");
    assertThat(details).isEqualTo(adopted.path("adopted"));
    assertThat(details.path("format").asString()).isEqualTo(FORMAT);
    assertThat(details.path("rows").asInt()).isEqualTo(ROWS);
    assertThat(details.path("final_hash").asString()).isEqualTo(chain.finalHash());
    assertThat(details.path("root").asString()).isEqualTo(chain.root());
    assertThat(details.path("verdict").asString()).isEqualTo("intact");
    assertThat(details.path("file_sha256").asString())
        .isEqualTo(HexFormat.of().formatHex(AiMemory.sha256(bytes)));
    Result verified = verifyAdopted();
    assertThat(verified.exit()).as(verified.out()).isZero();
    assertThat(finding(verified, "checkpoints").path("status").asString()).isEqualTo("ok");
    assertThat(finding(verified, "adopted").path("status").asString()).isEqualTo("ok");
    assertThat(finding(verified, "adopted").path("sequence").asInt()).isEqualTo(1);
  }

  /** Changes after the adoption, including those that the format itself cannot reveal. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 12",
        "UPDATE signed_events SET signature = zeroblob(64) WHERE sequence = 12",
        "DELETE FROM signed_events WHERE sequence = 12",
        "DELETE FROM signed_events WHERE sequence > 3",
        "DELETE FROM signed_events",
        "UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 5",
        "UPDATE signed_events SET prev_hash = zeroblob(32) WHERE sequence = 5"
      })
  void changeAfterTheAdoptionIsDetected(String sql) throws Exception {
    AiMemory chain = chain();
    adopt().ok();
    chain.sql(sql);

    Result result = verifyAdopted();

    assertBroken(result, "adopted", 1);
    assertThat(cli.run("log", "verify").exit()).isZero();
  }

  @Test
  void relinkedChangeIsFound() throws Exception {
    AiMemory chain = chain();
    adopt().ok();
    chain.sql("UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = 5");
    chain.relink(6);

    assertThat(verify().exit()).isZero();
    assertBroken(verifyAdopted(), "adopted", 1);
  }

  @Test
  void rowsAfterTheAdoptionAreNotCovered() throws Exception {
    AiMemory chain = chain();
    adopt().ok();
    chain.append("agent:1", "governance.check").append("agent:1", "governance.check");

    Result result = verifyAdopted();

    assertThat(result.exit()).isZero();
    assertThat(finding(result, "adopted").path("message").asString())
        .contains("12 rows", "2 rows after them are not covered");
    JsonNode again = adopt().ok().json();
    assertThat(again.path("adopted").path("rows").asInt()).isEqualTo(ROWS + 2);
    assertThat(finding(verifyAdopted(), "adopted").path("sequence").asInt())
        .isEqualTo(again.path("sequence").asInt());
  }

  @Test
  void existingLogAdoptsAChainOnce() throws Exception {
    chain();
    cli.runOn(Cli.line("agent:1", Cli.bash("ls")), "gate").ok();
    long row = adopt().ok().json().path("sequence").asLong();
    assertThat(row).isGreaterThan(1);
    assertThat(adopt().complaint(2)).contains("adopted already, by row " + row);
    assertThat(cli.rows()).filteredOn(AdoptTest::isAdoption).hasSize(1);
  }

  private static boolean isAdoption(JsonNode row) {
    return row.path("event_type").asString().equals("chain.adopted");
  }

  @Test
  void brokenOrEmptyChainIsNotAdopted() throws Exception {
    AiMemory chain = chain();
    chain.sql("DELETE FROM signed_events WHERE sequence = 7");
    Result result = adopt();
    assertBroken(result, "sequence", ROW + 1);
    assertThat(result.complaint(1)).contains("was not adopted");
    chain.sql("DELETE FROM signed_events");
    assertThat(adopt().complaint(2)).contains("nothing to adopt");
    assertThat(cli.data()).doesNotExist();
  }

  /** In a table without a primary key, two rows can have one id although all links are valid. */
  @Test
  void idInTwoRowsIsBroken() throws Exception {
    AiMemory chain = chain();
    chain.sql("ALTER TABLE signed_events RENAME TO keyed");
    chain.sql("CREATE TABLE signed_events AS SELECT * FROM keyed");
    chain.sql("DROP TABLE keyed");
    chain.sql(
        "UPDATE signed_events SET id = (SELECT id FROM signed_events WHERE sequence = 2)"
            + " WHERE sequence = 7");
    chain.relink(ROW + 1);

    assertBroken(verify(), "event_id", ROW);
  }

  /** A later version wrote all rows of the file, or all rows after some row. */
  @ParameterizedTest
  @CsvSource({"0, false", "0, true", "1, false", "12, false", "12, true"})
  void laterVersionRowsAreUnknown(int rowsOf07, boolean column) throws Exception {
    KeyPair key = key();
    AiMemory chain = AiMemory.create(file, rowsOf07).upgraded(AiMemory.Version.V1_0);
    if (column) {
      chain.withCauseColumn();
    }
    for (int i = 0; i < 3; i++) {
      chain.append("agent:1", "governance.refusal").appendSigned(key);
    }

    for (Result result :
        List.of(
            verify(),
            verify("--key", keyFile("daemon.pub", key)),
            verify("--key", keyFile("another.pub", key())))) {
      assertThat(result.exit()).as(result.out()).isEqualTo(3);
      assertThat(result.json().path("verdict").asString()).isEqualTo("unknown");
      assertThat(finding(result, "format").path("message").asString())
          .contains("has a link in the format of a later ai-memory version");
    }
    Result adopted = adopt();
    assertThat(adopted.complaint(3)).contains("the chain is unknown", "was not adopted");
    assertThat(cli.data()).doesNotExist();
  }

  /** A later version signs the whole row, and not only its payload. */
  @Test
  void laterVersionSignaturesAreUnknown() throws Exception {
    KeyPair key = key();
    AiMemory.create(file).upgraded(AiMemory.Version.V1_0).appendSigned(key);

    Result result = verify("--key", keyFile("daemon.pub", key));

    assertThat(result.exit()).as(result.out()).isEqualTo(3);
    assertThat(finding(result, "format").path("message").asString())
        .contains("has a signature in the format of a later ai-memory version");
  }

  /** In 0.9 the hash of a row with a cause covers the cause; the 0.7 format cannot check that. */
  @Test
  void rowsWithACauseAreUnknown() throws Exception {
    AiMemory chain = chain().withCauseColumn().upgraded(AiMemory.Version.V0_9);
    chain.append("agent:1", "governance.refusal").causedBy("a tool call");
    chain.append("agent:2", "governance.refusal");

    Result result = verify();

    assertThat(result.exit()).as(result.out()).isEqualTo(3);
    assertThat(finding(result, "link").path("status").asString()).isEqualTo("unknown");
    assertThat(finding(result, "link").path("sequence").asInt()).isEqualTo(ROWS + 2);
    assertThat(adopt().complaint(3)).contains("was not adopted");
  }

  /** Rows without a value in the column of a later version still verify; the column is named. */
  @Test
  void unusedLaterColumnIsNamed() throws Exception {
    chain().withCauseColumn();

    Result result = verify().ok();

    assertThat(finding(result, "format").path("message").asString()).contains("cause_hash");
    assertThat(finding(result, "format").path("counts").asBoolean()).isFalse();
  }

  /** Rows of 0.7 are checked even if rows of a later version follow. */
  @Test
  void changesBeforeLaterRowsAreBroken() throws Exception {
    AiMemory chain = chain().upgraded(AiMemory.Version.V1_0);
    chain.append("agent:1", "governance.refusal").append("agent:2", "governance.refusal");
    chain.sql("UPDATE signed_events SET agent_id = 'agent:x' WHERE sequence = " + ROW);

    assertBroken(verify(), "link", ROW + 1);
  }

  @Test
  void chainThatWasNotAdoptedIsUnknown() throws Exception {
    chain();
    cli.runOn(Cli.line("agent:1", Cli.bash("ls")), "gate").ok();

    Result result = verifyAdopted();

    assertThat(result.exit()).isEqualTo(3);
    assertThat(finding(result, "adopted").path("status").asString()).isEqualTo("unknown");
  }

  @Test
  void textOutputStatesVerdictAndRows() throws Exception {
    chain();
    assertThat(cli.run("log", "verify", "--format", FORMAT, file.toString()).ok().out())
        .contains("intact", "12 rows", "nothing covers the last row");
    assertThat(cli.run("log", "adopt", "--format", FORMAT, file.toString()).ok().out())
        .contains("adopted", "12 rows", "root over all rows");
  }
}
