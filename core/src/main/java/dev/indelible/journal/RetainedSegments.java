// SPDX-License-Identifier: Apache-2.0
package dev.indelible.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settled segments of a journal that stay on disk for a while, in case the ledger goes back to
 * an earlier position. They are removed oldest first, so that no segment is missing between two.
 *
 * <p>The drainer adds segments and takes them back; the allocator removes them if it needs their
 * space. No thread reads a segment in here, so its file can be removed at any time.
 */
final class RetainedSegments {
  private static final Logger LOG = LoggerFactory.getLogger(RetainedSegments.class);

  private final long retainNanos;
  private final long maxBytes;

  /** Oldest first; guarded by this. */
  private final Deque<Retained> segments = new ArrayDeque<>();

  /** The sum of their sizes; guarded by this. */
  private long bytes;

  /**
   * A settled segment.
   *
   * @param since the {@link System#nanoTime} at which it was settled
   */
  private record Retained(Segment segment, long since) {}

  /** Creates an empty collection with the limits of the settings. */
  RetainedSegments(JournalSettings settings) {
    this.retainNanos = TimeUnit.NANOSECONDS.convert(settings.retain());
    this.maxBytes = settings.quotaBytes() / 2;
  }

  /** Returns true if settled segments are retained at all. */
  boolean isOn() {
    return retainNanos > 0;
  }

  /** Returns the bytes of the retained segments on disk. */
  synchronized long bytes() {
    return bytes;
  }

  /** Retains a segment that was settled just now; removes it if no segments are retained. */
  void add(Segment settled) {
    if (isOn()) {
      recordSettled(settled.file());
    }
    add(settled, Duration.ZERO);
  }

  /** Retains a segment that an earlier run settled; removes it if its time has passed. */
  void addEarlier(Segment settled) throws IOException {
    add(settled, age(settled.file()));
  }

  private synchronized void add(Segment settled, Duration age) {
    segments.add(new Retained(settled, System.nanoTime() - age.toNanos()));
    bytes += settled.size();
    removeExpired();
    while (bytes > maxBytes) {
      removeOldest();
    }
  }

  /** Removes the segments whose time has passed. */
  synchronized void removeExpired() {
    long now = System.nanoTime();
    while (!segments.isEmpty() && now - segments.element().since() >= retainNanos) {
      removeOldest();
    }
  }

  /** Removes the oldest segments until this many bytes are free, or none is left. */
  synchronized void free(long needed) {
    long freed = 0;
    while (freed < needed && !segments.isEmpty()) {
      freed += removeOldest();
    }
  }

  /**
   * Takes back the segments that end after a position, so that their events can be read again.
   *
   * @return the first of them; null if there is none
   */
  synchronized @Nullable Segment takeBack(long position) {
    @Nullable Segment first = null;
    while (!segments.isEmpty() && segments.getLast().segment().end() > position) {
      first = segments.removeLast().segment();
      bytes -= first.size();
    }
    return first;
  }

  private long removeOldest() {
    Segment oldest = segments.remove().segment();
    bytes -= oldest.size();
    try {
      oldest.delete();
    } catch (IOException e) {
      // A later start removes it.
      LOG.warn("{}: settled, but cannot be removed: {}", oldest.file(), e.toString());
    }
    return oldest.size();
  }

  /** Records for later runs that a segment was settled just now, as the time of its file. */
  static void recordSettled(Path segment) {
    try {
      Files.setLastModifiedTime(segment, FileTime.from(Instant.now()));
    } catch (IOException e) {
      // The time of the last write stays, so that a later run may remove the segment earlier.
      LOG.debug("{}: its time cannot be set", segment, e);
    }
  }

  /**
   * Returns the time since a segment of an earlier run was settled, or last written to; zero if the
   * time of its file is later than now, because somebody set the clock back.
   */
  static Duration age(Path segment) throws IOException {
    Duration age = Duration.between(Files.getLastModifiedTime(segment).toInstant(), Instant.now());
    return age.isNegative() ? Duration.ZERO : age;
  }
}
