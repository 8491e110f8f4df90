// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.sqlite.SqliteLedger;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/**
 * Checks of rows by third-party tools: Python's own JSON and SHA-256 and the package cryptography.
 * Skipped if they are not installed.
 */
@Tag("any-jdk")
class PythonRowsTest {
  private static final String HARD_TO_WRITE = "\u00e9 \u2028 \"\\/ \ud83d\ude00 \u00a0\uffff";

  private static final Path PROGRAM =
      Path.of(System.getProperty("indelible.root"), "core/src/test/python/check_rows.py")
          .toAbsolutePath();

  @TempDir static Path root;

  private static Cli cli;
  private static List<String> rows;
  private static String keys;
  private static byte[] checkpoint;
  private static String output;

  /** The second row, a decision. */
  private static final int DECISION = 1;

  /** The first row that is not signed. */
  private static int unsigned;

  @BeforeAll
  static void logWithEveryKindOfRow() throws Exception {
    assumeTrue(
        hasPython(),
        "skipped: no Python to check with; to run it: apt-get install python3-cryptography");
    cli = new Cli(root.resolve("data"));
    record(true, "agent:" + HARD_TO_WRITE);
    JsonNode erased = cli.run("log", "show", "3", "--output", "json").ok().json();
    cli.run("log", "erase-payload", erased.path("id").asString(), "--reason", "request 17").ok();
    cli.run("keys", "rotate").ok();
    record(false, "agent:unsigned");
    record(true, "agent:b");

    rows = cli.run("log", "list", "--output", "json").ok().out().lines().toList();
    unsigned = number("agent:unsigned");
    keys = cli.run("keys", "export").ok().out();
    cli.run("log", "export", root.resolve("log").toString()).ok();
    checkpoint = Files.readAllBytes(root.resolve("log/checkpoint"));
  }

