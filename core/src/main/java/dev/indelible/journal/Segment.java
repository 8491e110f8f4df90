// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.EventContent;
import dev.indelible.event.StoredEvent;
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
import java.time.Instant;
import java.util.Locale;
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

  /**
   * The frame was appended. This and the other outcomes are numbers, because the first use of an
   * enum may be a call of its loader, and behind the publication of a frame there must be none.
   */
  static final int APPENDED = 0;

  /** The frame does not fit, and nothing fits any more. */
  static final int FULL = 1;

  /** The frame could not be synced, and never will be read. */
  static final int UNSYNCABLE = 2;

  private static final long MAGIC = 0x314C_4E52_4A44_4E49L; // "INDJNRL1", little-endian
  private static final int ZEROS = 1 << 16;

  /** A page, or a part of one where they are larger. */
  private static final int PAGE = 4_096;

  /**
   * How far ahead of producers pages are made writable: enough for a thread that is kept waiting.
   */
  private static final int READY_AHEAD = 4 << 20;

  /** Made writable before it is asked again whether the file is still there. */
  private static final int READY_AT_ONCE = 16 * PAGE;

  /** As much as a process may write that ends soon, and needs nothing made ready. */
  private static final int READY_FROM = 1 << 16;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

  /** After this a thread looks for itself whether the one that syncs for all is still at it. */
  private static final long SYNC_PATIENCE_MILLIS = 100;

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
  private final int size;
  private final Disk disk;

  /** The first free byte; beyond the end once the segment is full. Claims move it. */
  private final AtomicLong tail = new AtomicLong();

  private final Abandoned abandoned = new Abandoned();
  private final Syncing syncing = new Syncing();

  /** Up to where pages were made writable; one thread writes, producers read. */
  private volatile int ready;

  /** Up to where this run's claims are known to be published; the syncer's alone. */
  private int published = HEADER;

  /** Up to where the last sync covered every claim; the syncer's alone. */
  private int syncedUpTo = -1;

  /** Whether there is nothing left to sync; the syncer's alone. */
  private boolean done;

  /** The segment after this one; set once, before any producer goes there. */
  private volatile @Nullable Segment next;

  /** Whether the file is gone; set by whoever removes it, under {@link #staying}. */
  private volatile boolean removed;

  /** Held while pages are touched that the consumer may be done with, so that the file stays. */
  private final Object staying = new Object();

  /** A segment over bytes that are there; {@link #create} and {@link #open} map them. */
  Segment(Path file, long number, long base, MappedByteBuffer bytes, Disk disk) {
    this.file = file;
    this.number = number;
    this.base = base;
    this.bytes = bytes;
    this.size = bytes.capacity();
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
      segment.resumeAt(HEADER);
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
            "%s: a journal of version %s, and this Indelible knows up to %s; use a newer one"
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
    return String.format(Locale.ROOT, "%012d.seg", number);
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
    return base + size;
  }

  int size() {
    return size;
  }

  @Nullable Segment next() {
    return next;
  }

  void follow(Segment segment) {
    next = segment;
  }

  /** How many bytes are claimed. */
  int used() {
    return (int) Math.min(tail.get(), size);
  }

  /** Where this segment's claims go on after recovery. */
  void resumeAt(int offset) {
    tail.set(offset);
    published = offset;
  }

  /**
   * Claims room for a frame, writes it there and publishes it; with {@link Durability#POWER} once
   * it is on disk.
   *
   * <p>If this ends with an error, at the end of the caller's stack or for want of memory, the
   * claimed room is handed to the consumer, who makes it nothing: a hole that nobody fills would
   * hold up all that comes after it. The stack can end at any call, so between the claim and the
   * hand-over there is none that the hand-over needs. A thread stopped by force, exactly behind the
   * claim, still leaves a hole until its process ends.
   *
   * @return {@link #APPENDED}, {@link #FULL} or {@link #UNSYNCABLE}
   */
  int append(ByteBuffer frame, Durability durability) {
    return append(frame, frame.limit(), durability);
  }

  /** Lets no more claims succeed; readers go on to the next segment. */
  void exhaust() {
    append(NOTHING, size, Durability.PROCESS);
  }

  private int append(ByteBuffer frame, int length, Durability durability) {
    Claim claim = new Claim();
    long at = Long.MAX_VALUE;
    boolean done = false;
    try {
      at = tail.getAndAdd(length);
      int outcome = FULL;
      if (at + length <= size) {
        outcome = place((int) at, frame, durability);
      } else if (at < size) {
        publishVoid((int) at, (int) (size - at));
      }
      done = true;
      return outcome;
    } finally {
      if (!done && at < size) {
        claim.at = (int) at;
        claim.length = at + length <= size ? length : (int) (size - at);
        try {
          synchronized (abandoned) {
            claim.next = abandoned.first;
            abandoned.first = claim;
          }
        } catch (StackOverflowError e) {
          // The interpreter may want a word of stack for the monitor. Without it: right unless two
          // threads come here in the same instant.
          claim.next = abandoned.withoutMonitor;
          abandoned.withoutMonitor = claim;
        }
      }
    }
  }

  /** Writes a frame into room that is claimed, and publishes it. */
  int place(int at, ByteBuffer frame, Durability durability) {
    int length = frame.limit();
    Frame.seal(frame, base + at);
    bytes.put(at + 4, frame, 4, length - 4);
    if (durability != Durability.POWER) {
      publish(bytes, at, Frame.stateWord(Frame.EVENT, length));
      return APPENDED;
    }
    // The consumer waits for the sync too, so that a frame whose sync failed can still be taken
    // back.
    publish(bytes, at, Frame.stateWord(Frame.UNSYNCED, length));
    if (awaitSync()) {
      publish(bytes, at, Frame.stateWord(Frame.EVENT, length));
      return APPENDED;
    }
    // In this order: a segment with nothing to read in it may go at any time.
    exhaust();
    publishVoid(at, length);
    return UNSYNCABLE;
  }

  /**
   * Makes nothing of what producers claimed and could not fill. For the consumer.
   *
   * @return whether there was any
   */
  boolean voidAbandoned() {
    @Nullable Claim claim;
    synchronized (abandoned) {
      claim = abandoned.first;
      abandoned.first = null;
    }
    return voidAll(claim) | voidAll(abandoned.withoutMonitor);
  }

  private boolean voidAll(@Nullable Claim first) {
    boolean any = false;
    for (Claim claim = first; claim != null; claim = claim.next) {
      if (!claim.isVoid) {
        publishVoid(claim.at, claim.length);
        claim.isVoid = true;
        any = true;
      }
    }
    return any;
  }

  /**
   * Lets no more claims succeed, and leaves what is unclaimed as it is, for a later run to go on
   * in.
   *
   * @return how many bytes were claimed before
   */
  int seal() {
    return (int) Math.min(tail.getAndAdd(size), size);
  }

  /** Makes room that was claimed nothing, for good: the event in it, if any, is undone. */
  void publishVoid(int at, int length) {
    int word = Frame.stateWord(Frame.VOID, length);
    bytes.putInt(at + 4, ~word);
    publish(bytes, at, word);
  }

  /** Makes what was written visible to the consumer. */
  private static void publish(ByteBuffer bytes, int at, int word) {
    STATE_WORD.setRelease(bytes, at, word);
  }

  /**
   * Does once, outside of any file, what {@link #append} does: a class that is first used at the
   * end of a caller's stack, and cannot be initialised there, is lost to the whole process.
   */
  static void rehearse() {
    EventContent nothing = new EventContent(new byte[0], 0);
    ByteBuffer frame =
        Frame.encode(new StoredEvent(new UUID(0, 0), "", "", Instant.EPOCH, nothing));
    Frame.seal(frame, 0);
    publish(ByteBuffer.allocateDirect(Frame.UNIT), 0, Frame.stateWord(Frame.EVENT, frame.limit()));
  }

  /** The state word at an offset; everything written before it was published is visible after. */
  int stateWord(int at) {
    return (int) STATE_WORD.getAcquire(bytes, at);
  }

  /** Whether every claim from an offset on has been published: nobody writes here any more. */
  boolean isQuiet(int from, int to) {
    voidAbandoned();
    return publishedUpTo(from, to) >= to;
  }

  /**
   * Whether this is what it will be: producers went on to the next segment, and every claim here
   * was published, or the ledger has it.
   */
  private boolean isWhole() {
    synchronized (staying) {
      if (removed || next == null) {
        return removed;
      }
      published = publishedUpTo(published, size);
      return published >= size;
    }
  }

  /** How much is claimed, if all of that is published; negative if not, or the file is gone. */
  private int publishedClaims() {
    synchronized (staying) {
      if (removed) {
        return -1;
      }
      int claimed = used();
      published = publishedUpTo(published, claimed);
      return published >= claimed ? claimed : -1;
    }
  }

  /**
   * Syncs as {@link #isSynced}, if anything is still to be synced here. For the syncer.
   *
   * @return whether that holds
   */
  boolean isSyncedSoFar() {
    if (done) {
      return true;
    }
    // Both asked before the sync, which then covers all of it.
    boolean whole = isWhole();
    int claimed = publishedClaims();
    if (!whole && claimed >= 0 && claimed == syncedUpTo) {
      // An idle journal does not ask the disk again and again.
      return true;
    }
    boolean synced = isSynced();
    syncedUpTo = synced ? claimed : -1;
    done = whole && synced;
    return synced;
  }

  /** Whether the last sync covered everything that is claimed now. For the syncer. */
  boolean isCovered() {
    return syncedUpTo == used();
  }

  /** Whether all that will ever be written here is on disk, or in the ledger. For the syncer. */
  boolean isDone() {
    return done;
  }

  /** The first claim from an offset on that was not published. */
  private int publishedUpTo(int from, int to) {
    int at = from;
    while (at < to) {
      int word = stateWord(at);
      int length = Frame.length(word);
      if (word == 0 || Frame.state(word) == Frame.UNSYNCED || length == 0) {
        return at;
      }
      at += length;
    }
    return at;
  }

  /** The bytes, to read from. */
  ByteBuffer bytes() {
    return bytes;
  }

  /** Clears everything from an offset on: the rest of a write that was cut short. */
  void clearFrom(int offset) {
    for (int at = offset; at < size; at += Frame.UNIT) {
      if (bytes.getLong(at) != 0) {
        bytes.putLong(at, 0);
      }
    }
  }

  /**
   * Syncs what was claimed, or says why that is not possible. Not what is behind it: pages that are
   * {@linkplain #readyAhead ready} would have to be made so again.
   */
  void sync() throws IOException {
    long claimed = tail.get();
    // One that was opened to be read has no claims, and may have been written to anywhere.
    disk.sync(file, bytes, claimed < HEADER ? size : (int) Math.min(size, claimed));
  }

  /** Whether pages are about to be written to that the system has not made writable yet. */
  boolean isReadyingDue() {
    int used = used();
    return used >= READY_FROM && ready < size && ready - used < READY_AHEAD / 4 * 3;
  }

  /**
   * Has the system make the next pages writable, which takes it many times as long as an append,
   * and would otherwise be done while a producer waits. One thread at a time.
   */
  void readyAhead() {
    int upTo = (int) Math.min(size, (long) used() + READY_AHEAD);
    int at = Math.max(ready, used() / PAGE * PAGE);
    while (at < upTo) {
      int next = Math.min(upTo, at + READY_AT_ONCE);
      // The drainer may have got past this segment meanwhile, and take the file from under it.
      synchronized (staying) {
        if (!removed) {
          makeWritable(at, next);
        }
      }
      at = next;
      ready = at;
    }
  }

  /**
   * Has the pages from an offset up to another made writable. Changes no byte, whoever writes there
   * meanwhile: it adds nothing to a word of each, atomically.
   */
  void makeWritable(int from, int upTo) {
    for (int at = from; at < upTo; at += PAGE) {
      STATE_WORD.getAndAdd(bytes, at, 0);
    }
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
      synchronized (syncing) {
        syncing.broken = true;
      }
      exhaust();
      LOG.error("{}: syncing failed: {}", file, e.toString());
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
    boolean leading = false;
    boolean led = false;
    try {
      synchronized (syncing) {
        long ticket = ++syncing.requested;
        while (syncing.synced < ticket && !syncing.broken && !syncing.leaderLost && !leading) {
          if (syncing.busy) {
            try {
              syncing.wait(SYNC_PATIENCE_MILLIS);
            } catch (InterruptedException e) {
              interrupted = true;
            }
          } else {
            leading = true;
            syncing.busy = true;
            syncing.covers = syncing.requested;
          }
        }
        if (!leading) {
          return syncing.synced >= ticket;
        }
      }
      boolean done = isSynced();
      synchronized (syncing) {
        syncing.busy = false;
        if (done) {
          syncing.synced = syncing.covers;
        }
        syncing.notifyAll();
      }
      led = true;
      return done;
    } finally {
      if (leading && !led) {
        // An assignment and no call: the stack has ended. The others look for it by themselves.
        syncing.leaderLost = true;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Removes the file. Its mapping lives until it is collected, so its blocks are given back first;
   * nobody may touch the mapping any more.
   */
  void delete() throws IOException {
    synchronized (staying) {
      removed = true;
    }
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

  /** Room whose producer failed before it had published anything there. */
  private static final class Claim {
    int at;
    int length;

    /** Whether it was made nothing; the consumer writes and reads. */
    boolean isVoid;

    @Nullable Claim next;
  }

  /** Such room, until the consumer makes it nothing. */
  private static final class Abandoned {
    /** Guarded by the object itself. */
    @Nullable Claim first;

    /** The rest. The consumer takes none away: it might miss one that comes meanwhile. */
    volatile @Nullable Claim withoutMonitor;
  }

  /**
   * Who waits for a sync, and how far syncs went; guarded by itself but for {@link #leaderLost}.
   */
  private static final class Syncing {
    long requested;
    long covers;
    long synced;
    boolean broken;
    boolean busy;

    /** Whether the thread that synced for all failed on the way; it alone writes. */
    volatile boolean leaderLost;
  }
}
