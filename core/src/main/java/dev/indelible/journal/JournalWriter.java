// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes frames at the end of a journal, from any number of threads at once.
 *
 * <p>A producer claims room with one atomic add, copies its frame there and publishes it. A thread
 * of the writer's own makes the next segment before it is needed; the step from one segment to the
 * next is taken under a lock that nobody holds during I/O.
 */
final class JournalWriter {
  /** Small enough that a process that asks about one action leaves little behind. */
  static final int FIRST_SEGMENT_BYTES = 2 << 20;

  /** Large enough that making one is rare, small enough to be given back soon. */
  static final int LARGEST_SEGMENT_BYTES = 64 << 20;

  /** How long a producer waits for a segment that is being made. */
  private static final Duration ROTATION_PATIENCE = Duration.ofSeconds(1);

  private static final Duration ROTATION_POLL = Duration.ofNanos(50_000);

  /** How soon making a segment is tried again when there was no room for it. */
  private static final long ROOM_POLL_NANOS = Duration.ofMillis(50).toNanos();

  /** Why no segment can be made, when not even the reason can be told. */
  private static final String NO_WORDS = "no segment can be made, and no memory to say why";

  /**
   * What a growing journal leaves of the disk: a ledger on the same disk needs some for its log and
   * for the pages that are carried over from it, as it takes the waiting events in. Somebody else
   * may use it up.
   */
  static final long LEFT_FOR_LEDGER_BYTES = 24L << 20;

  private static final double WARN_AT = 0.5;
  private static final double DEGRADED_AT = 0.8;

  private static final Logger LOG = LoggerFactory.getLogger(JournalWriter.class);

  private final Slot slot;
  private final JournalSettings settings;
  private final Object rotation = new Object();
  private final Thread maker;

  /** Makes pages writable ahead of the producers; not the maker, who waits for the disk. */
  private final Thread readier;

  /** Bytes of all segments on disk; the maker adds, the drainer takes away. */
  private final AtomicLong bytes;

  /** Where producers write; moves under {@link #rotation}. */
  private volatile Segment current;

  /** The segment after it, ready; set by the maker, taken under {@link #rotation}. */
  private volatile @Nullable Segment spare;

  /** Whether the maker is at it, and need not be called; it alone writes. */
  private volatile boolean making;

  /** The same of the thread for pages. */
  private volatile boolean readying;

  /** Up to where everything is settled; the drainer writes, the maker reads. */
  private volatile long drainedTo;

  /** How often the drainer made room; it alone writes. */
  private volatile int reliefs;

  /** Why no segment could be made the last time; null if one could. The maker's alone to write. */
  private volatile @Nullable String noRoom;

  /** How often room had been made when that was tried: it says nothing of what was made since. */
  private volatile int noRoomAt;

  private volatile boolean closed;

  /** The last threshold of the quota that was logged; the maker's alone. */
  private double logged;

  JournalWriter(Slot slot, JournalSettings settings, Segment current, long bytes) {
    this.slot = slot;
    this.settings = settings;
    this.current = current;
    this.bytes = new AtomicLong(bytes);
    this.maker = new Thread(this::makeSegments, "indelible-journal-segments");
    this.maker.setDaemon(true);
    this.readier = new Thread(this::readyPages, "indelible-journal-pages");
    this.readier.setDaemon(true);
  }

  void start() {
    maker.start();
    readier.start();
  }

  /**
   * Appends a frame.
   *
   * @return whether it is there, as durable as the settings say; if not, it never will be, but for
   *     one that was placed in the very moment in which the journal was closed: that one may be
   */
  boolean append(ByteBuffer frame) {
    while (true) {
      Segment segment = current;
      if (!making && isSpareDue(segment)) {
        LockSupport.unpark(maker);
      }
      if (!readying && segment.isReadyingDue()) {
        LockSupport.unpark(readier);
      }
      int outcome = segment.append(frame, settings.durability());
      if (outcome != Segment.FULL) {
        // What is placed while the journal closes may be left to the next run, or not.
        return outcome == Segment.APPENDED && !closed;
      }
      if (!rotate(segment)) {
        return false;
      }
    }
  }

  /** The segment that producers write to. */
  Segment current() {
    return current;
  }

  /** Bytes of all segments on disk. */
  long bytes() {
    return bytes.get();
  }

  /**
   * Notes how far the drainer came.
   *
   * @param freed how many bytes of segments it removed
   * @param settled up to where everything is settled
   */
  void drained(long freed, long settled) {
    bytes.addAndGet(-freed);
    boolean lastLeft = settled != drainedTo && settled >= current.end();
    drainedTo = settled;
    if (freed > 0 || lastLeft) {
      // There may be room now: whoever needs some waits for the maker's word.
      reliefs++;
      LockSupport.unpark(maker);
    }
  }

  /** Why events may soon not be accepted, or are not. */
  Optional<String> trouble() {
    String reason = noRoom();
    if (reason != null) {
      return Optional.of(
          isFull()
              ? "the journal has no room for more events: " + reason
              : "the journal cannot grow: " + reason);
    }
    double used = used();
    return used < DEGRADED_AT ? Optional.empty() : Optional.of(fill(used));
  }

