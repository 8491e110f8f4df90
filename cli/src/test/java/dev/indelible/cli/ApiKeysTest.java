// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.access.ApiKeyFile;
import dev.indelible.access.KeyText;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** API keys are created, rotated and revoked, and the chain has each change. */
class ApiKeysTest {
  @TempDir Path directory;
  private Cli cli;

  @BeforeEach
  void newLog() {
    cli = new Cli(directory.resolve("data"));
  }

  private JsonNode create(String... more) {
    List<String> args = new java.util.ArrayList<>(List.of("api-keys", "create"));
    args.addAll(List.of(more));
    args.addAll(List.of("--output", "json"));
    return cli.run(args.toArray(String[]::new)).ok().json();
  }

  private List<JsonNode> list() {
    return cli.run("api-keys", "list", "--output", "json").ok().jsonLines();
  }

  private List<String> types() {
    return cli.rows().stream().map(row -> row.path("event_type").asString()).toList();
  }

  private String lastDetails() {
    List<JsonNode> rows = cli.rows();
    String id = rows.get(rows.size() - 1).path("id").asString();
    return cli.run("log", "show", id).ok().out();
  }

  @Test
  void keyIsPrintedOnceAndRecorded() throws Exception {
    JsonNode created =
        create("ci", "--role", "reader,operator", "--agent", "agent:7", "--by", "alice");
    String key = created.path("key").asString();

    assertThat(KeyText.read(key)).isPresent();
    assertThat(list())
        .singleElement()
        .satisfies(
            listed -> {
              assertThat(listed.path("name").asString()).isEqualTo("ci");
              assertThat(listed.path("agent_id").asString()).isEqualTo("agent:7");
              assertThat(listed.path("roles").toString())
                  .isEqualTo("[\"agent\",\"reader\",\"operator\"]");
              assertThat(listed.path("expires").asString()).isNotEmpty();
              assertThat(listed.toString()).doesNotContain(key, key.substring(20));
            });
    assertThat(types()).containsExactly("access.key_created");
    assertThat(lastDetails())
        .contains("alice", "agent:7", created.path("id").asString(), "reader")
        .doesNotContain(key.substring(20));
    assertThat(Files.readString(ApiKeyFile.in(cli.data()).path()))
        .doesNotContain(key.substring(20));
    cli.assertIntact(1);
  }

  @Test
  void rotationReplacesTheKey() {
    String old = create("ci", "--role", "reader", "--expires", "never").path("id").asString();
    String next =
        cli.run("api-keys", "rotate", "ci", "--output", "json").ok().json().path("id").asString();

    assertThat(list())
        .singleElement()
        .satisfies(
            key -> {
              assertThat(key.path("id").asString()).isEqualTo(next).isNotEqualTo(old);
              assertThat(key.path("roles").toString()).contains("reader");
            });
    assertThat(types()).containsExactly("access.key_created", "access.key_rotated");
  }

  @Test
  void rotationCanKeepTheOldKeyForATime() {
    create("ci", "--expires", "never");
    cli.run("api-keys", "rotate", "ci", "--overlap", "1h").exit();

    assertThat(list()).hasSize(2);
    assertThat(list().get(0).path("expires").asString()).isNotEmpty();
    cli.run("api-keys", "revoke", "ci").ok();
    assertThat(list()).isEmpty();
    assertThat(types())
        .containsExactly(
            "access.key_created", "access.key_rotated", "access.key_revoked", "access.key_revoked");
  }

  @Test
  void oneKeyIsRevokedByItsId() {
    String id = create("ci").path("id").asString();
    create("other");

    assertThat(cli.run("api-keys", "revoke", id).ok().out())
        .isEqualTo("key %s of ci is revoked\n".formatted(id));
    assertThat(list())
        .singleElement()
        .satisfies(key -> assertThat(key.toString()).contains("other"));
  }

  @Test
  void initPrintsTheFirstKeyOnce() {
    JsonNode first = cli.run("serve", "--init", "--output", "json").ok().json();

    assertThat(KeyText.read(first.path("key").asString())).isPresent();
    assertThat(first.path("roles").toString()).contains("admin");
    assertThat(cli.run("serve", "--init").complaint(0)).contains("no key is created");
    cli.run("api-keys", "revoke", "admin").ok();
    assertThat(cli.run("serve", "--init").out()).isEmpty();
    assertThat(list()).isEmpty();
    assertThat(types()).containsExactly("access.key_created", "access.key_revoked");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "create                       | Missing required parameter: 'NAME'",
        "create a:b                   | name: give 1 to 64 letters, digits and . _ @ -",
        "create 0123abcd              | name: give 1 to 64 letters, digits and . _ @ -",
        "create ci --role root        | --role root: give one of agent, reader, operator, approver, admin",
        "create ci --agent indelible  | agent_id begins with \"indelible\"",
        "create ci --expires 0d       | --expires 0d: give a duration such as 5m, 1h or 1d",
        "create ci --expires tomorrow | --expires tomorrow: give a duration such as",
        "create ci --expires 999999w  | --expires timestamp +",
        "rotate ci                    | ci: no key of this name or id",
        "revoke ci                    | ci: no key of this name or id",
      })
  void wrongUseChangesNothing(String args, String complaint) {
    assertThat(cli.run(("api-keys " + args).split(" ")).complaint(2))
        .startsWith("indelible: " + complaint);
    assertThat(ApiKeyFile.in(cli.data()).exists()).isFalse();
  }

  @Test
  void nameIsUsedOnce() {
    create("ci");

    assertThat(cli.run("api-keys", "create", "ci").complaint(2))
        .startsWith("indelible: ci: there is a key of this name");
    assertThat(types()).containsExactly("access.key_created");
  }

  @Test
  void malformedFileIsKeptAsItIs() throws Exception {
    create("ci");
    Path file = Files.writeString(ApiKeyFile.in(cli.data()).path(), "{}");

    for (String verb : List.of("list", "create x", "revoke ci")) {
      assertThat(cli.run(("api-keys " + verb).split(" ")).complaint(2)).contains(file.toString());
    }
    assertThat(file).hasContent("{}");
  }
}
