// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import dev.indelible.base.Threads;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends frames to a journal, from any number of threads at once.
 *
 * <p>The writer has two threads. The allocator creates the next segment before it is needed, so a
 * producer never waits for a file. The toucher makes pages writable ahead of the producers and
 * never waits for the disk. Producers switch to the next segment under a lock that no thread holds
 * during I/O.
 */
final class JournalWriter {
  /** In bytes; small, so that a process that makes one decision leaves little on disk. */
  static final int FIRST_SEGMENT_BYTES = 2 << 20;

  /** In bytes; large enough that segments are created rarely, small enough to be freed soon. */
  static final int LARGEST_SEGMENT_BYTES = 64 << 20;

  /**
   * In bytes; a growing journal leaves this much disk space free. A ledger on this disk needs it
   * for its WAL and a WAL checkpoint while it appends the waiting events. Other processes may still
   * use it up.
   */
  static final long LEFT_FOR_LEDGER_BYTES = 24L << 20;

  /** How long a producer waits for a segment that is being created. */
  private static final Duration ROTATION_PATIENCE = Duration.ofSeconds(1);

  /** The polling interval of a producer that waits for a segment. */
  private static final Duration ROTATION_POLL = Duration.ofNanos(50_000);

  /** The interval between two attempts to create a segment, or touch a page, after a failure. */
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(50);

  /** A warning is logged at this fraction of the quota. */
  private static final double WARN_AT = 0.5;

  /** Health is degraded at this fraction of the quota. */
  private static final double DEGRADED_AT = 0.8;

  private static final Logger LOG = LoggerFactory.getLogger(JournalWriter.class);

  private final Slot slot;
  private final JournalSettings settings;
  private final Object rotation = new Object();
  private final Thread allocator;
  private final Thread toucher;

  /**
   * Size of the segments on disk that are not settled as a whole, in bytes; the allocator adds, the
   * drainer subtracts.
   */
  private final AtomicLong bytes;

  private final RetainedSegments retained;

  /** The segment that producers write to; changes under {@link #rotation}. */
  private volatile Segment current;

  /** The next segment, ready for use; the allocator sets it, a producer takes it under the lock. */
  private volatile @Nullable Segment spare;

  /** The failure of the last attempt to create a segment; written by the allocator. */
  private volatile @Nullable Refusal refusal;

  /** How often the drainer has freed disk space; written by the drainer. */
  private volatile int freedCount;

  /**
   * The position up to which everything is settled; written by the drainer, read by the allocator.
   */
  private volatile long drainedTo;

  /**
   * True while the allocator is running, so that producers need not unpark it; written by the
   * allocator.
   */
  private volatile boolean allocating;

  /**
   * True while the toucher is running, so that producers need not unpark it; written by the
   * toucher.
   */
  private volatile boolean touching;

  private volatile boolean closed;

  /** The last threshold of the quota that was logged; used only by the allocator. */
  private double logged;

  /**
   * A failed attempt to create a segment.
   *
   * @param reason the reason for the failure
   * @param freedCount the {@link #freedCount} before the attempt; the refusal is outdated once the
   *     count has grown
   */
  private record Refusal(String reason, int freedCount) {}

  JournalWriter(
      Slot slot, JournalSettings settings, Segment current, long bytes, RetainedSegments retained) {
    this.retained = retained;
    this.slot = slot;
    this.settings = settings;
    this.current = current;
    this.bytes = new AtomicLong(bytes);
    this.allocator = new Thread(this::allocate, "indelible-journal-segments");
    this.allocator.setDaemon(true);
    this.toucher = new Thread(this::touch, "indelible-journal-pages");
    this.toucher.setDaemon(true);
  }

  void start() {
    allocator.start();
    toucher.start();
  }

