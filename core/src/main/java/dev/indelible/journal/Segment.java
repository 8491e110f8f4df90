// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.queue.Durability;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A segment of a journal in use. Producers on any thread claim a range of bytes and publish a frame
 * there; one consumer reads.
 *
 * <p>A claim is one atomic add. The state word of a frame is written last, with release semantics,
 * and publishes the rest of the frame. A range whose frame cannot be published becomes a padding
 * frame, because an empty range would block the reading of all later frames. A thread that is
 * killed right after its claim still leaves an empty range until its process ends.
 *
 * <p>Claims, publication, syncs and removal are in one class, because they share the fields below
 * and are correct only in this order.
 */
final class Segment {
  /** The outcome of an append. */
  enum Outcome {
    /** The frame was appended. */
    APPENDED,
    /** The frame does not fit, and no later frame is accepted. */
    FULL,
    /** The frame could not be synced, and will never be read. */
    UNSYNCABLE
  }

  /** Size of a memory page, in bytes; a larger page is touched in several parts. */
  private static final int PAGE = 4_096;

  /**
   * Bytes to touch ahead of producers: as many as they write while the toucher is not scheduled.
   */
  private static final int TOUCH_AHEAD = 4 << 20;

  /** Bytes to touch between two checks that the file still exists. */
  private static final int TOUCH_AT_ONCE = 16 * PAGE;

  /** Touching ahead starts after this many bytes; a short-lived process writes fewer. */
  private static final int TOUCH_FROM = 1 << 16;

  private static final Logger LOG = LoggerFactory.getLogger(Segment.class);
  private static final VarHandle STATE_WORD =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private final SegmentFile file;
  private final ByteBuffer bytes;
  private final int size;
  private final GroupCommit groupCommit = new GroupCommit(this::sync);

  /** The offset of the first free byte; beyond the end once the segment is full. */
  private final AtomicLong tail = new AtomicLong();

  /** The offset up to which pages were touched; one thread writes, producers read. */
  private volatile int touched;

  /** The offset up to which all claims are known to be published; used only by the syncer. */
  private int published = SegmentFile.HEADER_BYTES;

  /** The offset up to which the last sync covered every claim; used only by the syncer. */
  private int syncedUpTo = -1;

  /** True if there is nothing left to sync; used only by the syncer. */
  private boolean done;

  /** True if a sync has failed; set by any thread that syncs. */
  private volatile boolean broken;

  /** The segment after this one; set once, before any producer writes to it. */
  private volatile @Nullable Segment next;

  /** True if the file was removed; set under {@link #presence}. */
  private volatile boolean removed;

  /**
   * Held while the mapping is touched, so that the consumer does not remove the file at that time.
   */
  private final Object presence = new Object();

  /** The claims whose producers failed; guarded by {@link #presence}. */
  private @Nullable Claim abandoned;

  /** Creates a segment over a file; {@link #resumeAt} sets where claims begin. */
  Segment(SegmentFile file) {
    this.file = file;
    this.bytes = file.bytes();
    this.size = file.header().size();
  }

  /**
   * Appends a frame to a segment in memory, so that all classes that an append uses are
   * initialised. If a class failed to initialise because a caller's stack was exhausted, no thread
   * of the process could use it.
   */
  static void initialise() {
    ByteBuffer frame =
        Frame.encode(
            AuditEvent.stored(
                new UUID(0, 0), "", "", Instant.EPOCH, new EventContent(new byte[0], 0)));
    int size = SegmentFile.HEADER_BYTES + frame.limit();
    // A direct buffer is a MappedByteBuffer without a file.
    MappedByteBuffer memory = (MappedByteBuffer) ByteBuffer.allocateDirect(size);
    SegmentFile.Header header = new SegmentFile.Header(0, 0, size);
    Segment segment = new Segment(new SegmentFile(Path.of(""), header, memory, new Disk()));
    segment.resumeAt(SegmentFile.HEADER_BYTES);
    segment.append(frame, Durability.PROCESS);
  }

  /** Creates a segment and its file. */
  static Segment create(Slot slot, SegmentFile.Header header) throws IOException {
    Segment segment = new Segment(SegmentFile.create(slot, header));
    segment.resumeAt(SegmentFile.HEADER_BYTES);
    return segment;
  }

