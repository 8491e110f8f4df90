// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.Indelible;
import dev.indelible.action.Bash;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.postgres.TestServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gates of several hosts, each with a data directory of its own, while the server is down. */
@Tag("any-jdk")
class LedgerOutageTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String BASE = "version: 1\nrules: []\n";
  private static final String EDITED = BASE + "# edited during the outage\n";
  private static TestServer server;

  @TempDir Path temp;
  private String schema = "";
  private String url = "";
  private Cli first;
  private Cli second;

  @BeforeAll
  static void start() {
    server = TestServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  /** Two hosts with the keys of one log; both have recorded a decision. */
  @BeforeEach
  void createHosts() throws Exception {
    schema = server.createLedger();
    url = server.url(schema, TestServer.WRITER);
    first = host("first");
    first.run("--ledger", url, "check", "bash", "ls").ok();
    second = host("second");
    first.copyTo(second, "keys");
    second.run("--ledger", url, "check", "bash", "ls").ok();
  }

  private Cli host(String name) throws Exception {
    Path data = temp.resolve(name);
    Files.createDirectories(data.resolve("policy"));
    Files.writeString(data.resolve("policy/rules.yaml"), BASE);
    return new Cli(data);
  }

  private void trustOperator() throws Exception {
    byte[] seed = new byte[32];
    VerifierKey key =
        new VerifierKey("ops", SignatureType.ED25519, SigningKey.fromSeed(seed).verificationKey());
    new DataDirectory(first.data()).trustOperator(key, Optional.empty());
  }

  private static void edit(Cli host) throws Exception {
    Files.writeString(host.data().resolve("policy/rules.yaml"), EDITED);
  }

  /** Returns the number of policies that the chain records. */
  private long loads() throws Exception {
    return rows("event_type = 'policy.loaded'");
  }

  /** Returns the number of decisions in the chain. */
  private long decisions() throws Exception {
    return rows("event_type NOT IN ('policy.loaded', 'audit.tally')");
  }

  private long rows(String condition) throws Exception {
    return Long.parseLong(
        server.text("SELECT count(*) FROM %s.signed_events WHERE %s".formatted(schema, condition)));
  }

  /** The second host learns the operator's key from the chain, and keeps it for an outage. */
  @Test
  void operatorOfAnotherHostDecidesDuringAnOutage() throws Exception {
    trustOperator();
    second.run("check", "bash", "ls").ok();
    assertThat(second.data().resolve("keys/operator.vkey"))
        .hasSameTextualContentAs(first.data().resolve("keys/operator.vkey"));
    long loads = loads();
    server.kill();
    try {
      edit(second);
      assertThat(second.run("check", "bash", "ls").complaint(ExitCode.USAGE))
          .contains("it has no signature");
    } finally {
      server.restart();
    }
    second.run("check", "bash", "ls").ok();
    assertThat(loads()).isEqualTo(loads);
  }

  /** The second host cannot know the operator's key that the first recorded. */
  @Test
  void onlyTheLastPolicyIsAdmittedWithoutTheLedger() throws Exception {
    trustOperator();
    server.kill();
    try {
      assertThat(second.run("check", "bash", "ls").err()).contains("recorded in the journal");
      edit(second);
      assertThat(second.run("check", "bash", "ls").complaint(ExitCode.USAGE))
          .contains("is not admitted while the ledger cannot be read");
    } finally {
      server.restart();
    }
  }

  @Test
  void runningGateKeepsTheOperatorDuringAnOutage() throws Exception {
    trustOperator();
    try (Indelible gate = Indelible.builder(second.data()).watchPolicy(false).open()) {
      Files.deleteIfExists(second.data().resolve("keys/operator.vkey"));
      Files.deleteIfExists(second.data().resolve("last-policy"));
      server.kill();
      try {
        edit(second);
        assertThatThrownBy(gate::reloadPolicy).hasMessageContaining("it has no signature");
      } finally {
        server.restart();
      }
    }
  }

  @Test
  void runningGateWithoutOperatorKeepsItsPolicyDuringAnOutage() throws Exception {
    try (Indelible gate = Indelible.builder(second.data()).watchPolicy(false).open()) {
      server.kill();
      try {
        edit(second);
        assertThatThrownBy(gate::reloadPolicy)
            .hasMessageContaining("is not admitted while the ledger cannot be read");
      } finally {
        server.restart();
      }
      gate.reloadPolicy();
    }
  }

  /** A process that starts during the outage appends the events of those before it. */
  @Test
  void eventsOfEarlierRunsAreAppendedAfterTheOutage() throws Exception {
    long before = decisions();
    assertThat(before).isEqualTo(2);
    server.kill();
    Indelible gate;
    try {
      for (int i = 0; i < 3; i++) {
        assertThat(second.run("check", "bash", "ls").err()).contains("recorded in the journal");
      }
      gate = Indelible.open(second.data());
      gate.gate().check("agent:a", new Bash("ls"));
      assertThat(gate.queue().drainPending(Duration.ofMillis(1))).isFalse();
    } finally {
      server.restart();
    }
    try (gate) {
      assertThat(gate.queue().drainPending(PATIENCE)).isTrue();
      assertThat(decisions()).isEqualTo(before + 4);
      assertThat(gate.metrics().pending()).isZero();
    }
    second.run("log", "verify").ok();
  }

  /** The gate records nothing itself, and yet appends what earlier runs left. */
  @Test
  void idleGateAppendsEventsOfEarlierRuns() throws Exception {
    long before = decisions();
    server.kill();
    Indelible gate;
    try {
      assertThat(second.run("check", "bash", "ls").err()).contains("recorded in the journal");
      gate = Indelible.open(second.data());
    } finally {
      server.restart();
    }
    try (gate) {
      assertThat(gate.queue().drainPending(PATIENCE)).isTrue();
      assertThat(decisions()).isEqualTo(before + 1);
    }
  }
}