  /**
   * Appends a frame.
   *
   * @return true if the frame was accepted with the durability of the settings. A frame that was
   *     not accepted is never read, with one exception: the next run may read a frame that was
   *     placed while the journal was closing
   */
  boolean append(ByteBuffer frame) {
    while (true) {
      Segment segment = current;
      if (!allocating && isSpareDue(segment)) {
        LockSupport.unpark(allocator);
      }
      if (!touching && segment.isTouchDue()) {
        LockSupport.unpark(toucher);
      }
      Segment.Outcome outcome = segment.append(frame, settings.durability());
      if (outcome != Segment.Outcome.FULL) {
        return outcome == Segment.Outcome.APPENDED && !closed;
      }
      if (!rotate(segment)) {
        return false;
      }
    }
  }

  /** Returns the segment that producers write to. */
  Segment current() {
    return current;
  }

  /** Returns the bytes of the segments on disk that are not settled as a whole. */
  long bytes() {
    return bytes.get();
  }

  /**
   * Records the progress of the drainer.
   *
   * @param freed the bytes of the segments that it settled as a whole; negative if their events
   *     wait again
   * @param settled the position up to which everything is settled
   */
  void drained(long freed, long settled) {
    bytes.addAndGet(-freed);
    boolean lastDrained = settled != drainedTo && settled >= current.end();
    drainedTo = settled;
    if (freed > 0 || lastDrained) {
      freedCount++;
      LockSupport.unpark(allocator);
    }
  }

  /** Returns the reason why events are rejected, or may soon be. */
  Optional<String> trouble() {
    String reason = refusal();
    if (reason != null) {
      return Optional.of(
          isFull() ? "the journal is full: " + reason : "the journal cannot grow: " + reason);
    }
    double used = used();
    return used < DEGRADED_AT ? Optional.empty() : Optional.of(describe(used));
  }

