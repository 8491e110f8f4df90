// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.DurableFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * The file of a segment, mapped into memory: a header of 64 bytes, then frames.
 *
 * <p>Every block is written with zeros before the file is used, so that a full disk causes an error
 * when a segment is created, and never a crash when an event is written.
 *
 * @param path the file
 * @param header the content of its header
 * @param bytes the mapped file, including the header; little-endian
 * @param disk syncs and removes the file
 */
record SegmentFile(Path path, Header header, MappedByteBuffer bytes, Disk disk) {
  /** Bytes before the first frame. */
  static final int HEADER_BYTES = 64;

  /** The version of the format; files of a newer version are refused. */
  static final int VERSION = 1;

  private static final long MAGIC = 0x314C_4E52_4A44_4E49L; // "INDJNRL1", little-endian

  /** Number of zero bytes written at once: few calls, and little memory. */
  private static final int ZEROS = 1 << 16;

  private static final String UNFINISHED = ".new";

  /** Creates a file. Its blocks and its name are on disk before this returns. */
  static SegmentFile create(Slot slot, Header header) throws IOException {
    Disk disk = slot.disk();
    Path directory = slot.directory();
    Path file = directory.resolve(name(header.number()));
    Path aside = directory.resolve(name(header.number()) + UNFINISHED);
    Files.deleteIfExists(aside);
    Set<OpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean renamed = false;
    try (FileChannel channel =
        FileChannel.open(aside, options, DurableFiles.ownerOnlyFile(directory))) {
      disk.write(channel, header.encode(slot.journal()), 0);
      fill(disk, channel, HEADER_BYTES, header.size());
      disk.sync(aside, channel);
      disk.rename(aside, file);
      renamed = true;
      disk.syncNames(directory);
      return new SegmentFile(file, header, map(channel, header.size()), disk);
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(renamed ? file : aside);
      throw e;
    }
  }

  /**
   * Opens a file of an earlier run. Extends a truncated file with zeros to its full size.
   *
   * @throws JournalException see {@link #readHeader}
   */
  static SegmentFile open(Path file, UUID journal, Disk disk) throws IOException, JournalException {
    Header header = readHeader(file, journal);
    Set<OpenOption> options =
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    try (FileChannel channel = FileChannel.open(file, options)) {
      fill(disk, channel, channel.size(), header.size());
      return new SegmentFile(file, header, map(channel, header.size()), disk);
    }
  }

  /**
   * Reads the header of a file. Changes nothing.
   *
   * @throws JournalException if the file is not a segment of this journal, or has a newer version
   */
  static Header readHeader(Path file, UUID journal) throws IOException, JournalException {
    Set<OpenOption> options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    try (FileChannel channel = FileChannel.open(file, options)) {
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      while (header.hasRemaining() && channel.read(header, header.position()) > 0) {}
      if (header.hasRemaining() || header.getLong(0) != MAGIC) {
        throw new JournalException(file + ": not a journal segment; move it out of the journal");
      }
      if (header.getInt(8) > VERSION) {
        throw new JournalException(
            "%s: a journal of version %s, but this Indelible supports versions up to %s; use a newer Indelible"
                .formatted(file, header.getInt(8), VERSION));
      }
      if (header.getInt(HEADER_BYTES - 4) != checksum(header.array())) {
        throw new JournalException(
            file
                + ": its header does not match its checksum, so the order of its events is unknown. Keep a copy"
                + " of it and move it out of the journal");
      }
      if (!new UUID(header.getLong(32), header.getLong(40)).equals(journal)) {
        throw new JournalException(file + ": belongs to another journal; move it out of this one");
      }
      return new Header(header.getLong(16), header.getLong(24), header.getInt(12));
    }
  }

  /** Returns the file name of the segment with a number. */
  static String name(long number) {
    return String.format(Locale.ROOT, "%012d.seg", number);
  }

  /** Returns true if a segment was not created completely; such a segment has no event. */
  static boolean isUnfinished(Path file) {
    return file.toString().endsWith(UNFINISHED);
  }

  /** Syncs the beginning of the file. */
  void sync(int length) throws IOException {
    disk.sync(path, bytes, length);
  }

  /**
   * Removes the file. Frees its blocks first, because its mapping exists until it is
   * garbage-collected. The mapping must not be touched any more.
   */
  void delete() throws IOException {
    disk.remove(path);
  }

  /** Writes zeros, so that the blocks are allocated. */
  private static void fill(Disk disk, FileChannel channel, long from, int to) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
    for (long at = from; at < to; at += ZEROS) {
      disk.write(channel, zeros.clear().limit((int) Math.min(ZEROS, to - at)), at);
    }
  }

  private static MappedByteBuffer map(FileChannel channel, int size) throws IOException {
    MappedByteBuffer map = channel.map(MapMode.READ_WRITE, 0, size);
    map.order(ByteOrder.LITTLE_ENDIAN);
    return map;
  }

  private static int checksum(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, HEADER_BYTES - 4);
    return (int) crc.getValue();
  }

  /**
   * The content of a header.
   *
   * @param number the position of this segment among the segments of its journal
   * @param base the position in the journal of the first byte of the file
   * @param size the size of the file in bytes
   */
  record Header(long number, long base, int size) {
    /** Returns the position in the journal at which the next segment begins. */
    long end() {
      return base + size;
    }

    /** Returns true if nothing is missing between the previous segment and this one. */
    boolean follows(Header before) {
      return number == before.number + 1 && base == before.end();
    }

    private ByteBuffer encode(UUID journal) {
      ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      header.putLong(MAGIC).putInt(VERSION).putInt(size).putLong(number).putLong(base);
      header.putLong(journal.getMostSignificantBits()).putLong(journal.getLeastSignificantBits());
      header.putInt(HEADER_BYTES - 4, checksum(header.array()));
      return header.clear();
    }
  }
}
