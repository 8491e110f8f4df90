// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code indelible log erase-payload}. */
class ErasePayloadTest {
  @TempDir Path directory;
  private Cli cli;
  private String id;

  @BeforeEach
  void erasedRefusal() {
    cli = new Cli(directory.resolve("data"));
    cli.run("check", Cli.bash("rm -rf /home/alice"));
    id = rows("2").path("id").asString();
    JsonNode erased =
        cli.run("log", "erase-payload", id, "--reason", "request 17", "--output", "json")
            .ok()
            .json();
    assertThat(erased.path("sequence").asInt()).isEqualTo(2);
    assertThat(erased.path("gone").asBoolean()).isTrue();
  }

  @Test
  void erasedRowStaysWithANullPayload() {
    assertThat(rows("2").path("payload").isNull()).isTrue();
    assertThat(cli.run("log", "list").ok().out()).contains("(payload erased)");
    assertThat(cli.run("log", "show", "2").ok().out()).contains("(erased)").doesNotContain("alice");
    assertThat(cli.run("log", "verify").ok().out()).contains("holds for 2 rows, 1 erased");
  }

  @Test
  void erasureRecordsNameAndReason() {
    JsonNode said = Cli.json(rows("3").path("payload").toString()).path("details");
    assertThat(said.path("reason").asString()).isEqualTo("request 17");
    assertThat(said.path("by").asString()).isEqualTo(System.getProperty("user.name"));
    assertThat(said.path("event_id").asString()).isEqualTo(id);
  }

  @Test
  void impossibleErasureIsAUsageError() {
    assertThat(erase(id))
        .contains("row 2 no longer has a payload; it was erased already, as row 3");
    assertThat(erase("nonsense")).contains("no row of event nonsense");
    assertThat(cli.run("log", "erase-payload", id).complaint(2)).contains("--reason");
    assertThat(cli.run("log", "erase-payload", id, "--reason", " ").complaint(2))
        .contains("--reason: give a text that is not blank");
  }

  private String erase(String event) {
    return cli.run("log", "erase-payload", event, "--reason", "again").complaint(2);
  }

  private JsonNode rows(String sequence) {
    return cli.run("log", "show", sequence, "--output", "json").ok().json();
  }
}
