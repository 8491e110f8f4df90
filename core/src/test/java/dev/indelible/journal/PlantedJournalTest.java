// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import static dev.indelible.journal.TestJournal.bytes;
import static dev.indelible.journal.TestJournal.describeFiles;
import static dev.indelible.journal.TestJournal.event;
import static dev.indelible.journal.TestJournal.events;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.indelible.event.AuditEvent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A journal directory with an untrusted file is rejected at once. The message is one line with the
 * file and the reason, and no file changes.
 */
@Timeout(60)
class PlantedJournalTest {
  /** A user id that no user has. */
  private static final int STRANGER = 54_321;

  @TempDir Path temp;

  private TestJournal test;
  private Path outside;

  @BeforeEach
  void writeWaitingEvents() throws Exception {
    test = new TestJournal(temp.resolve("journal"));
    outside = Files.createDirectory(temp.resolve("outside"));
    Journal journal = test.open();
    events("agent:a", 3).forEach(journal::offer);
    journal.close();
  }

  static List<String> untrustedPaths() {
    return List.of("", "0000", "0000/journal.id", "0000/lock", "0000/000000000000.seg", "door");
  }

  private Path at(String place) {
    return place.isEmpty() ? test.directory : test.directory.resolve(place);
  }

  private static boolean isDirectory(String place) {
    return place.isEmpty() || place.equals("0000");
  }

  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void linkIsRejectedAndTargetUnchanged(String place) throws Exception {
    Path target = outside.resolve("target");
    Files.move(at(place), target);
    Files.createSymbolicLink(at(place), target);
    requireRefused(at(place), "link");
  }

  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void danglingLinkIsRejected(String place) throws Exception {
    Files.move(at(place), outside.resolve("aside"));
    Files.createSymbolicLink(at(place), outside.resolve("nowhere"));
    requireRefused(at(place), "link");
    assertThat(outside.resolve("nowhere")).doesNotExist();
  }

  /** Opening a FIFO would block, because no process opens the other end. */
  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void fifoIsRejectedAtOnce(String place) throws Exception {
    Files.move(at(place), outside.resolve("aside"));
    Process mkfifo = new ProcessBuilder("mkfifo", "-m", "600", at(place).toString()).start();
    assertThat(mkfifo.waitFor()).isZero();
    requireRefused(at(place), "link or another kind of file");
  }

  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void wrongFileTypeIsRejected(String place) throws Exception {
    Files.move(at(place), outside.resolve("aside"));
    if (isDirectory(place)) {
      Files.createFile(at(place));
    } else {
      Files.createDirectory(at(place));
    }
    requireRefused(at(place), "another kind of file");
  }

  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void fileWritableByOthersIsRejected(String place) throws Exception {
    for (String mode : List.of("rwxrwx---", "rwx---rwx", "rwxrwxrwx", "rwx----w-", "rwx-w----")) {
      Files.setPosixFilePermissions(at(place), PosixFilePermissions.fromString(mode));
      requireRefused(at(place), "chmod go-w");
    }
  }

  @ParameterizedTest
  @MethodSource("untrustedPaths")
  void fileOfAnotherUserIsRejected(String place) throws Exception {
    Object self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    assumeTrue(self.equals(0), "only root can change the owner of a file");
    Files.setAttribute(at(place), "unix:uid", STRANGER, LinkOption.NOFOLLOW_LINKS);
    requireRefused(at(place), "uid " + STRANGER);
  }

  @Test
  void foreignFileIsRejected() throws Exception {
    for (String place : List.of("notes.txt", "00000", "0000/notes.txt", "0000/1.seg", ".hidden")) {
      Path foreign = at(place);
      Files.writeString(foreign, "not ours");
      requireRefused(foreign, "does not belong in a journal");
      Files.delete(foreign);
    }
  }