  /**
   * Opens a segment that an earlier run left.
   *
   * @throws JournalException see {@link SegmentFile#readHeader}
   */
  static Segment open(Path file, UUID journal, Disk disk) throws IOException, JournalException {
    return new Segment(SegmentFile.open(file, journal, disk));
  }

  Path file() {
    return file.path();
  }

  /** Returns the position in the journal of the first byte of the file. */
  long base() {
    return file.header().base();
  }

  /** Returns the position in the journal at which the next segment begins. */
  long end() {
    return file.header().end();
  }

  int size() {
    return size;
  }

  /** Returns the header of the segment after this one. */
  SegmentFile.Header nextHeader(int nextSize) {
    return new SegmentFile.Header(file.header().number() + 1, end(), nextSize);
  }

  @Nullable Segment next() {
    return next;
  }

  /** Sets the segment after this one. */
  void follow(Segment segment) {
    next = segment;
  }

  /** Returns the number of claimed bytes. */
  int used() {
    return (int) Math.min(tail.get(), size);
  }

  /** Sets the offset at which claims continue after recovery. */
  void resumeAt(int offset) {
    tail.set(offset);
    published = offset;
  }

  /** Returns the bytes, for reading. */
  ByteBuffer bytes() {
    return bytes;
  }

  /**
   * Claims a range for a frame, writes the frame there and publishes it. With {@link
   * Durability#POWER}, publishes the frame once it is on disk.
   *
   * <p>If an error occurs after the claim, for example a stack overflow, the consumer turns the
   * range into a padding frame; see {@link #padAbandoned}.
   */
  Outcome append(ByteBuffer frame, Durability durability) {
    int length = frame.limit();
    Claim claim = new Claim(length);
    claim.at = claim(length);
    boolean placed = false;
    try {
      Outcome outcome = Outcome.FULL;
      if (claim.at + length <= size) {
        outcome = place((int) claim.at, frame, durability);
      } else {
        padFrom(claim.at);
      }
      placed = true;
      return outcome;
    } finally {
      if (!placed) {
        // No method call here, because there may be no stack left for it.
        synchronized (presence) {
          claim.next = abandoned;
          abandoned = claim;
        }
      }
    }
  }

  /** Claims a range. Returns its offset, which is beyond the end if the segment is full. */
  long claim(int length) {
    return tail.getAndAdd(length);
  }

  /**
   * Turns the ranges whose producers failed into padding frames. Called by the consumer.
   *
   * @return true if there were any
   */
  boolean padAbandoned() {
    @Nullable Claim first;
    synchronized (presence) {
      first = abandoned;
      abandoned = null;
    }
    for (Claim claim = first; claim != null; claim = claim.next) {
      if (claim.at < size) {
        pad((int) claim.at, (int) Math.min(claim.length, size - claim.at));
      }
    }
    return first != null;
  }

  /** Writes a frame into a claimed range, and publishes it. */
  Outcome place(int at, ByteBuffer frame, Durability durability) {
    int length = frame.limit();
    Frame.seal(frame, base() + at);
    bytes.put(at + 4, frame, 4, length - 4);
    if (durability != Durability.POWER) {
      publish(at, Frame.stateWord(Frame.EVENT, length));
      return Outcome.APPENDED;
    }
    // The consumer does not read the frame before the sync, so it can still be undone if the sync
    // fails.
    publish(at, Frame.stateWord(Frame.UNSYNCED, length));
    if (groupCommit.await()) {
      publish(at, Frame.stateWord(Frame.EVENT, length));
      return Outcome.APPENDED;
    }
    // In this order, because a segment that was read to its end and accepts no more frames may be
    // removed.
    exhaust();
    pad(at, length);
    return Outcome.UNSYNCABLE;
  }

  /** Makes all later claims fail; readers continue with the next segment. */
  void exhaust() {
    padFrom(tail.getAndAdd(size));
  }

  /**
   * Makes all later claims fail, and leaves the unclaimed bytes free for a later run.
   *
   * @return the number of bytes claimed before
   */
  int seal() {
    return (int) Math.min(tail.getAndAdd(size), size);
  }

  private void padFrom(long at) {
    if (at < size) {
      pad((int) at, (int) (size - at));
    }
  }

  /** Turns a claimed range into a padding frame. An event already written there is discarded. */
  void pad(int at, int length) {
    int word = Frame.stateWord(Frame.PADDING, length);
    bytes.putInt(at + 4, ~word);
    publish(at, word);
  }

  private void publish(int at, int word) {
    STATE_WORD.setRelease(bytes, at, word);
  }

