// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import static org.assertj.core.api.Assertions.assertThat;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerAudit;
import dev.indelible.check.Verifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.pending.MemoryStore;
import dev.indelible.queue.DrainSettings;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import dev.indelible.testkit.ChildJvm;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The memory of the verifier does not grow with the chain: a heap of 64 MiB is enough for any
 * chain.
 */
@Tag("any-jdk")
class VerifyMemoryTest {
  private static final SigningKey KEY =
      SigningKey.fromSeed("the key of the tests of memory..".getBytes());
  private static final KeyRing KEYS = KeyRing.of(List.of(KEY.verificationKey()));
  private static final Duration PATIENCE = Duration.ofMinutes(20);

  @TempDir Path temp;

  /**
   * A few large rows, in total twice the size of the heap, are verified with 2 and with 64
   * processors.
   */
  @Test
  void largeRowsAreVerifiedIn64Mib() throws Exception {
    record(160, 800_000);
    verify(160, 2);
    verify(160, 64);
  }

  /** Policies before the rows that are checked are read, but their texts are not kept. */
  @Test
  void textsOfEarlierPoliciesAreNotKept() throws Exception {
    DeferredAudit audit = start();
    String rules = "# " + "x".repeat(1_000_000);
    for (int n = 0; n < 70; n++) {
      PolicyText policy = PolicyText.ofFile(rules + n);
      assertThat(audit.queue().submit(policy.toEvent(Clock.systemUTC()))).isTrue();
      assertThat(audit.queue().drainPending(PATIENCE)).isTrue();
    }
    assertThat(audit.closeAndFlush(PATIENCE).appended()).isEqualTo(70);

    verify(1, 2, 70);
  }

  @Test
  @Tag("full")
  void twoMillionRowsAreVerifiedIn64Mib() throws Exception {
    record(2_000_000, 20);
    verify(2_000_000, 2);
    verify(2_000_000, 64);
  }

  private DeferredAudit start() {
    return LedgerAudit.start(
        SqliteWriter.drainer(temp.resolve("indelible.db"), null),
        AppendSettings.of(KEY, KEYS),
        new MemoryStore(),
        DrainSettings.ofDefaults());
  }

  private void record(int rows, int commandChars) throws Exception {
    DeferredAudit audit = start();
    String command = "x".repeat(commandChars);
    int atOnce = Math.max(1, 20_000_000 / (commandChars + 1_000));
    for (int n = 0; n < rows; n++) {
      assertThat(
              audit
                  .queue()
                  .submit(
                      DeferredAuditEvent.of(
                          "agent:" + n % 7,
                          new Bash(command + n),
                          new Refuse("R001", "no"),
                          Optional.empty())))
          .isTrue();
      if (n % atOnce == 0) {
        assertThat(audit.queue().drainPending(PATIENCE)).isTrue();
      }
    }
    assertThat(audit.closeAndFlush(PATIENCE).appended()).isEqualTo(rows);
  }

  private void verify(int rows, int cores) throws Exception {
    verify(rows, cores, 1);
  }

  private void verify(int rows, int cores, long since) throws Exception {
    ChildJvm child =
        ChildJvm.running(Verifying.class)
            .with("-Xmx64m", "-XX:ActiveProcessorCount=" + cores)
            .errorsTo(temp.resolve("errors"))
            .start(temp.resolve("indelible.db"), since);
    assertThat(child.readLine()).isEqualTo(Verdict.INTACT + " " + rows);
    child.requireSuccess();
  }

  /** A child process with a small heap. */
  static final class Verifying {
    private Verifying() {}

    public static void main(String[] args) throws Exception {
      try (SqliteLedger ledger = SqliteLedger.open(Path.of(args[0]))) {
        VerificationReport report =
            new Verifier(ledger, VerificationOptions.of(KEYS).since(Long.parseLong(args[1])))
                .verify();
        System.out.println(report.verdict() + " " + report.rows());
      }
    }
  }
}
