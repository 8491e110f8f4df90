// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts the API keys of a file, as read at most {@link #MAX_AGE} ago, so that a revocation takes
 * effect in a running daemon. Accepts no key while the file cannot be read or is malformed. Safe
 * for use by any number of threads; it starts no thread: a call that presents a key rereads the
 * file when that is due.
 */
public final class KeyWatch {
  /** The file is read again after this time, when a key is presented. */
  static final Duration REREAD_INTERVAL = Duration.ofMillis(100);

  /** Longest use of the last content while another thread rereads the file; then threads wait. */
  static final Duration MAX_AGE = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(KeyWatch.class);

  /**
   * The file as it was read.
   *
   * @param at the time by {@link KeyWatch#nanoTime}
   * @param fault the reason why no key is accepted; empty without one
   */
  private record Read(long at, byte[] content, ApiKeys keys, Optional<String> fault) {}

  /** Null if no key is accepted. */
  private final @Nullable ApiKeyFile file;

  private final Clock clock;
  private final LongSupplier nanoTime;

  /** Held by the thread that reads the file. */
  final ReentrantLock reading = new ReentrantLock();

  /** Written by the thread that holds {@link #reading}, read by any. */
  private volatile Read last;

  /**
   * Reads the file.
   *
   * @param file the file; null to accept no key
   */
  public static KeyWatch of(@Nullable ApiKeyFile file) {
    return new KeyWatch(file, Clock.systemUTC(), System::nanoTime);
  }

  KeyWatch(@Nullable ApiKeyFile file, Clock clock, LongSupplier nanoTime) {
    this.file = file;
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.last = read(new Read(0, new byte[0], ApiKeys.NONE, Optional.empty()));
  }

  /** Returns the key that a text presents; empty if it is not accepted. */
  public Optional<ApiKey> accept(KeyText text) {
    return current().keys().accept(text, clock.instant());
  }

  /**
   * Returns a key that was accepted earlier, as it is now; empty if it was revoked or replaced, or
   * has expired.
   */
  public Optional<ApiKey> recheck(ApiKey earlier) {
    return Optional.ofNullable(current().keys().byId().get(earlier.id()))
        .filter(key -> key.hash().equals(earlier.hash()))
        .filter(key -> !key.isExpired(clock.instant()));
  }

  /** Returns why no key is accepted; empty if keys are accepted. */
  public Optional<String> fault() {
    return current().fault();
  }

  private Read current() {
    if (!isOlder(REREAD_INTERVAL)) {
      return last;
    }
    if (isOlder(MAX_AGE)) {
      reading.lock();
    } else if (!reading.tryLock()) {
      return last;
    }
    try {
      if (isOlder(REREAD_INTERVAL)) {
        last = read(last);
      }
      return last;
    } finally {
      reading.unlock();
    }
  }

  private boolean isOlder(Duration age) {
    return nanoTime.getAsLong() - last.at() >= age.toNanos();
  }

  private Read read(Read before) {
    long now = nanoTime.getAsLong();
    try {
      byte[] content = file == null ? new byte[0] : file.bytes();
      boolean known = before.fault().isEmpty() && Arrays.equals(content, before.content());
      ApiKeys keys = known || file == null ? before.keys() : file.parse(content);
      return new Read(now, content, keys, Optional.empty());
    } catch (ApiKeyException | RuntimeException e) { // Whatever fails must not keep old keys.
      String fault = String.valueOf(e.getMessage());
      if (!before.fault().equals(Optional.of(fault))) {
        LOG.error("no API key is accepted: {}", fault);
      }
      return new Read(now, new byte[0], ApiKeys.NONE, Optional.of(fault));
    }
  }
}
