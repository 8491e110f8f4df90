// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.Indelible;
import dev.indelible.OpenException;
import dev.indelible.action.Bash;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.note.GateKey;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program opens the data directory of a gate, and its decisions reach the log. */
@Tag("any-jdk")
@SuppressWarnings("try") // A ledger writer works while it is open.
class GateDirectoryTest {
  @TempDir private Path temp;

  private Path join(TestFleet fleet) throws Exception {
    Path data = Files.createDirectory(temp.resolve("gate"));
    String logKey =
        new VerifierKey("log", SignatureType.ED25519, TestFleet.LOG_KEY.verificationKey()).vkey();
    new GateFile(
            fleet.queue().name(),
            "one",
            List.of(logKey),
            new GateFile.Options("", GateSettings.Settlement.RECORDED, Optional.empty()))
        .write(data.resolve("queue"));
    try (KeyEvents events =
        KeyEvents.of(fleet.ledger().openWriter(), CheckpointFile.none(), TestFleet.LOG_KEYS)) {
      events.enroll(
          TestFleet.LOG_KEY,
          new GateKey(
              "one", new KeyDirectory(data.resolve("keys")).openOrCreate().verificationKey()));
    }
    return data;
  }

  @Test
  void decisionsAndReportsReachTheLog() throws Exception {
    TestFleet fleet = TestFleet.create(2);
    Path data = join(fleet);
    try (LedgerFeed feed = fleet.feed()) {
      try (Indelible indelible =
          Indelible.builder(data).tallyInterval(Duration.ofMillis(100)).open()) {
        indelible.gate().check("agent:a", new Bash("ls"));
        indelible.gate().check("agent:b", new Bash("rm -rf /"));
        Awaitility.await()
            .atMost(TestFleet.PATIENCE)
            .untilAsserted(() -> assertThat(fleet.details("gate.tally")).isNotEmpty());
        assertThatThrownBy(indelible::approvals).hasMessageContaining("through a queue");
      }
      // The next process goes on with the journal of the first.
      try (Indelible indelible = Indelible.open(data)) {
        indelible.gate().check("agent:a", new Bash("ls"));
      }
      assertThat(feed.status().refusals()).isZero();
      assertThat(feed.status().gaps()).isZero();
    }
    assertThat(fleet.commands("agent:a")).containsExactly("ls", "ls");
    assertThat(fleet.commands("agent:b")).containsExactly("rm -rf /");
    assertThat(fleet.details("gate.policy_loaded")).hasSize(2);
    List<String> tallies = fleet.details("gate.tally");
    assertThat(tallies.get(0)).contains("\"closed\":false", "\"submitted\":3");
    // The second run was shorter than the interval: its policy and its decision.
    assertThat(tallies.get(tallies.size() - 1))
        .contains("\"closed\":true", "\"submitted\":2", "\"rejected\":0");
    fleet.requireIntact();
    try (StoredLedger reader = fleet.ledger().open()) {
      assertThat(
              new Verifier(reader, VerificationOptions.of(TestFleet.LOG_KEYS)).verify().findings())
          .extracting(Finding::message)
          .anyMatch(message -> message.startsWith("3 decisions name a policy that a gate stated"))
          .noneMatch(message -> message.contains("their rules are unknown"));
    }
  }

  @Test
  void gateWithoutItsRulesIsRefused() throws Exception {
    TestFleet fleet = TestFleet.create(1);
    Path data = join(fleet);
    try (LedgerFeed feed = fleet.feed();
        Indelible indelible = Indelible.open(data)) {
      indelible.gate().check("agent:a", new Bash("ls"));
    }
    Files.move(data.resolve("policy"), temp.resolve("policy"));
    assertThatThrownBy(() -> Indelible.open(data))
        .isInstanceOf(OpenException.class)
        .hasMessageContaining("the rules are missing")
        .hasMessageContaining("shows that a gate recorded here");
  }
}
