// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.events;
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
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A retired slot names its ledger, and each journal id belongs to one slot (promise D2). */
class RetiredSlotTest {
  @TempDir Path temp;
  private TestJournal test;
  private Path free;

  @BeforeEach
  void prepareDirectory() {
    test = new TestJournal(temp.resolve("journal"));
    free = test.directory.resolve("free");
  }

  @Test
  void retiredSlotsNameTheirLedger() throws Exception {
    retireAll();

    assertThat(Journal.identify(test.directory)).contains(TestJournal.LEDGER);
    Journal apart =
        Journal.openApart(test.directory, ledger -> journal -> 0, JournalSettings.ofDefaults());
    assertThat(apart.ledger()).isEqualTo(TestJournal.LEDGER);
    apart.close();
  }

  /** The database was lost. The new database gets the ledger id of the retired slots. */
  @Test
  void newLedgerGetsTheIdOfRetiredSlots() throws Exception {
    retireAll();

    Journal journal =
        Journal.open(
            test.directory, Optional.empty(), id -> 0, JournalSettings.ofDefaults(), test.disk);
    assertThat(journal.ledger()).isEqualTo(TestJournal.LEDGER);
    journal.close();
  }

  @Test
  void otherLedgerIsRejectedAndNothingMoves() throws Exception {
    retireAll();
    Map<String, String> before = TestJournal.describeFiles(test.directory);

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
      assertThat(TestJournal.describeFiles(test.directory)).isEqualTo(before);
    }
  }

  @Test
  void strayFileIsLeftAlone() throws Exception {
    retireAll();
    Files.createDirectory(free.resolve("backup"));
    Files.writeString(free.resolve(".DS_Store"), "stray");
    Files.writeString(free.resolve(UUID.randomUUID().toString()), "stray");
    TestJournal.copyTree(retired().get(0), free.resolve(UUID.randomUUID().toString()));
    Journal one = test.open();
    Journal two = test.open();
    Journal three = test.open();

    assertThat(Set.of(id(0), id(1), id(2))).hasSize(3);
    assertThat(retired()).hasSize(4);
    three.close();
    two.close();
    one.close();
    test.open().close();
  }

  /** A restored backup contains slots that were retired after the backup was made. */
  @Test
  void retiredCopyOfALiveSlotIsNotReused() throws Exception {
    retireAll();
    for (Path slot : retired()) {
      TestJournal.copyTree(slot, test.slotDirectory(retired().indexOf(slot)));
    }
    Journal one = test.open();
    Journal two = test.open();

    assertThat(id(0)).isNotEqualTo(id(1));
    Journal three = test.open();
    assertThat(Set.of(id(0), id(1), id(2))).hasSize(3);
    assertThat(retired()).hasSize(2);
    three.close();
    two.close();
    one.close();
  }

  @Test
  void copyOfLiveSlotIsRejected() throws Exception {
    Journal live = test.open();
    events("agent:a", 3).forEach(live::offer);
    TestJournal.copyTree(test.slotDirectory(0), test.slotDirectory(5));

    assertThatThrownBy(() -> test.open())
        .isInstanceOf(JournalException.class)
        .hasMessageContaining(test.slotDirectory(5) + ": is a copy of another slot");
    assertThat(test.drain(live)).hasSize(3);
    live.close();
  }

  /** A slot that cannot be retired does not prevent the retirement of other slots. */
  @Test
  void copyDoesNotPreventRetirementOfOtherSlots() throws Exception {
    retireAll();
    TestJournal.copyTree(retired().get(0), test.slotDirectory(3));
    Files.move(retired().get(1), test.slotDirectory(4));

    Journal live = test.open();

    assertThat(test.slotDirectory(3)).exists();
    assertThat(test.slotDirectory(4)).doesNotExist();
    live.close();
  }

  private String id(int place) throws IOException {
    return Files.readString(test.slotDirectory(place).resolve("journal.id"));
  }

  /** Retires two slots. The second start finds slot 0 locked, takes slot 1, and retires both. */
  private void retireAll() throws Exception {
    test.open().close();
    test.disk = new LockedOnce();
    test.open().close();
    test.disk = TestJournal.UNSYNCED;
    assertThat(test.slotDirectory(0)).doesNotExist();
    assertThat(test.slotDirectory(1)).doesNotExist();
    assertThat(retired()).hasSize(2);
  }

  private List<Path> retired() throws IOException {
    try (Stream<Path> slots = Files.list(free)) {
      return slots.sorted().toList();
    }
  }

  /** A disk that reports the first file as locked by another process. */
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
