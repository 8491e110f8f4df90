// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.AccessEvents;
import dev.indelible.access.AccessEvents.Reads;
import dev.indelible.base.Text;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records in the chain who reads the log: at most one row per {@link #INTERVAL} and principal. The
 * first read is recorded at once, before it is answered; later ones are counted, and recorded when
 * the interval ends, or when the daemon stops. Safe for use by any number of threads.
 */
final class ReadRecord {
  /** A console that reads every second adds one row a minute. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  /** Maximum number of different reads that a row lists; further ones are counted together. */
  static final int MAX_READS = 32;

  private static final int MAX_TEXT_CHARS = 256;

  private static final Logger LOG = LoggerFactory.getLogger(ReadRecord.class);

  /** The answer to a read that cannot be recorded. */
  static final Problem REFUSAL =
      new Problem(503, "Not recorded", "this read cannot be recorded now; ask again");

  private final DeferredAuditQueue queue;

  /** The counts of reads that are not recorded yet, keyed by principal; guarded by this. */
  private final Map<String, Map<String, Long>> waiting = new HashMap<>();

  ReadRecord(DeferredAuditQueue queue) {
    this.queue = queue;
  }

  /**
   * Records or counts a read of an identified caller. Ignores callers without a credential, who
   * cannot read rows.
   *
   * @return false if it cannot be recorded, and so must not be answered
   */
  boolean add(Request request) {
    Optional<String> principal = request.caller().principal();
    return principal.isEmpty() || add(principal.get(), describe(request));
  }

  private boolean add(String principal, String read) {
    synchronized (this) {
      Map<String, Long> counts = waiting.get(principal);
      if (counts != null) {
        counts.merge(
            counts.containsKey(read) || counts.size() < MAX_READS ? read : Reads.OTHERS,
            1L,
            Long::sum);
        return queue.isOpen();
      }
    }
    // Simultaneous first reads get a row each, because each must be on record before its answer.
    if (!submit(principal, Map.of(read, 1L))) {
      return false;
    }
    synchronized (this) {
      if (waiting.putIfAbsent(principal, new LinkedHashMap<>()) != null) {
        return true;
      }
    }
    CompletableFuture.delayedExecutor(INTERVAL.toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> end(principal));
    return true;
  }

  /** Returns the path and the filter, which may be the text of a search. */
  private static String describe(Request request) {
    StringBuilder text = new StringBuilder(request.path());
    char separator = '?';
    for (Map.Entry<String, String> each : new TreeMap<>(request.parameters()).entrySet()) {
      text.append(separator).append(each.getKey()).append('=').append(each.getValue());
      separator = '&';
    }
    return Text.printable(text.toString(), MAX_TEXT_CHARS);
  }

  /** Ends the interval of a principal. */
  private void end(String principal) {
    Map<String, Long> counts;
    synchronized (this) {
      counts = waiting.remove(principal);
    }
    if (counts != null && !counts.isEmpty()) {
      submit(principal, counts);
    }
  }

  /** Records the reads that are counted; call before the log is closed. */
  void flush() {
    Map<String, Map<String, Long>> all;
    synchronized (this) {
      all = Map.copyOf(waiting);
      waiting.clear();
    }
    all.forEach(
        (principal, counts) -> {
          if (!counts.isEmpty()) {
            submit(principal, counts);
          }
        });
  }

  private boolean submit(String principal, Map<String, Long> counts) {
    boolean accepted = queue.submit(AccessEvents.logRead(new Reads(principal, counts)));
    if (!accepted) {
      LOG.warn("reads of the log by {} cannot be recorded", principal);
    }
    return accepted;
  }
}
