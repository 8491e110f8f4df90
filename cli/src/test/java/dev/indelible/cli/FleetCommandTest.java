// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.testkit.ChildJvm;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** The verbs on a fleet. */
class FleetCommandTest {
  @TempDir Path temporary;

  private Cli fleet;
  private Cli shard;

  @BeforeEach
  void create() {
    fleet = new Cli(temporary.resolve("fleet"));
    assertThat(fleet.run("fleet", "init", "--origin", "fleet.example/logs").ok().out())
        .startsWith("fleet fleet.example/logs; open a shard with");
    assertThat(fleet.run("fleet", "open-shard", "a").ok().out())
        .startsWith("shard a: fleet.example/logs/shard/a, 1 rows; its data directory is ");
    shard = new Cli(fleet.data().resolve("shards/a"));
  }

  @Test
  void operatorOpensAdmitsVerifiesAndCloses() throws Exception {
    shard.run("check", Cli.bash("ls")).ok();
    assertThat(fleet.run("fleet", "admit").ok().out()).isEqualTo("a  3 rows\n");
    assertThat(fleet.run("fleet", "admit").ok().out()).isEmpty();

    List<JsonNode> states = fleet.run("fleet", "status", "--output", "json").ok().jsonLines();
    assertThat(states).hasSize(1);
    assertThat(states.get(0).path("size").asLong()).isEqualTo(3);
    assertThat(states.get(0).path("state").asString()).isEqualTo("open");

    assertThat(fleet.run("log", "verify").ok().out())
        .startsWith("intact  fleet fleet.example/logs: 1 shards, 7 rows\n")
        .contains("\nlog of logs: intact  4 rows");
    JsonNode verified = fleet.run("log", "verify", "--output", "json").ok().json();
    assertThat(verified.path("verdict").asString()).isEqualTo("intact");
    assertThat(verified.path("shards").path(0).path("report").path("rows").asLong()).isEqualTo(3);

    assertThat(fleet.run("fleet", "close-shard", "a").ok().out())
        .isEqualTo("shard a: closed with 4 rows\n");
    assertThat(shard.run("check", Cli.bash("ls")).complaint(ExitCode.USAGE))
        .contains("the log was ended by row 4 (shard a of fleet.example/logs is closed)");
    assertThat(shard.run("log", "end", "--reason", "again").ok().out())
        .isEqualTo("the log is ended; it has 4 rows\n");
    assertThat(shard.run("status").ok().out())
        .contains("ended        by row 4 (shard a of fleet.example/logs is closed); nothing more");
    assertThat(shard.run("status", "--output", "json").ok().json().path("end").path("sequence"))
        .hasToString("4");
    assertThat(fleet.run("log", "verify").ok().out()).startsWith("intact");
    assertThat(fleet.run("status").ok().out()).startsWith("state        ok");
  }

  @Test
  void wrongUseIsOneClearLine() throws Exception {
    assertThat(fleet.run("fleet", "open-shard", "a").complaint(ExitCode.FAILED))
        .contains("was opened before");
    assertThat(fleet.run("fleet", "open-shard", "../x").complaint(ExitCode.USAGE))
        .contains("the name of a shard");
    assertThat(fleet.run("fleet", "open-shard", "b", "--after", "a").complaint(ExitCode.FAILED))
        .contains("not a closed shard");
    assertThat(fleet.run("fleet", "close-shard", "x").complaint(ExitCode.FAILED))
        .contains("there is no shard x");
    assertThat(fleet.run("fleet", "init", "--origin", "x.example").complaint(ExitCode.USAGE))
        .contains("has the fleet fleet.example/logs already");
    assertThat(fleet.run("fleet", "admit", "--every", "x").complaint(ExitCode.USAGE))
        .contains("--every");
    assertThat(fleet.run("log", "verify", "--since", "2").complaint(ExitCode.USAGE))
        .contains("is a fleet");
    for (String verb : List.of("admit", "status")) {
      assertThat(shard.run("fleet", verb).complaint(ExitCode.FAILED))
          .contains("is not the log of logs");
      Cli none = new Cli(temporary.resolve("none"));
      none.run("fleet", verb).complaint(ExitCode.USAGE);
    }
    assertThat(Files.exists(temporary.resolve("none"))).isFalse();
    assertThat(Files.exists(fleet.data().resolve("shards/x"))).isFalse();
    assertThat(Files.exists(fleet.data().resolve("shards/b"))).isFalse();
  }

  /** The loop reports a shard that is missing for a while, and goes on. */
  @Test
  void loopSurvivesErrorsAndReportsThem() throws Exception {
    Path errors = temporary.resolve("errors");
    ChildJvm loop =
        fleet.process(Cli.launcher().errorsTo(errors), "fleet", "admit", "--every", "1s");
    shard.run("check", Cli.bash("ls")).ok();
    await().until(() -> admitted() == 3);
    Path away = temporary.resolve("away");
    Files.move(shard.data(), away);
    await().until(() -> Files.readString(errors).contains("shard a: "));
    Files.move(away, shard.data());
    shard.run("check", Cli.bash("ls")).ok();
    await().until(() -> admitted() == 4);
    loop.kill();
    assertThat(Files.readString(errors).lines()).as("each error once").hasSize(1);
    fleet.run("log", "verify").ok();
  }

  private long admitted() {
    return fleet
        .run("fleet", "status", "--output", "json")
        .jsonLines()
        .get(0)
        .path("size")
        .asLong();
  }
}
