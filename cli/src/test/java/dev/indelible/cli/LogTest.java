// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.cli.Cli.Result;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** {@code log list}, {@code show}, {@code tail} and {@code export}. */
class LogTest {
  /** The policy, ten decisions, and the tally that the gate appends at its end. */
  private static final int ROWS = 12;

  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void twelveRows() {
    cli = new Cli(directory.resolve("data"));
    StringBuilder input = new StringBuilder();
    for (int i = 2; i < ROWS; i++) {
      input.append(Cli.line("agent:" + i % 2, Cli.bash(i % 3 == 0 ? "rm -rf /" + i : "ls " + i)));
    }
    cli.runOn(input.toString(), "gate").ok();
  }

  @Test
  void listPrintsAllRowsOldestFirst() {
    assertThat(cli.run("log", "list", "--output", "json").ok().jsonLines())
        .extracting(row -> row.path("sequence").asInt())
        .containsExactly(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
  }

  /** A listed row has the members of the signed record, the payload, and no others. */
  @Test
  void listedRowHasRecordAndPayload() {
    assertThat(cli.rows())
        .allSatisfy(
            row ->
                assertThat(row.propertyNames())
                    .containsExactlyInAnyOrder(
                        "agent_id",
                        "attest_level",
                        "event_type",
                        "id",
                        "key_id",
                        "payload",
                        "payload_hash",
                        "prev_hash",
                        "sequence",
                        "signature",
                        "timestamp",
                        "v"));
  }

  @Test
  void listedPayloadHasItsDocumentedMembers() {
    JsonNode payload = cli.rows().get(1).path("payload");

    assertThat(payload.propertyNames())
        .containsExactlyInAnyOrder(
            "action",
            "agent_id",
            "decision",
            "effective_command",
            "facts",
            "id",
            "matched",
            "nonce",
            "policy",
            "timestamp",
            "v");
    assertThat(payload.path("decision"))
        .isEqualTo(
            Cli.json(
                "{\"decision\":\"refuse\",\"rule_id\":\"delete-system\",\"reason\":\"an agent does"
                    + " not delete the system or a home directory: deletes /3 recursively\"}"));
    assertThat(payload.path("effective_command").asString()).isEqualTo("rm -rf /3");
    assertThat(payload.path("facts").get(0).asString()).isEqualTo("deletes /3 recursively");
    assertThat(payload.path("matched").get(0).asString()).isEqualTo("delete-system");
    assertThat(payload.path("v").asInt()).isEqualTo(2);
    assertThat(payload.path("action"))
        .isEqualTo(Cli.json("{\"kind\":\"bash\",\"command\":\"rm -rf /3\"}"));
    assertThat(payload.path("nonce").asString()).matches("[A-Za-z0-9_-]{22}");
    assertThat(payload.path("timestamp").asString())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z");
    assertThat(payload.path("policy").asString()).matches("sha256:[0-9a-f]{64}");
  }

  /**
   * Recomputes every hash with only the JDK. The record is the listed line without its payload. The
   * hash of a zero byte and the record is the link of the next row.
   */
  @Test
  void listedRowsLinkByRecomputableHashes() throws Exception {
    String link = "0".repeat(64);
    List<String> lines = cli.run("log", "list", "--output", "json").ok().out().lines().toList();
    for (String line : lines) {
      JsonNode row = Cli.json(line);
      String payload =
          line.substring(line.indexOf("\"payload\":") + 10, line.indexOf(",\"payload_hash\""));
      assertThat(row.path("prev_hash").asString()).isEqualTo(link);
      assertThat(row.path("payload_hash").asString())
          .isEqualTo(sha256(payload.getBytes(StandardCharsets.UTF_8)));
      link =
          sha256(
              ("\0" + line.replace("\"payload\":" + payload + ",", ""))
                  .getBytes(StandardCharsets.UTF_8));
    }
    assertThat(
            cli.run("log", "verify", "--output", "json")
                .json()
                .path("head")
                .path("hash")
                .asString())
        .isEqualTo(link);
  }

  @ParameterizedTest
  @CsvSource({
    "--limit 3, 1 2 3",
    "--limit 0, ''",
    "--limit 100 --from 10, 10 11 12",
    "--from 11, 11 12",
    "--from 13, ''",
    "--from -5 --limit 1, 1",
    "--type governance.refusal, 3 6 9",
    "--agent agent:1 --limit 2, 3 5",
    "--agent nobody, ''"
  })
  void listSelectsRows(String options, String sequences) {
    List<String> args = new ArrayList<>(List.of("log", "list", "--output", "json"));
    args.addAll(List.of(options.split(" ")));

    assertThat(cli.run(args.toArray(String[]::new)).ok().jsonLines())
        .extracting(row -> row.path("sequence").asString())
        .containsExactly(sequences.isEmpty() ? new String[0] : sequences.split(" "));
  }

  @Test
  void listPrintsOneLinePerRowUnderAHeader() {
    List<String> lines = cli.run("log", "list").ok().out().lines().toList();

    assertThat(lines).hasSize(ROWS + 1);
    assertThat(lines.get(3))
        .contains("agent:1", "refuse", "delete-system", "rm -rf /3")
        .startsWith("       3  ");
  }

  @Test
  void showPrintsOneRowBySequenceOrById() {
    JsonNode third = cli.rows().get(1);

    assertThat(cli.run("log", "show", "3", "--output", "json").ok().json()).isEqualTo(third);
    assertThat(cli.run("log", "show", third.path("id").asString(), "--output", "json").ok().json())
        .isEqualTo(third);
  }

  @Test
  void showPrintsEveryMemberOfARow() {
    JsonNode third = cli.rows().get(1);

    String text = cli.run("log", "show", "3").ok().out();

    for (String member :
        List.of("id", "agent_id", "timestamp", "payload_hash", "prev_hash", "key_id")) {
      assertThat(text).contains(third.path(member).asString());
    }
    assertThat(text).contains("delete-system", "does not delete the system", "rm -rf /3");
  }

  @Test
  void erasedPayloadIsShownAsErased() throws Exception {
    cli.sql("UPDATE signed_events SET payload = NULL WHERE sequence = 3");

    assertThat(cli.run("log", "show", "3").ok().out()).contains("(erased)");
    assertThat(cli.run("log", "list").ok().out()).contains("(payload erased)");
    assertThat(cli.rows().get(1).path("payload").isNull()).isTrue();
  }

  @Test
  void tailPrintsTheLastRows() {
    assertThat(
            cli.run("log", "tail", "--no-follow", "-n", "2", "--output", "json").ok().jsonLines())
        .extracting(row -> row.path("sequence").asInt())
        .containsExactly(11, 12);
  }

  @Test
  void tailOfMoreRowsThanExistPrintsAll() {
    assertThat(
            cli.run("log", "tail", "--no-follow", "-n", "99999999999", "--output", "json")
                .ok()
                .jsonLines())
        .hasSize(ROWS);
  }

  @Test
  void exportAsJsonLinesEqualsList() {
    Path file = directory.resolve("chain.jsonl");

    Result result =
        cli.run("log", "export", "--format", "jsonl", file.toString(), "--output", "json").ok();

    assertThat(result.json()).isEqualTo(Cli.json("{\"file\":\"" + file + "\",\"rows\":12}"));
    assertThat(file).hasContent(cli.run("log", "list", "--output", "json").out());
  }

  @Test
  void exportedKeysVerifyTheLog() throws Exception {
    Path pem = directory.resolve("key.pem");
    Files.writeString(pem, cli.run("keys", "export").ok().out());

    cli.run("log", "verify", "--key", pem.toString()).ok();
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
