// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalSettings;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The next command delivers waiting events, and shows progress if that takes long. */
class RecoveryTest {
  @TempDir Path temp;

  /** Only a terminal shows progress. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void longRecoveryShowsProgress(boolean terminal) throws Exception {
    Cli cli = new Cli(temp.resolve("data"));
    cli.run("check", Cli.bash("ls")).ok();
    Path database = cli.data().resolve("indelible.db");
    int waiting = 8_500;
    Journal left =
        Journal.open(
            cli.data().resolve("journal"),
            SqliteLedger.identify(database),
            id -> 0,
            JournalSettings.ofDefaults());
    for (int i = 0; i < waiting; i++) {
      DeferredAuditEvent event = Cli.event(i);
      // On a slow disk, creating the next segment may take longer than an offer waits.
      while (!left.offer(event)) {
        assertThat(left.trouble()).isEmpty();
      }
    }
    left.close();
    AtomicLong clock = new AtomicLong();

    LongSupplier slow = () -> clock.addAndGet(Duration.ofMillis(300).toNanos());
    Cli.Result result = cli.run(slow, terminal, "check", Cli.bash("ls"));

    assertThat(result.exit()).isZero();
    if (terminal) {
      assertThat(result.err()).contains("recovered 8,192 ", "\r\u001b[K");
    } else {
      assertThat(result.err()).doesNotContain("recovered", "\u001b");
    }
    // On a slow machine the check ends before all events are in the ledger.
    await()
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              cli.runOn("", "gate");
              return cli.rows().size() >= waiting + 2;
            });
    cli.assertIntact(waiting + 2);
  }
}