  private static boolean hasPython() throws Exception {
    try {
      return run("python3", "-c", "import cryptography") == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static void record(boolean signed, String agent) throws Exception {
    try (Indelible indelible = Indelible.builder(cli.data()).rowSignatures(signed).open()) {
      for (int i = 0; i < 3; i++) {
        indelible.gate().check(agent, new Bash("rm -rf /" + i + "\u0001\t\u007f" + HARD_TO_WRITE));
      }
    }
  }

  /** Returns the index of the first row of an agent. */
  private static int number(String agent) {
    return IntStream.range(0, rows.size())
        .filter(i -> rows.get(i).contains("\"agent_id\":\"" + agent + "\""))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void rowsOfALogVerify() throws Exception {
    assertThat(check(rows)).as(output).isZero();
    assertThat(output)
        .isEqualTo(
            "verified %d rows, %d under the checkpoint, 1 erased\n"
                .formatted(rows.size(), rows.size()));
    assertThat(rows.get(unsigned)).doesNotContain("\"key_id\"", "\"signature\"");
  }

  /** Shows that the check fails for each kind of change. */
  @Test
  void changeIsFound() throws Exception {
    refused(
        DECISION, row -> row.replace("rm -rf", "rm -ef"), "row 2: its payload has another hash");
    refused(DECISION, row -> row.replaceFirst("agent:", "agent;"), "row 2: not signed by the key");
    refused(
        DECISION, row -> row.replaceFirst("\"sequence\":2", "\"sequence\":3"), "row 2: follows");
    refused(
        DECISION, PythonRowsTest::withoutSignature, "row 2: unsigned, but no signed row states");
    refused(
        DECISION,
        PythonRowsTest::withoutPayload,
        "payloads are missing, and no row records the erasure: [2]");
    refused(
        DECISION,
        row -> row.replace(",\"payload\":", ",\"payload\":{},\"payload\":"),
        "row 2: not as");
    refused(
        unsigned,
        row -> row.replaceFirst("agent:unsigned", "agent:other"),
        "row %d: does not have the hash of the row before".formatted(unsigned + 2));

    List<String> swapped = new ArrayList<>(rows);
    Collections.swap(swapped, DECISION, DECISION + 1);
    refused(swapped, "row 2: follows row 1");
    List<String> removed = new ArrayList<>(rows);
    removed.remove(DECISION);
    refused(removed, "row 2: follows row 1");
    refused(rows.subList(0, rows.size() - 1), "the checkpoint is over " + rows.size());
  }

  /**
   * Links and signatures do not reveal this change, because a signature does not cover the link.
   */
  @Test
  void changedAndRelinkedUnsignedRowIsRefused() throws Exception {
    List<String> forged = new ArrayList<>();
    try (LedgerReader ledger = SqliteLedger.open(cli.data().resolve("indelible.db"))) {
      Head[] head = {Head.EMPTY};
      ledger.forEachRow(
          RowQuery.from(1),
          row -> {
            boolean changed = row.sequence() == unsigned + 1;
            ChainRow linked = linked(row, changed ? "agent:other" : row.agentId(), head[0]);
            head[0] = linked.head();
            forged.add(new String(linked.toJson(), StandardCharsets.UTF_8));
            return true;
          });
    }
    assertThat(forged.subList(0, unsigned)).isEqualTo(rows.subList(0, unsigned));
    refused(forged, "the checkpoint is over other rows");
  }

  private static ChainRow linked(ChainRow row, String agent, Head before) {
    return new ChainRow(
        row.sequence(),
        row.id(),
        agent,
        row.eventType(),
        row.payloadHash(),
        row.signature(),
        row.attestLevel(),
        row.timestamp(),
        before.hash(),
        row.keyId(),
        row.payload());
  }

  @Test
  void rowsOfAnUnknownKeyDoNotVerify() throws Exception {
    int end = keys.indexOf("-----BEGIN", 1);
    for (String one : new String[] {keys.substring(0, end), keys.substring(end)}) {
      assertThat(check(rows, one, checkpoint)).isEqualTo(1);
      assertThat(output).contains("signed by none of the given keys");
    }
    byte[] wrong = checkpoint.clone();
    wrong[wrong.length - 10] ^= 1;
    assertThat(check(rows, keys, wrong)).isEqualTo(1);
    assertThat(output).contains("the checkpoint: ");
  }

  @Test
  void missingFileIsNamedInOneLine() throws Exception {
    String missing = root.resolve("missing").toString();

    assertThat(run("python3", PROGRAM.toString(), missing, missing, missing)).isEqualTo(1);
    assertThat(output).startsWith("check_rows: the keys: ").contains(missing).hasLineCount(1);
  }

  /** Python writes every character as our writer does. */
  @Test
  void stringsAreWrittenAsInRfc8785() throws Exception {
    String all =
        IntStream.concat(IntStream.range(0, 0xd800), IntStream.range(0xe000, 0x10400))
            .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
            .toString();
    byte[] record = new CanonicalWriter().beginObject().member("a", all).endObject().toBytes();
    Path file = Files.write(root.resolve("record"), record);
    String program =
        """
        import json, sys
        sys.path.insert(0, sys.argv[1])
        import check_rows
        record = open(sys.argv[2], "rb").read()
        sys.exit(check_rows.canonical(json.loads(record)) != record)
        """;
    Path folder = PROGRAM.getParent();
    assertThat(run("python3", "-B", "-c", program, folder.toString(), file.toString()))
        .as(output)
        .isZero();
  }

  private static String withoutSignature(String row) {
    return row.replace("self_signed", "unsigned")
        .replaceFirst(",\"key_id\":\"[^\"]*\"", "")
        .replaceFirst(",\"signature\":\"[^\"]*\"", "");
  }

  private static String withoutPayload(String row) {
    return row.replaceFirst("(?s)(,\"payload\":).*(,\"payload_hash\":)", "$1null$2");
  }

  private static void refused(int number, UnaryOperator<String> change, String reason)
      throws Exception {
    List<String> changed = new ArrayList<>(rows);
    changed.set(number, change.apply(rows.get(number)));
    assertThat(changed).isNotEqualTo(rows);
    refused(changed, reason);
  }

  private static void refused(List<String> changed, String reason) throws Exception {
    assertThat(check(changed)).as(output).isEqualTo(1);
    assertThat(output).startsWith("check_rows: ").contains(reason);
  }

  private static int check(List<String> lines) throws Exception {
    return check(lines, keys, checkpoint);
  }

  private static int check(List<String> lines, String pem, byte[] signed) throws Exception {
    Path listed = Files.writeString(root.resolve("rows"), String.join("\n", lines) + "\n");
    Path exported = Files.writeString(root.resolve("keys"), pem);
    Path kept = Files.write(root.resolve("checkpoint"), signed);
    return run(
        "python3", PROGRAM.toString(), listed.toString(), exported.toString(), kept.toString());
  }

  private static int run(String... command) throws Exception {
    Process running = new ProcessBuilder(command).redirectErrorStream(true).start();
    running.getOutputStream().close();
    output = new String(running.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(running.waitFor(1, TimeUnit.MINUTES)).isTrue();
    return running.exitValue();
  }
}
