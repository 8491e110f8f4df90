// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
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
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One file of a journal, mapped into memory. Producers on any thread claim room and write; one
 * consumer reads.
 *
 * <p>Every block of the file is written with zeros before the file is used, so that a full disk
 * shows when a segment is made, as an error, and never when an event is written, as a crash.
 */
final class Segment {
  /** Bytes before the first frame. */
  static final int HEADER = 64;

  static final int VERSION = 1;

  private static final long MAGIC = 0x314C_4E52_4A44_4E49L; // "INDJNRL1", little-endian
  private static final int ZEROS = 1 << 16;
  private static final FileAttribute<?>[] OWNER_ONLY = {
    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"))
  };
  private static final Logger LOG = LoggerFactory.getLogger(Segment.class);
  private static final VarHandle STATE_WORD =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final Path file;
  private final long number;

  /** The position in the journal of this file's first byte. */
  private final long base;

  private final MappedByteBuffer bytes;
  private final Disk disk;

  /** The first free byte; beyond the end once the segment is full. Claims move it. */
  private final AtomicLong tail = new AtomicLong();

  private final Syncing syncing = new Syncing();

  /** The segment after this one; set once, before any producer goes there. */
  private volatile @Nullable Segment next;

  /** Whether the file is gone; set by whoever removes it. */
  private volatile boolean removed;

  /** A segment over bytes that are there; {@link #create} and {@link #open} map them. */
  Segment(Path file, long number, long base, MappedByteBuffer bytes, Disk disk) {
    this.file = file;
    this.number = number;
    this.base = base;
    this.bytes = bytes;
    this.disk = disk;
  }

  /** Makes a segment, on disk with its blocks and its name before anyone uses it. */
  static Segment create(Slot slot, long number, long base, int size) throws IOException {
    Disk disk = slot.disk();
    Path directory = slot.directory();
    Path file = directory.resolve(fileName(number));
    Path aside = directory.resolve(fileName(number) + ".new");
    Files.deleteIfExists(aside);
    Set<OpenOption> options =
        Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
    boolean named = false;
    try (FileChannel channel = FileChannel.open(aside, options, ownerOnly(directory))) {
      disk.write(channel, header(slot.journal(), number, base, size), 0);
      fill(disk, channel, HEADER, size);
      disk.sync(aside, channel);
      disk.rename(aside, file);
      named = true;
      disk.syncNames(directory);
      Segment segment = new Segment(file, number, base, map(channel, size), disk);
      segment.tail.set(HEADER);
      return segment;
    } catch (IOException | RuntimeException | Error e) {
      Files.deleteIfExists(named ? file : aside);
      throw e;
    }
  }

  /**
   * What a segment file says of itself; changes nothing.
   *
   * @throws JournalException if it is not a segment of this journal, or of a newer version
   */
  static Header readHeader(Path file, UUID journal) throws IOException, JournalException {
    Set<OpenOption> options = Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    try (FileChannel channel = FileChannel.open(file, options)) {
      ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
      while (header.hasRemaining() && channel.read(header, header.position()) > 0) {}
      if (header.hasRemaining() || header.getLong(0) != MAGIC) {
        throw new JournalException(file + ": not a journal segment; move it out of the journal");
      }
      if (header.getInt(8) > VERSION) {
        throw new JournalException(
            "%s: a journal of version %d, and this Indelible knows up to %d; use a newer one"
                .formatted(file, header.getInt(8), VERSION));
      }
      if (header.getInt(HEADER - 4) != checksum(header.array())) {
        throw new JournalException(
            file
                + ": its header fails its checksum; the events in it cannot be placed. Keep a copy"
                + " and move it out of the journal");
      }
      if (!new UUID(header.getLong(32), header.getLong(40)).equals(journal)) {
        throw new JournalException(file + ": belongs to another journal; move it out of this one");
      }
      return new Header(header.getLong(16), header.getLong(24), header.getInt(12));
    }
  }

