// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** D2: retired slots still name their ledger, and a journal id is used by one slot. */
class RetiredSlotTest {
  @TempDir Path temp;
  private TestJournal test;
  private Path free;

  @BeforeEach
  void directory() {
    test = new TestJournal(temp.resolve("journal"));
    free = test.directory.resolve("free");
  }

  @Test
  void retiredSlotsNameTheirLedger() throws Exception {
    retireAll();

    assertThat(Journal.identify(test.directory)).contains(TestJournal.LEDGER);
    Journal apart = Journal.openApart(test.directory, JournalSettings.ofDefaults());
    assertThat(apart.ledger()).isEqualTo(TestJournal.LEDGER);
    apart.close();
  }

  /** The database is gone: the new one becomes the ledger of the journals. */
  @Test
  void newLedgerHasTheIdOfTheRetiredSlots() throws Exception {
    retireAll();

    Journal journal =
        Journal.open(
            test.directory, Optional.empty(), id -> 0, JournalSettings.ofDefaults(), test.disk);
    assertThat(journal.ledger()).isEqualTo(TestJournal.LEDGER);
    journal.close();
  }

  @Test
  void otherLedgerIsRefusedAndNothingIsMoved() throws Exception {
    retireAll();
    Map<String, String> before = TestJournal.everything(test.directory);

    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(
              () ->
                  Journal.open(
                      test.directory,
                      Optional.of(UUID.randomUUID()),
                      id -> 0,
                      JournalSettings.ofDefaults(),
                      test.disk))
          .isInstanceOf(JournalException.class)
          .hasMessageContaining("belongs to ledger " + TestJournal.LEDGER);
      assertThat(TestJournal.everything(test.directory)).isEqualTo(before);
    }
  }

  /** The first slot is locked for a moment: the next start takes another, and retires both. */
  private void retireAll() throws Exception {
    test.open().close();
    test.disk = new LockedOnce();
    test.open().close();
    test.disk = TestJournal.UNSYNCED;
    assertThat(test.place(0)).doesNotExist();
    assertThat(test.place(1)).doesNotExist();
    assertThat(retired()).hasSize(2);
  }

  private List<Path> retired() throws IOException {
    try (Stream<Path> slots = Files.list(free)) {
      return slots.sorted().toList();
    }
  }

  /** Another process has the first file that is asked for. */
  private static final class LockedOnce extends Disk {
    private boolean asked;

    @Override
    @Nullable FileLock tryLock(FileChannel channel) throws IOException {
      boolean first = !asked;
      asked = true;
      return first ? null : super.tryLock(channel);
    }
  }
}
