// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.directory.DataDirectory;
import dev.indelible.health.AuditHealth;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Options of a log for signatures and for its origin. */
class SigningTest {
  @TempDir Path directory;

  @Test
  void unsignedRowsAreCountedAndCovered() throws Exception {
    try (Indelible indelible = Indelible.builder(directory).rowSignatures(false).open()) {
      indelible.gate().check("agent:alice", new Bash("rm -rf /"));
      indelible.gate().check("agent:alice", new Bash("ls"));
      assertThat(indelible.queue().drainPending(Duration.ofMinutes(1))).isTrue();
      assertThat(indelible.metrics().ledger().unsigned()).isEqualTo(2);
    }
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
    // The policy, a note that rows are unsigned, two decisions, and a tally.
    assertThat(checkpoint().unverified().size()).isEqualTo(5);
  }

  @Test
  void checkpointsHaveTheConfiguredOrigin() throws Exception {
    try (Indelible indelible = Indelible.builder(directory).origin("example.com/agents").open()) {
      indelible.gate().check("agent:alice", new Bash("ls"));
    }
    assertThat(checkpoint().unverified().origin()).isEqualTo("example.com/agents");
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
  }

  @Test
  void noCheckpointIsSignedUnderAnotherOrigin() throws Exception {
    try (Indelible indelible = Indelible.builder(directory).origin("example.com/one").open()) {
      indelible.gate().check("agent:alice", new Bash("ls"));
    }
    Indelible other = Indelible.builder(directory).origin("example.com/two").open();
    other.gate().check("agent:alice", new Bash("ls"));
    other.close();

    assertThat(other.metrics().appended()).isEqualTo(1);
    assertThat(other.metrics().health().state()).isEqualTo(AuditHealth.State.CLOSED);
    assertThat(checkpoint().unverified().origin()).isEqualTo("example.com/one");
    assertThat(checkpoint().unverified().size()).as("policy and decision").isEqualTo(2);
    assertThat(verdict()).isEqualTo(Verdict.INTACT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "a+b", "line\nfeed"})
  void invalidOriginIsRefusedAtOnce(String name) {
    assertThatThrownBy(() -> Indelible.builder(directory).origin(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must not be empty or have a space or a +");
  }

  private Verdict verdict() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(directory.resolve("indelible.db"))) {
      return new Verifier(
              ledger, VerificationOptions.of(new DataDirectory(directory).keys().accepted()))
          .verify()
          .verdict();
    }
  }

  private SignedCheckpoint checkpoint() throws Exception {
    try (SqliteLedger ledger = SqliteLedger.open(directory.resolve("indelible.db"))) {
      return SignedCheckpoint.parse(ledger.lastCheckpoint().orElseThrow().note());
    }
  }
}