  /**
   * Opens a segment that an earlier run left. One whose file was cut short reads as zeros there,
   * and is made whole again.
   *
   * @throws JournalException as {@link #readHeader}
   */
  static Segment open(Path file, UUID journal, Disk disk) throws IOException, JournalException {
    Header header = readHeader(file, journal);
    Set<OpenOption> options =
        Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    try (FileChannel channel = FileChannel.open(file, options)) {
      fill(disk, channel, channel.size(), header.size());
      return new Segment(file, header.number(), header.base(), map(channel, header.size()), disk);
    }
  }

  /** Writes zeros, so that the blocks are there. */
  private static void fill(Disk disk, FileChannel channel, long from, int to) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocateDirect(ZEROS);
    for (long at = from; at < to; at += ZEROS) {
      disk.write(channel, zeros.clear().limit((int) Math.min(ZEROS, to - at)), at);
    }
  }

  static String fileName(long number) {
    return "%012d.seg".formatted(number);
  }

  Path file() {
    return file;
  }

  long number() {
    return number;
  }

  long base() {
    return base;
  }

  /** Where the next segment begins. */
  long end() {
    return base + bytes.capacity();
  }

  int size() {
    return bytes.capacity();
  }

  @Nullable Segment next() {
    return next;
  }

  void follow(Segment segment) {
    next = segment;
  }

  /** How many bytes are claimed. */
  int used() {
    return (int) Math.min(tail.get(), bytes.capacity());
  }

  /** Where this segment's claims go on after recovery. */
  void resumeAt(int offset) {
    tail.set(offset);
  }

  /**
   * Claims room for a frame.
   *
   * @return its offset, or -1 if it does not fit; then nothing fits any more
   */
  int claim(int length) {
    long at = tail.getAndAdd(length);
    if (at + length <= bytes.capacity()) {
      return (int) at;
    }
    if (at < bytes.capacity()) {
      publishVoid((int) at, (int) (bytes.capacity() - at));
    }
    return -1;
  }

  /** Lets no more claims succeed; readers go on to the next segment. */
  void exhaust() {
    claim(bytes.capacity());
  }

  /**
   * Lets no more claims succeed, and leaves what is unclaimed as it is, for a later run to go on
   * in.
   *
   * @return how many bytes were claimed before
   */
  int seal() {
    return (int) Math.min(tail.getAndAdd(bytes.capacity()), bytes.capacity());
  }

  /** Writes a frame into claimed room and publishes it. */
  void write(int at, byte[] frame, int state) {
    try {
      Frame.seal(frame, base + at);
      bytes.put(at + 4, frame, 4, frame.length - 4);
      publish(at, state, frame.length);
    } catch (Throwable e) {
      // A hole that nobody fills would hold up the drainer for good.
      publishVoid(at, frame.length);
      throw e;
    }
  }

  /** Makes what was written visible to the consumer. */
  void publish(int at, int state, int length) {
    STATE_WORD.setRelease(bytes, at, Frame.stateWord(state, length));
  }

  /** Makes room that was claimed nothing, for good: the event in it, if any, is undone. */
  void publishVoid(int at, int length) {
    int word = Frame.stateWord(Frame.VOID, length);
    bytes.putInt(at + 4, ~word);
    STATE_WORD.setRelease(bytes, at, word);
  }

  /** The state word at an offset; everything written before it was published is visible after. */
  int stateWord(int at) {
    return (int) STATE_WORD.getAcquire(bytes, at);
  }

  /** Whether every claim from an offset on has been published: nobody writes here any more. */
  boolean isQuiet(int from, int to) {
    int at = from;
    while (at < to) {
      int word = stateWord(at);
      int length = Frame.length(word);
      if (word == 0 || Frame.state(word) == Frame.UNSYNCED || length == 0) {
        return false;
      }
      at += length;
    }
    return true;
  }

  /** The bytes, to read from. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Clears everything from an offset on: the rest of a write that was cut short. */
  void clearFrom(int offset) {
    for (int at = offset; at < bytes.capacity(); at += Frame.UNIT) {
      if (bytes.getLong(at) != 0) {
        bytes.putLong(at, 0);
      }
    }
  }

  /** Syncs, or says why that is not possible. */
  void sync() throws IOException {
    disk.sync(file, bytes);
  }

  /**
   * Syncs what was written.
   *
   * <p>Once a sync has failed this segment is never synced again: what a failed sync did not write,
   * no later one will, because the kernel takes it for written. No more frames go there.
   *
   * @return whether everything published before the call is on disk, or need not be any more
   *     because the ledger has it
   */
  boolean isSynced() {
    if (removed) {
      return true;
    }
    synchronized (syncing) {
      if (syncing.broken) {
        return false;
      }
    }
    try {
      sync();
      return true;
    } catch (IOException | RuntimeException | Error e) {
      LOG.error("{}: syncing failed: {}", file, e.toString());
      synchronized (syncing) {
        syncing.broken = true;
      }
      exhaust();
      return false;
    }
  }

  /**
   * Waits until everything this thread wrote is on disk. One of the waiting threads syncs for all
   * (group commit).
   *
   * @return {@code false} if the sync failed
   */
  boolean awaitSync() {
    boolean interrupted = false;
    try {
      synchronized (syncing) {
        long ticket = ++syncing.requested;
        while (true) {
          if (syncing.synced >= ticket) {
            return true;
          }
          if (syncing.broken) {
            return false;
          }
          if (!syncing.busy) {
            break;
          }
          try {
            syncing.wait();
          } catch (InterruptedException e) {
            interrupted = true;
          }
        }
        syncing.busy = true;
        syncing.covers = syncing.requested;
      }
      return syncForAll();
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private boolean syncForAll() {
    boolean done = isSynced();
    synchronized (syncing) {
      syncing.busy = false;
      if (done) {
        syncing.synced = syncing.covers;
      }
      syncing.notifyAll();
    }
    return done;
  }

  /** Who waits for a sync, and how far syncs went; guarded by itself. */
  private static final class Syncing {
    long requested;
    long covers;
    long synced;
    boolean broken;
    boolean busy;
  }

  /**
   * Removes the file. Its mapping lives until it is collected, so its blocks are given back first;
   * nobody may touch the mapping any more.
   */
  void delete() throws IOException {
    removed = true;
    disk.remove(file);
  }

  private static MappedByteBuffer map(FileChannel channel, int size) throws IOException {
    MappedByteBuffer map = channel.map(MapMode.READ_WRITE, 0, size);
    map.order(ByteOrder.LITTLE_ENDIAN);
    return map;
  }

  private static ByteBuffer header(UUID journal, long number, long base, int size) {
    ByteBuffer header = ByteBuffer.allocate(HEADER).order(ByteOrder.LITTLE_ENDIAN);
    header.putLong(MAGIC).putInt(VERSION).putInt(size).putLong(number).putLong(base);
    header.putLong(journal.getMostSignificantBits()).putLong(journal.getLeastSignificantBits());
    header.putInt(HEADER - 4, checksum(header.array()));
    return header.clear();
  }

  private static int checksum(byte[] header) {
    CRC32C crc = new CRC32C();
    crc.update(header, 0, HEADER - 4);
    return (int) crc.getValue();
  }

  /** What makes a new file in that directory its owner's alone, where there are owners. */
  static FileAttribute<?>[] ownerOnly(Path directory) throws IOException {
    return Disk.isPosix(directory) ? OWNER_ONLY : new FileAttribute<?>[0];
  }

  /**
   * What a segment file says of itself.
   *
   * @param number its place among the segments
   * @param base the position in the journal of its first byte
   * @param size of the file
   */
  record Header(long number, long base, int size) {
    /** Where the next segment begins. */
    long end() {
      return base + size;
    }

    /** Whether nothing is missing between this segment and the one before. */
    boolean follows(Header before) {
      return number == before.number + 1 && base == before.end();
    }
  }
}
