// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.AuditLog;
import dev.indelible.crypto.KeyRing;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Verifies the log on request, one verification at a time, each on its own thread. Keeps the last
 * results.
 */
final class VerifyJobs {
  /** The number of results that are kept; a report names at most a thousand faults. */
  private static final int MOST_KEPT = 16;

  private static final Logger LOG = LoggerFactory.getLogger(VerifyJobs.class);

  private final AuditLog log;
  private final ThreadFactory threads;

  /** The jobs by id, oldest first. Guarded by this. */
  private final Map<String, Job> jobs = new LinkedHashMap<>();

  /** The last job; null before the first. Guarded by this. */
  private @Nullable Job last;

  /** True if the daemon is stopping: a verification in progress ends at its next batch of rows. */
  private volatile boolean stopped;

  VerifyJobs(AuditLog log) {
    this(log, Thread::new);
  }

  VerifyJobs(AuditLog log, ThreadFactory threads) {
    this.log = log;
    this.threads = threads;
  }

  /** A verification. Its thread writes the fields that are not final; any thread reads them. */
  private final class Job {
    final String id = UUID.randomUUID().toString();
    final long since;
    final long rows;
    private volatile long checked;
    private volatile @Nullable VerificationReport report;
    private volatile @Nullable String failure;

    Job(long since, long last) {
      this.since = since;
      this.rows = Math.max(0, last - since + 1);
    }

    boolean isRunning() {
      return report == null && failure == null;
    }

    void run() {
      try {
        report =
            log.verify(
                VerificationOptions.of(KeyRing.of(List.of())).since(since).progress(this::at));
      } catch (CancellationException | LedgerException e) {
        failure = String.valueOf(e.getMessage());
      } catch (Throwable e) { // The job must end, and state that it has no result.
        LOG.error("a verification failed", e);
        failure = "the verification failed; the daemon's log has the cause";
      }
    }

    private void at(long rowsChecked) {
      checked = rowsChecked;
      if (stopped) {
        throw new CancellationException("the daemon was stopped before the verification ended");
      }
    }

    void write(CanonicalWriter out) {
      Optional<VerificationReport> found = Optional.ofNullable(report);
      Optional<String> why = Optional.ofNullable(failure);
      String state = found.isPresent() ? "done" : why.isPresent() ? "failed" : "running";
      out.member("checked", checked).name("failure").nullable(why).member("id", id);
      out.name("report").object(found, each -> each.write(out));
      out.member("rows", rows).member("since", since).member("state", state);
    }
  }

  /** Starts a verification, from the row {@code since} on; 409 while another one runs. */
  Response start(Request request) throws JsonFormatException, LedgerException {
    JsonFields options = request.fields();
    long since = options.optionalLong("since").orElse(1);
    options.requireNoOthers();
    if (since < 1) {
      throw new JsonFormatException("since: rows are numbered from 1");
    }
    Job job = new Job(since, lastRow());
    synchronized (this) {
      if (stopped) {
        return Response.problem(503, "Stopping", "the daemon is stopping");
      }
      if (last != null && last.isRunning()) {
        return Response.problem(
                409, "Conflict", "verification %s is in progress".formatted(last.id))
            .with("Location", path(last));
      }
      last = job;
      jobs.put(job.id, job);
      if (jobs.size() > MOST_KEPT) {
        jobs.remove(jobs.keySet().iterator().next());
      }
    }
    Thread thread = threads.newThread(job::run);
    thread.setName("indelible-verify");
    thread.setDaemon(true);
    try {
      thread.start();
    } catch (Throwable e) { // No memory for a thread; the job must not count as running.
      job.failure = "the verification could not be started";
      throw e;
    }
    return Response.json(202, job::write).with("Location", path(job));
  }

  private long lastRow() throws LedgerException {
    try (LedgerReader ledger = log.reader()) {
      return ledger.lastRow().map(ChainRow::sequence).orElse(0L);
    }
  }

  private static String path(Job job) {
    return "/v1/verify/" + job.id;
  }

  /** Returns the progress and the result of a verification. */
  Response show(Request request) {
    Job job;
    synchronized (this) {
      job = jobs.get(request.parameter("id").orElseThrow());
    }
    return job == null
        ? Response.problem(
            404,
            "Not found",
            "no verification has this id; the last %s are kept".formatted(MOST_KEPT))
        : Response.json(200, job::write);
  }

  /** Ends the verification in progress at its next batch of rows, and starts no more. */
  synchronized void stop() {
    stopped = true;
  }
}
