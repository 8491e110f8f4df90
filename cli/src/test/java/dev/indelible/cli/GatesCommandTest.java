// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Enrols gates, and makes the directory of one. Needs no broker. */
@Tag("any-jdk")
class GatesCommandTest {
  private static final String QUEUE = "kafka://localhost:1/audit";

  @TempDir Path temp;
  private Cli log;
  private Cli gate;
  private String logKey;

  @BeforeEach
  void create() {
    log = new Cli(temp.resolve("log"));
    gate = new Cli(temp.resolve("gate"));
    logKey =
        Cli.json(log.run("keys", "init", "--output", "json").ok().out()).path("vkey").asString();
  }

  private String join() {
    return Cli.json(
            gate.run(
                    "gates",
                    "join",
                    "web-1",
                    "--queue",
                    QUEUE,
                    "--log-key",
                    logKey,
                    "--output",
                    "json")
                .ok()
                .out())
        .path("vkey")
        .asString();
  }

  @Test
  void gateIsEnrolledListedAndRemoved() {
    String vkey = join();
    assertThat(vkey).startsWith("web-1+");
    assertThat(log.run("gates", "add", vkey).ok().out()).contains("gate web-1 is enrolled");
    assertThat(log.run("gates", "add", vkey).ok().out()).contains("enrolled already");
    assertThat(log.run("gates", "list").ok().out()).contains(vkey);
    assertThat(log.run("gates", "remove", vkey).ok().out()).contains("gate web-1 is removed");
    assertThat(log.run("gates", "list").ok().out()).contains("no gates are enrolled");
    assertThat(log.run("gates", "remove", vkey).complaint(ExitCode.USAGE))
        .contains("gate web-1 is not enrolled with this key");
    assertThat(log.run("log", "list").ok().out()).contains("gate.enrolled", "gate.removed");
    log.run("log", "verify").ok();
  }

  /** While no broker answers, a gate decides and records into its journal. */
  @Test
  void gateDecidesWithoutBrokers() {
    join();
    Cli.Result result = gate.run("check", "bash", "ls");
    assertThat(result.out()).contains("allow");
    assertThat(result.err()).contains("recorded in the journal");
    assertThat(gate.data().resolve("journal")).isDirectory();
    assertThat(gate.data().resolve("indelible.db")).doesNotExist();
  }

  @Test
  void gateHasNoLedger() {
    join();
    for (String verb : new String[] {"list", "verify"}) {
      assertThat(gate.run("log", verb).complaint(ExitCode.USAGE))
          .contains("a gate here records through a queue, and has no ledger");
    }
  }

  /** The status of a gate states what waits, and that no broker answers. */
  @Test
  void statusOfAGateShowsWhatWaits() {
    join();
    assertThat(gate.run("status", "--output", "json").out()).contains("\"ended\":0");
    gate.run("check", "bash", "ls");
    Cli.Result status = gate.run("status");
    assertThat(status.exit()).isEqualTo(ExitCode.FAILED);
    assertThat(status.out())
        .contains("unhealthy", "the brokers do not answer", QUEUE)
        // The test's own process may still be the one that has the journal.
        .containsPattern("[1-9] events? waits? in the journal of a (running )?process")
        .contains("indelible status");
    JsonNode json = Cli.json(gate.run("status", "--output", "json").out());
    assertThat(json.path("gate").asString()).isEqualTo("web-1");
    JsonNode waiting = json.path("waiting");
    assertThat(waiting.path("alive").asLong() + waiting.path("ended").asLong()).isPositive();
    assertThat(json.path("problems").size()).isEqualTo(2);
  }

  @Test
  void badSettingsAreRefused() throws Exception {
    assertThat(
            gate.run("gates", "join", "Web 1", "--queue", QUEUE, "--log-key", logKey)
                .complaint(ExitCode.USAGE))
        .contains("a gate's name has 1 to 64 lower-case letters");
    assertThat(
            gate.run("gates", "join", "a", "--queue", "redis://x/y", "--log-key", logKey)
                .complaint(ExitCode.USAGE))
        .contains("kafka://HOST:PORT");
    assertThat(gate.data().resolve("queue")).doesNotExist();
    log.run("check", "bash", "ls").ok();
    assertThat(
            log.run("gates", "join", "a", "--queue", QUEUE, "--log-key", logKey)
                .complaint(ExitCode.USAGE))
        .contains("the directory has or names a ledger");
    join();
    Path settings = gate.data().resolve("queue/settings");
    Files.writeString(settings, Files.readString(settings) + "pasword=x\n");
    assertThat(gate.run("check", "bash", "ls").complaint(ExitCode.USAGE))
        .contains("there is no setting 'pasword'");
  }
}
