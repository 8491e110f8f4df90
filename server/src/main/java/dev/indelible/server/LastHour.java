// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.encoding.Timestamps;
import dev.indelible.gate.DecisionCounters;
import dev.indelible.health.DeferredAuditMetrics;
import dev.indelible.json.CanonicalWriter;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Samples of the counters of this process over the last hour, for the plots of the console. A
 * sample reads no ledger and no file. One thread takes samples; any thread reads them.
 */
final class LastHour {
  /** A plot of an hour shows no shorter interval. */
  static final Duration INTERVAL = Duration.ofSeconds(10);

  private static final int MAX_SAMPLES = 361;

  private static final Logger LOG = LoggerFactory.getLogger(LastHour.class);

  private final Indelible log;
  private final ScheduledExecutorService clock;

  /** The samples, oldest first. Guarded by this. */
  private final Deque<Sample> samples = new ArrayDeque<>();

  /**
   * The counters at a time.
   *
   * @param decided decisions since the start of the process
   * @param deciding the time that these decisions took together
   * @param appended events appended to the chain since the start
   * @param pending events that wait for the ledger
   * @param journal bytes of the journal on disk; empty if they are not known
   * @param lag the age of the oldest waiting event; empty if it is not known
   */
  private record Sample(
      Instant at,
      long decided,
      Duration deciding,
      long appended,
      long pending,
      OptionalLong journal,
      Optional<Duration> lag) {
    private static Sample of(Indelible log) {
      DecisionCounters decisions = log.gate().counters();
      DeferredAuditMetrics now = log.metrics();
      return new Sample(
          Instant.now().truncatedTo(ChronoUnit.MILLIS),
          decisions.decisions(),
          decisions.time(),
          now.appended(),
          now.pending(),
          now.journal().bytes(),
          now.pending() == 0 ? Optional.of(Duration.ZERO) : now.journal().oldestPending());
    }

    private void write(CanonicalWriter out) {
      out.member("appended", appended)
          .member("at", Timestamps.format(at))
          .member("decided", decided)
          .member("deciding_micros", TimeUnit.MICROSECONDS.convert(deciding));
      out.name("journal_bytes").nullable(journal);
      out.name("lag_millis").nullable(lag.map(Duration::toMillis), out::number);
      out.member("pending", pending);
    }
  }

  /** Starts to take samples. */
  LastHour(Indelible log) {
    this.log = log;
    this.clock =
        Executors.newSingleThreadScheduledExecutor(
            work -> {
              Thread thread = new Thread(work, "indelible-last-hour");
              thread.setDaemon(true);
              return thread;
            });
    clock.scheduleAtFixedRate(this::take, 0, INTERVAL.toSeconds(), TimeUnit.SECONDS);
  }

  private void take() {
    try {
      Sample sample = Sample.of(log);
      synchronized (this) {
        samples.addLast(sample);
        if (samples.size() > MAX_SAMPLES) {
          samples.removeFirst();
        }
      }
    } catch (Throwable e) { // A plot has a gap then; later samples are taken.
      LOG.error("the counters cannot be sampled", e);
    }
  }

  /** Returns the samples, oldest first. */
  Response show(Request request) {
    List<Sample> taken;
    synchronized (this) {
      taken = List.copyOf(samples);
    }
    return Response.json(
        200,
        out -> {
          out.member("interval_seconds", INTERVAL.toSeconds());
          out.name("samples").objects(taken, each -> each.write(out));
        });
  }

  /** Takes no more samples. */
  void stop() {
    clock.shutdownNow();
  }
}