  @Test
  void journalOfAnotherLedgerIsRejected() throws Exception {
    Map<String, String> before = describeFiles(test.directory);
    UUID other = UUID.fromString("11111111-1111-4111-8111-111111111111");
    String message =
        refusal(
            () ->
                Journal.open(
                    test.directory,
                    Optional.of(other),
                    journal -> 0,
                    JournalSettings.ofDefaults(),
                    test.disk));
    assertThat(message)
        .contains("journal.id")
        .contains(TestJournal.LEDGER.toString())
        .contains(other.toString());
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  /** Slots of two ledgers are rejected, whether the ledger is given or unknown. */
  @Test
  void slotsOfTwoLedgersAreRejected() throws Exception {
    TestJournal other = new TestJournal(temp.resolve("other"));
    Journal journal =
        Journal.open(
            other.directory,
            Optional.of(UUID.randomUUID()),
            each -> 0,
            JournalSettings.ofDefaults(),
            test.disk);
    journal.close();
    Files.move(other.slotDirectory(0), test.slotDirectory(1));
    requireRefused(test.slotDirectory(1).resolve("journal.id"), "belongs to ledger");
    Map<String, String> before = describeFiles(test.directory);
    refusal(
        () ->
            Journal.open(
                test.directory,
                Optional.empty(),
                each -> 0,
                JournalSettings.ofDefaults(),
                test.disk));
    assertThat(describeFiles(test.directory)).isEqualTo(before);
  }

  @Test
  void malformedJournalIdIsRejected() throws Exception {
    Path file = at("0000/journal.id");
    String identity = Files.readString(file);
    for (String text :
        List.of(
            "",
            "nonsense",
            identity + "more",
            identity.substring(0, 40),
            identity.replaceAll("[0-9a-f]{8}-", "--------x"),
            identity.repeat(1_000_000),
            "\0".repeat(120))) {
      Files.writeString(file, text);
      requireRefused(file, "does not state the id of the journal");
    }
    Files.writeString(file, identity.replace("journal 1\n", "journal 2\n"));
    requireRefused(file, "version 2");
  }

  /** Flips every bit of the header. */
  @Test
  void segmentWithDamagedHeaderIsRejected() throws Exception {
    Path file = at("0000/000000000000.seg");
    byte[] whole = Files.readAllBytes(file);
    try (Slot slot = test.take()) {
      for (int bit = 0; bit < SegmentFile.HEADER_BYTES * 8; bit++) {
        byte[] damaged = Arrays.copyOf(whole, 4096);
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        Files.write(file, damaged);
        assertThat(refusal(() -> slot.checkSegments(0)))
            .as("bit %d", bit)
            .contains(file.toString());
      }
    }
    whole[20] ^= 1;
    Files.write(file, whole);
    requireRefused(file, "header does not match its checksum");
  }

  @Test
  void segmentOfNewerVersionIsRejected() throws Exception {
    Path file = at("0000/000000000000.seg");
    rewriteHeader(file, header -> header.putInt(8, SegmentFile.VERSION + 1));
    requireRefused(file, "version 2");
  }

  @Test
  void segmentOfAnotherJournalIsRejected() throws Exception {
    Path file = at("0000/000000000000.seg");
    rewriteHeader(file, header -> header.putLong(32, header.getLong(32) + 1));
    requireRefused(file, "belongs to another journal");
  }

  @Test
  void nonSegmentFileIsRejected() throws Exception {
    Path file = at("0000/000000000000.seg");
    for (String text : List.of("x", "x".repeat(63), "x".repeat(100_000))) {
      Files.writeString(file, text);
      requireRefused(file, "not a journal segment");
    }
  }

  @Test
  void missingMiddleSegmentIsRejected() throws Exception {
    manySegments();
    List<Path> segments = test.segments(0);
    assertThat(segments).hasSizeGreaterThanOrEqualTo(3);
    Files.move(segments.get(1), outside.resolve("middle"));
    requireRefused(segments.get(2), "missing");
    Files.move(outside.resolve("middle"), segments.get(1));
    assertThat(test.recover()).hasSize(203);
  }

  /**
   * A segment is emptied before it is removed, and the oldest is removed first, so only the oldest
   * may be empty.
   */
  @Test
  void emptySegmentAfterTheOldestIsRejected() throws Exception {
    manySegments();
    List<Path> segments = test.segments(0);
    for (Path emptied : segments.subList(1, segments.size())) {
      Files.move(emptied, outside.resolve("kept"));
      Files.createFile(
          emptied,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      requireRefused(emptied, "empty");
      Files.move(outside.resolve("kept"), emptied, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /**
   * The position in the ledger is before the first segment, so a segment or ledger rows are missing
   * (promise D7).
   */
  @Test
  void missingFirstSegmentIsRecorded() throws Exception {
    manySegments();
    Files.delete(test.segments(0).get(0));
    List<AuditEvent> found = test.recover();
    assertThat(TestJournal.isGap(found.get(0))).isTrue();
    assertThat(new String(found.get(0).content().bytes(), StandardCharsets.UTF_8))
        .contains("\"count\":null")
        .contains("the ledger stands at 0");
    assertThat(found.subList(1, found.size())).noneMatch(TestJournal::isGap);
    assertThat(bytes(found.get(found.size() - 1))).isEqualTo(bytes(event("agent:b", 199, 50_000)));
    assertThat(test.recover()).isEmpty();
  }

  /** These files are left by a process that was killed while it created a segment or a slot. */
  @Test
  void unfinishedFilesDoNotPreventRecovery() throws Exception {
    Files.write(test.slotDirectory(0).resolve("000000000001.seg.new"), new byte[100]);
    Files.createFile(test.slotDirectory(0).resolve("journal.id.new"));
    Files.createDirectory(
        test.slotDirectory(1),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.createFile(test.slotDirectory(1).resolve("lock"));
    assertThat(bytes(test.recover())).isEqualTo(bytes(events("agent:a", 3)));
    assertThat(test.slotDirectory(0).resolve("000000000001.seg.new")).doesNotExist();
  }

  private void manySegments() throws Exception {
    Journal journal = test.open();
    for (int n = 0; n < 200; n++) {
      assertThat(TestJournal.offer(journal, event("agent:b", n, 50_000))).isTrue();
    }
    journal.close();
  }

  private static void rewriteHeader(Path file, Consumer<ByteBuffer> change) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    change.accept(header);
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, SegmentFile.HEADER_BYTES - 4);
    header.putInt(SegmentFile.HEADER_BYTES - 4, (int) crc.getValue());
    Files.write(file, bytes);
  }

  /**
   * Checks that opening fails with a message about the file, and that no file changed inside or
   * outside the journal.
   */
  private void requireRefused(Path file, String reason) throws Exception {
    Map<String, String> before = describeFiles(test.directory);
    Map<String, String> outsideBefore = describeFiles(outside);
    String message = refusal(test::open);
    assertThat(message).contains(file.toString()).contains(reason).doesNotContain("\n");
    assertThat(describeFiles(test.directory)).isEqualTo(before);
    assertThat(describeFiles(outside)).isEqualTo(outsideBefore);
  }

  /** Returns the message of the {@link JournalException}. Fails after 10 seconds. */
  private static String refusal(Attempt attempt) throws Exception {
    ExecutorService thread =
        Executors.newSingleThreadExecutor(
            task -> {
              // A thread that is stuck opening a FIFO would keep this JVM alive.
              Thread daemon = new Thread(task);
              daemon.setDaemon(true);
              return daemon;
            });
    List<String> messages = new ArrayList<>();
    thread
        .submit(
            () -> {
              try {
                attempt.run();
              } catch (JournalException e) {
                messages.add(e.getMessage());
              }
              return null;
            })
        .get(10, TimeUnit.SECONDS);
    thread.shutdown();
    assertThat(messages).as("messages of the refusal").hasSize(1);
    return messages.get(0);
  }

  private interface Attempt {
    Object run() throws Exception;
  }
}
