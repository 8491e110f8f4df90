// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HealthEntriesTest {
  private final HealthEntries entries = new HealthEntries();

  @Test
  void changedReasonReplacesTheEntryOfItsSource() {
    for (int rows = 0; rows < 1_000; rows++) {
      entries.set("witness w1", "it saw 20 rows, and the log has " + rows);
    }
    assertThat(entries.all())
        .containsExactly(new HealthEntry("witness w1", "it saw 20 rows, and the log has 999"));
  }

  @Test
  void curedFaultLeavesNoEntry() {
    entries.set("tallies", "no tally can be written");
    entries.set("checkpoints", "no checkpoint is signed");
    entries.clear("tallies");
    entries.clear("tallies");
    assertThat(entries.all())
        .containsExactly(new HealthEntry("checkpoints", "no checkpoint is signed"));
  }
}