  /**
   * Ends the maker, lets no more events in and removes a segment that nobody wrote to. A producer
   * may still be at work in room that it had claimed before.
   *
   * @return how much of the last segment was claimed
   */
  int close() {
    closed = true;
    LockSupport.unpark(maker);
    LockSupport.unpark(readier);
    Journal.await(maker);
    Journal.await(readier);
    Segment unused;
    int claimed;
    synchronized (rotation) {
      unused = spare;
      spare = null;
      claimed = current.seal();
    }
    if (unused != null) {
      try {
        unused.delete();
      } catch (IOException e) {
        LOG.warn("{}: not used, and cannot be removed: {}", unused.file(), e.toString());
      }
    }
    return claimed;
  }

  /** Goes on to the next segment; returns false if there is none to be had. */
  private boolean rotate(Segment full) {
    long deadline = System.nanoTime() + ROTATION_PATIENCE.toNanos();
    while (current == full) {
      synchronized (rotation) {
        Segment next = spare;
        if (current == full && next != null) {
          // The one call comes first: at the end of a stack it is done whole or not at all.
          full.follow(next);
          current = next;
          spare = null;
        }
      }
      // Read before it is looked again whether there is none: by then it may be of a later segment.
      boolean refused = noRoom() != null;
      if (current == full) {
        if (refused && spare == null && current == full
            || closed
            || System.nanoTime() - deadline >= 0) {
          return false;
        }
        LockSupport.unpark(maker);
        LockSupport.parkNanos(this, ROTATION_POLL.toNanos());
      }
    }
    return true;
  }

  private void makeSegments() {
    while (!closed) {
      if (isSpareDue(current)) {
        making = true;
        make();
        making = false;
      } else {
        LockSupport.park(this);
      }
      try {
        warn();
      } catch (RuntimeException | Error e) {
        // Out of memory for a line of the log; health says the same.
      }
    }
  }

  private void readyPages() {
    while (!closed) {
      try {
        if (current.isReadyingDue()) {
          readying = true;
          current.readyAhead();
        } else {
          readying = false;
          if (!current.isReadyingDue()) {
            LockSupport.park(this);
          }
        }
      } catch (Error e) {
        // The disk cannot give a page, as a producer will find; there it is told.
        LockSupport.parkNanos(this, ROOM_POLL_NANOS);
      }
    }
  }

  /** Why no segment can be made; null while one can, or that is not known. */
  private @Nullable String noRoom() {
    String reason = noRoom;
    return noRoomAt == reliefs ? reason : null;
  }

  /** Whether it is time to make the segment after that one: a quarter of it is used. */
  private boolean isSpareDue(Segment segment) {
    return spare == null && segment.used() >= segment.size() / 4;
  }

  private void make() {
    Segment last = current;
    int reliefsBefore = reliefs;
    try {
      int size = room(last);
      Segment made = Segment.create(slot, last.number() + 1, last.end(), size);
      bytes.addAndGet(size);
      boolean again = noRoom != null;
      // First: whoever finds the segment finds no reason any more why there is none.
      noRoom = null;
      spare = made;
      if (again) {
        LOG.warn("{}: there is room for more events again", slot.directory());
      }
    } catch (IOException | RuntimeException | Error e) {
      boolean isNew = noRoom == null;
      noRoomAt = reliefsBefore;
      noRoom = NO_WORDS;
      try {
        noRoom = e.getMessage() == null ? e.toString() : e.getMessage();
      } catch (RuntimeException | Error second) {
        // Out of memory even for a message. This thread goes on: nobody else makes segments.
      }
      if (isNew) {
        log(e);
      }
      if (reliefs == reliefsBefore) {
        LockSupport.parkNanos(this, ROOM_POLL_NANOS);
      }
    }
  }

  private void log(Throwable failure) {
    try {
      LOG.error("{}: the journal cannot grow: {}", slot.directory(), failure.toString());
    } catch (RuntimeException | Error e) {
      // Out of memory for a line of the log; health says the same.
    }
  }

  /** How large the next segment may be. */
  private int room(Segment last) throws IOException {
    if (drainedTo >= last.end()) {
      // Nothing waits: the next segment, of the smallest size, lets the last one go.
      return FIRST_SEGMENT_BYTES;
    }
    long inQuota = settings.quotaBytes() - bytes.get();
    if (inQuota < FIRST_SEGMENT_BYTES) {
      throw new IOException("its quota of " + settings.quotaBytes() + " bytes is used up");
    }
    long onDisk = slot.disk().usableBytes(slot.directory()) - LEFT_FOR_LEDGER_BYTES;
    if (onDisk < FIRST_SEGMENT_BYTES) {
      throw new IOException("the disk is full, but for what the ledger may need");
    }
    long wanted = Math.min(LARGEST_SEGMENT_BYTES, 2L * last.size());
    return (int) (Math.min(wanted, Math.min(inQuota, onDisk)) / Frame.UNIT * Frame.UNIT);
  }

  private boolean isFull() {
    Segment segment = current;
    return spare == null && segment.used() >= segment.size();
  }

  private void warn() {
    double used = used();
    double threshold = used >= DEGRADED_AT ? DEGRADED_AT : used >= WARN_AT ? WARN_AT : 0;
    if (threshold > logged) {
      LOG.warn("{}: {}", slot.directory(), fill(used));
    }
    logged = threshold;
  }

  private double used() {
    return (double) bytes.get() / settings.quotaBytes();
  }

  private static String fill(double used) {
    return "the journal has used %s %% of its quota; the ledger is not keeping up"
        .formatted(Math.round(used * 100));
  }
}