  /**
   * Returns the state word at an offset. Everything written before its publication is visible
   * afterwards.
   */
  int stateWord(int at) {
    return (int) STATE_WORD.getAcquire(bytes, at);
  }

  /** Returns true if every claim in a range is published, so that no producer writes there. */
  boolean isQuiet(int from, int to) {
    return publishedUpTo(from, to) >= to;
  }

  /** Returns the offset of the first claim in a range that is not published. */
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

  /** Clears everything from an offset on: the rest of an incomplete write. */
  void clearFrom(int offset) {
    for (int at = offset; at < size; at += Frame.UNIT) {
      if (bytes.getLong(at) != 0) {
        bytes.putLong(at, 0);
      }
    }
  }

  /**
   * Syncs the frames published since the last call, if any. Called by the syncer.
   *
   * @return true if everything published before the call is on disk, or in the ledger
   */
  boolean syncPublished() {
    if (done) {
      return true;
    }
    // The sync covers this state, because the state is read first.
    boolean whole;
    int covered;
    synchronized (presence) {
      boolean last = next == null;
      int claimed = used();
      if (!removed) {
        published = publishedUpTo(published, claimed);
      }
      boolean quiet = published >= claimed;
      whole = removed || !last && quiet;
      covered = !removed && quiet ? claimed : -1;
    }
    boolean isNew = covered < 0 || covered != syncedUpTo;
    boolean synced = !isNew || sync();
    syncedUpTo = synced ? covered : -1;
    done = whole && synced;
    return synced;
  }

  /** Returns true if the last sync covered every current claim. Called by the syncer. */
  boolean isCovered() {
    return syncedUpTo == used();
  }

  /**
   * Returns true if the segment is complete, and on disk or in the ledger. Called by the syncer.
   */
  boolean isDone() {
    return done;
  }

  /**
   * Syncs the published frames.
   *
   * <p>After a failed sync this segment is never synced again, and accepts no more frames: the
   * kernel marks pages that it could not write as clean, so a later sync would succeed without
   * writing them.
   *
   * @return true if everything published before the call is on disk, or in the ledger
   */
  boolean sync() {
    if (removed || broken) {
      return removed;
    }
    try {
      syncOrThrow();
      return true;
    } catch (IOException | RuntimeException | Error e) {
      broken = true;
      exhaust();
      LOG.error("{}: syncing failed: {}", file.path(), e.toString());
      return false;
    }
  }

  /**
   * Syncs the claimed bytes only, because pages {@linkplain #touchAhead touched} after them would
   * have to be touched again.
   */
  void syncOrThrow() throws IOException {
    long claimed = tail.get();
    // A segment that was opened for reading has no claims, and may have been changed anywhere.
    file.sync(claimed < SegmentFile.HEADER_BYTES ? size : (int) Math.min(size, claimed));
  }

  /** Returns true if producers are close to pages that are not touched yet. */
  boolean isTouchDue() {
    int used = used();
    return used >= TOUCH_FROM && touched < size && touched - used < TOUCH_AHEAD / 4 * 3;
  }

  /**
   * Makes the next pages writable, because a producer that had to do it would wait many times as
   * long as an append takes. Called by one thread at a time.
   */
  void touchAhead() {
    int upTo = (int) Math.min(size, (long) used() + TOUCH_AHEAD);
    int at = Math.max(touched, used() / PAGE * PAGE);
    while (at < upTo) {
      int to = Math.min(upTo, at + TOUCH_AT_ONCE);
      // The drainer may have settled this segment and removed its file.
      synchronized (presence) {
        if (!removed) {
          touch(at, to);
        }
      }
      at = to;
      touched = at;
    }
  }

  /** Touches the pages of a range: atomically adds zero to one word of each, so no byte changes. */
  void touch(int from, int upTo) {
    for (int at = from; at < upTo; at += PAGE) {
      STATE_WORD.getAndAdd(bytes, at, 0);
    }
  }

  /** A claimed range. Allocated before the claim, so that abandoning the range needs no memory. */
  private static final class Claim {
    final int length;
    long at = Long.MAX_VALUE;
    @Nullable Claim next;

    Claim(int length) {
      this.length = length;
    }
  }

  /** Removes the file. The mapping must not be touched any more. */
  void delete() throws IOException {
    synchronized (presence) {
      removed = true;
    }
    file.delete();
  }
}
