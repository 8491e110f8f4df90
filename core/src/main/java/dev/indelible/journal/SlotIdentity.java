// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The identity of a slot, stored in a file of the slot.
 *
 * @param journal the journal in the slot
 * @param ledger the ledger that the journal belongs to
 */
record SlotIdentity(UUID journal, UUID ledger) {
  /** The name of the file. */
  static final String FILE = "journal.id";

  /** The name of the file while it is being written. */
  static final String UNFINISHED_FILE = FILE + ".new";

  private static final String UUID_FORM = "([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";
  private static final Pattern TEXT =
      Pattern.compile(
          "indelible journal (\\d{1,9})\njournal %s\nledger %s\n".formatted(UUID_FORM, UUID_FORM));

  /** Maximum length of the file, in bytes; a valid file has about 120. */
  private static final int MAX_BYTES = 256;

  /**
   * Reads the identity of a slot.
   *
   * @param ledger the ledger that the slot must belong to, if it is known
   * @return empty if the slot has no identity yet
   */
  static Optional<SlotIdentity> read(Path slot, Optional<UUID> ledger)
      throws IOException, JournalException {
    Path file = slot.resolve(FILE);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    String text =
        Files.size(file) > MAX_BYTES ? "" : Files.readString(file, StandardCharsets.ISO_8859_1);
    Matcher identity = TEXT.matcher(text);
    if (!identity.matches()) {
      throw new JournalException(
          file + ": does not state the id of the journal; move the journal away");
    }
    int version = Integer.parseInt(identity.group(1));
    if (version > SegmentFile.VERSION) {
      throw new JournalException(
          "%s: a journal of version %s, but this Indelible supports versions up to %s; use a newer Indelible"
              .formatted(file, version, SegmentFile.VERSION));
    }
    if (ledger.isPresent() && !identity.group(3).equals(ledger.get().toString())) {
      throw new JournalException(
          "%s: this journal belongs to ledger %s, but the ledger here is %s; move it back to its own ledger"
              .formatted(file, identity.group(3), ledger.get()));
    }
    return Optional.of(
        new SlotIdentity(UUID.fromString(identity.group(2)), UUID.fromString(identity.group(3))));
  }

  /** Reads the identity of a slot, or writes a new one durably. The caller has locked the slot. */
  static SlotIdentity readOrCreate(Path slot, UUID ledger, Disk disk)
      throws IOException, JournalException {
    Optional<SlotIdentity> existing = read(slot, Optional.of(ledger));
    if (existing.isPresent()) {
      return existing.get();
    }
    SlotIdentity created = new SlotIdentity(UUID.randomUUID(), ledger);
    Path unfinished = slot.resolve(UNFINISHED_FILE);
    Files.deleteIfExists(unfinished);
    // Renamed once it is complete, so that no process reads an incomplete file.
    try (FileChannel channel =
        FileChannel.open(
            unfinished,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            DurableFiles.ownerOnlyFile(slot))) {
      disk.write(channel, ByteBuffer.wrap(created.encode()), 0);
      disk.sync(unfinished, channel);
    }
    disk.rename(unfinished, slot.resolve(FILE));
    disk.syncNames(slot);
    return created;
  }

  private byte[] encode() {
    return "indelible journal %s\njournal %s\nledger %s\n"
        .formatted(SegmentFile.VERSION, journal, ledger)
        .getBytes(StandardCharsets.ISO_8859_1);
  }
}
