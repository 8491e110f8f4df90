// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A long recovery reports its progress. */
class RecoveryProgressTest {
  @TempDir Path temp;

  /**
   * Two journals have equal numbers of events. The count continues from the first journal to the
   * second.
   */
  @Test
  void progressCountsAllWaitingEvents() throws Exception {
    int each = Recovery.EVENTS_PER_REPORT + 10;
    TestJournal test = new TestJournal(temp.resolve("journal"));
    Journal first = test.open();
    Journal second = test.open();
    events("agent:a", each).forEach(first::offer);
    events("agent:b", each).forEach(second::offer);
    first.close();
    second.close();

    List<Long> counts = new ArrayList<>();
    Journal journal =
        Journal.open(
            test.directory,
            Optional.of(TestJournal.LEDGER),
            id -> 0,
            JournalSettings.ofDefaults().withProgress(counts::add));
    journal.close();

    assertThat(journal.recovered()).isEqualTo(2L * each);
    assertThat(counts)
        .containsExactly(
            (long) Recovery.EVENTS_PER_REPORT, (long) each + Recovery.EVENTS_PER_REPORT);
  }
}
