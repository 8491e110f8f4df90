// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.AccessEvents;
import dev.indelible.access.AccessEvents.Reads;
import dev.indelible.base.Text;
import dev.indelible.event.SystemEvent;
import dev.indelible.policy.Redactor;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records in the chain who reads the log: at most one row per {@link #INTERVAL} and principal. The
 * first read is recorded at once, before it is answered; later ones are counted, and recorded when
 * the interval ends, or when the daemon stops. If they cannot be recorded then, they are kept and
 * retried, and further reads of the principal are refused. Safe for use by any number of threads.
 */
final class ReadRecord {
  /** A console that reads every second adds one row a minute. */
  static final Duration INTERVAL = Duration.ofMinutes(1);

  /** Maximum number of different reads that a row lists; further ones are counted together. */
  static final int MAX_READS = 32;

  private static final int MAX_TEXT_CHARS = 256;

  /** The time between two attempts to record reads that could not be recorded. */
  private static final Duration RETRY_INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(ReadRecord.class);

  /** The answer to a read that cannot be recorded. */
  static final Problem REFUSAL =
      new Problem(503, "Not recorded", "this read cannot be recorded now; ask again");

  private final Predicate<SystemEvent> submit;
  private final BooleanSupplier isAccepting;

  /** The counts of reads that are not recorded yet, keyed by principal; guarded by this. */
  private final Map<String, Map<String, Long>> waiting = new HashMap<>();

  /** Principals whose earlier reads could not be recorded; guarded by this. */
  private final Set<String> refused = new HashSet<>();

  ReadRecord(DeferredAuditQueue queue) {
    this(queue::submit, queue::isAccepting);
  }

  /**
   * Creates a record.
   *
   * @param submit submits an event; returns false if it was rejected
   * @param isAccepting returns true if events are accepted
   */
  ReadRecord(Predicate<SystemEvent> submit, BooleanSupplier isAccepting) {
    this.submit = submit;
    this.isAccepting = isAccepting;
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
      if (refused.contains(principal)) {
        return false;
      }
      Map<String, Long> counts = waiting.get(principal);
      if (counts != null) {
        if (!isAccepting.getAsBoolean()) {
          return false;
        }
        count(counts, read, 1);
        return true;
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
    endAfter(INTERVAL, principal);
    return true;
  }

  private void endAfter(Duration time, String principal) {
    CompletableFuture.delayedExecutor(time.toMillis(), TimeUnit.MILLISECONDS)
        .execute(() -> end(principal));
  }

  private static void count(Map<String, Long> counts, String read, long number) {
    counts.merge(
        counts.containsKey(read) || counts.size() < MAX_READS ? read : Reads.OTHERS,
        number,
        Long::sum);
  }

  /**
   * Returns the path and the filter, which may be the text of a search, without the secrets in
   * them: whoever looks for a leaked secret does not add it to the chain.
   */
  private static String describe(Request request) {
    StringBuilder text = new StringBuilder(request.path());
    char separator = '?';
    for (Map.Entry<String, String> each : new TreeMap<>(request.parameters()).entrySet()) {
      text.append(separator).append(each.getKey()).append('=').append(each.getValue());
      separator = '&';
    }
    return Text.printable(Redactor.scrub(text.toString()), MAX_TEXT_CHARS);
  }

  /** Ends the interval of a principal: records its reads, or keeps them and refuses more. */
  void end(String principal) {
    Map<String, Long> counts;
    synchronized (this) {
      counts = waiting.remove(principal);
    }
    boolean recorded = counts == null || counts.isEmpty() || submit(principal, counts);
    synchronized (this) {
      if (recorded) {
        refused.remove(principal);
        return;
      }
      refused.add(principal);
      // A first read may have been recorded meanwhile, and others counted.
      Map<String, Long> kept = waiting.computeIfAbsent(principal, any -> new LinkedHashMap<>());
      counts.forEach((read, number) -> count(kept, read, number));
    }
    endAfter(RETRY_INTERVAL, principal);
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
    boolean accepted = submit.test(AccessEvents.logRead(new Reads(principal, counts)));
    if (!accepted) {
      LOG.warn("reads of the log by {} cannot be recorded", principal);
    }
    return accepted;
  }
}