  /**
   * Ends the threads, accepts no more frames and removes an unused segment. A producer may still
   * write to a range that it claimed before.
   *
   * @return the number of claimed bytes of the last segment
   */
  int close() {
    closed = true;
    LockSupport.unpark(allocator);
    LockSupport.unpark(toucher);
    Threads.join(allocator);
    Threads.join(toucher);
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
        LOG.warn("{}: unused, but cannot be removed: {}", unused.file(), e.toString());
      }
    }
    return claimed;
  }

  /** Switches to the next segment; returns false if none can be created. */
  private boolean rotate(Segment full) {
    long deadline = System.nanoTime() + ROTATION_PATIENCE.toNanos();
    while (current == full) {
      synchronized (rotation) {
        Segment next = spare;
        if (current == full && next != null) {
          full.follow(next);
          current = next;
          spare = null;
        }
      }
      // Read this before the spare is checked again, because a later refusal may be about a later
      // segment.
      boolean refused = refusal() != null;
      if (current == full) {
        if (refused && spare == null && current == full
            || closed
            || System.nanoTime() - deadline >= 0) {
          return false;
        }
        LockSupport.unpark(allocator);
        LockSupport.parkNanos(this, ROTATION_POLL.toNanos());
      }
    }
    return true;
  }

  private void allocate() {
    while (!closed) {
      try {
        if (isSpareDue(current)) {
          allocating = true;
          createSpare();
        } else {
          allocating = false;
          if (!isSpareDue(current)) {
            LockSupport.park(this);
          }
        }
        logUsage();
      } catch (RuntimeException | Error e) {
        // Out of memory. This thread continues, because no other thread creates segments.
        LockSupport.parkNanos(this, RETRY_INTERVAL.toNanos());
      }
    }
  }

  private void touch() {
    while (!closed) {
      try {
        if (current.isTouchDue()) {
          touching = true;
          current.touchAhead();
        } else {
          touching = false;
          if (!current.isTouchDue()) {
            LockSupport.park(this);
          }
        }
      } catch (Error e) {
        // The system cannot provide a page. A producer that needs the page reports the fault.
        LockSupport.parkNanos(this, RETRY_INTERVAL.toNanos());
      }
    }
  }

  /** Returns the reason why no segment can be created; null if there is none or it is unknown. */
  private @Nullable String refusal() {
    Refusal last = refusal;
    return last == null || last.freedCount != freedCount ? null : last.reason;
  }

  /** Returns true if the next segment is due: a quarter of the given one is used. */
  private boolean isSpareDue(Segment segment) {
    return spare == null && segment.used() >= segment.size() / 4;
  }

  private void createSpare() {
    Segment last = current;
    int freedBefore = freedCount;
    try {
      int size = nextSize(last);
      Segment created = Segment.create(slot, last.nextHeader(size));
      bytes.addAndGet(size);
      boolean wasRefused = refusal != null;
      // Clear the refusal first, so that a producer that sees the spare sees no refusal.
      refusal = null;
      spare = created;
      if (wasRefused) {
        LOG.warn("{}: the journal accepts events again", slot.directory());
      }
    } catch (IOException | RuntimeException | Error e) {
      boolean isNew = refusal == null;
      refusal = new Refusal(Objects.requireNonNullElse(e.getMessage(), e.toString()), freedBefore);
      if (isNew) {
        LOG.error("{}: the journal cannot grow: {}", slot.directory(), e.toString());
      }
      if (freedCount == freedBefore) {
        LockSupport.parkNanos(this, RETRY_INTERVAL.toNanos());
      }
    }
  }

  /** Returns the size of the next segment in bytes. */
  private int nextSize(Segment last) throws IOException {
    boolean isDrained = drainedTo >= last.end();
    long wanted =
        isDrained ? FIRST_SEGMENT_BYTES : Math.min(LARGEST_SEGMENT_BYTES, 2L * last.size());
    freeRetained(wanted);
    if (isDrained) {
      // No event is waiting. With a next segment of the smallest size, the last one is settled as a
      // whole.
      return FIRST_SEGMENT_BYTES;
    }
    long inQuota = settings.quotaBytes() - bytes.get() - retained.bytes();
    if (inQuota < FIRST_SEGMENT_BYTES) {
      throw new IOException("its quota of " + settings.quotaBytes() + " bytes is used up");
    }
    long onDisk = usableBytes() - LEFT_FOR_LEDGER_BYTES;
    if (onDisk < FIRST_SEGMENT_BYTES) {
      throw new IOException(
          "the disk is full, except for the space that is reserved for the ledger");
    }
    return (int) (Math.min(wanted, Math.min(inQuota, onDisk)) / Frame.UNIT * Frame.UNIT);
  }

  /** Removes retained segments whose space new events need, the oldest first. */
  private void freeRetained(long wanted) throws IOException {
    retained.free(wanted - (settings.quotaBytes() - bytes.get() - retained.bytes()));
    if (!retained.isOn()) {
      return;
    }
    long missing = wanted + LEFT_FOR_LEDGER_BYTES - usableBytes();
    if (missing > 0) {
      retained.free(missing);
    }
    if (missing > 0 && usableBytes() < FIRST_SEGMENT_BYTES + LEFT_FOR_LEDGER_BYTES) {
      JournalDirectory.of(slot).removeRetired();
    }
  }

  private long usableBytes() throws IOException {
    return slot.disk().usableBytes(slot.directory());
  }

  private boolean isFull() {
    Segment segment = current;
    return spare == null && segment.used() >= segment.size();
  }

  private void logUsage() {
    double used = used();
    double threshold = used >= DEGRADED_AT ? DEGRADED_AT : used >= WARN_AT ? WARN_AT : 0;
    if (threshold > logged) {
      LOG.warn("{}: {}", slot.directory(), describe(used));
    }
    logged = threshold;
  }

  private double used() {
    return (double) bytes.get() / settings.quotaBytes();
  }

  private static String describe(double used) {
    return "the journal has used %s %% of its quota; the ledger is not keeping up"
        .formatted(Math.round(used * 100));
  }
}
