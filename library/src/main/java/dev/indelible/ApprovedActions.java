// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.base.DurableFiles;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.directory.ApprovalFiles;
import dev.indelible.directory.DataDirectory;
import dev.indelible.gate.ApprovalStore;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.policy.Policy;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The approvals of a log whose ledger is in its data directory, for its gate. Reads the ledger only
 * if a file names an approval of the action, on a thread of its own, and waits for it only a short
 * time. Whatever cannot be read or does not verify permits nothing.
 */
final class ApprovedActions implements ApprovalStore {
  /**
   * The longest wait for the ledger, as long as that for a policy. A warm process needs a few
   * milliseconds; one that was started for a single decision first loads the library for SQLite.
   */
  private static final Duration PATIENCE = Policy.DEFAULT_TIME_LIMIT;

  /** The maximum difference between the clocks of two machines. */
  static final Duration CLOCKS = Duration.ofMinutes(1);

  /** Maximum number of concurrent readings; more escalations at once stay escalated. */
  private static final int MAX_READINGS = 4;

  private final DataDirectory data;
  private final ApprovalFiles files;

  /** The keys accepted when the log was opened; keys that were added since are read again. */
  private final KeyRing accepted;

  private final Duration patience;
  private final Executor readers;

  ApprovedActions(DataDirectory data, KeyRing accepted) {
    this(data, accepted, PATIENCE, readers());
  }

  /**
   * @param readers runs each reading of the ledger; throws {@link RejectedExecutionException} if
   *     too many run already
   */
  ApprovedActions(DataDirectory data, KeyRing accepted, Duration patience, Executor readers) {
    this.data = data;
    this.files = data.approvals();
    this.accepted = accepted;
    this.patience = patience;
    this.readers = readers;
  }

  static Executor readers() {
    return new ThreadPoolExecutor(
        0,
        MAX_READINGS,
        10,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        reading -> {
          Thread thread = new Thread(reading, "indelible-approvals");
          thread.setDaemon(true);
          return thread;
        });
  }

  @Override
  public Claim claim(Attempt attempt) {
    try {
      List<String> offered = files.offered(attempt.subject());
      return offered.isEmpty() ? Claim.NONE : claim(attempt, read(attempt, offered));
    } catch (IOException e) {
      return Claim.unusable("its file cannot be read or written: " + DurableFiles.reason(e));
    } catch (TimeoutException e) {
      return Claim.unusable("the ledger did not answer within " + patience);
    } catch (RejectedExecutionException e) {
      return Claim.unusable("%s approvals are being read already".formatted(MAX_READINGS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Claim.unusable("the reading of the ledger was interrupted");
    } catch (ExecutionException e) {
      return Claim.unusable(String.valueOf(e.getCause().getMessage()));
    }
  }

  /** Claims the first approval that nobody has used. Claims nothing after a timeout. */
  private Claim claim(Attempt attempt, Found found) throws IOException {
    String problem = found.problem();
    for (Approval approval : found.valid()) {
      if (files.use(attempt.subject(), approval.event(), attempt.event())) {
        return new Claim(Optional.of(approval), Optional.empty());
      }
      problem = "it was used before";
    }
    return Claim.unusable(problem);
  }

  /**
   * Approvals that were read.
   *
   * @param valid those that permit the action, unless they were used
   * @param problem the reason that the last of the others does not
   */
  private record Found(List<Approval> valid, String problem) {}

  private Found read(Attempt attempt, List<String> offered)
      throws InterruptedException, ExecutionException, TimeoutException {
    FutureTask<Found> reading = new FutureTask<>(() -> readNow(attempt, offered));
    readers.execute(reading);
    try {
      return reading.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      // No interrupt: it would close files of the database that other readings use.
      reading.cancel(false);
    }
  }

  private Found readNow(Attempt attempt, List<String> offered)
      throws LedgerException, KeyException {
    List<Approval> valid = new ArrayList<>();
    String problem = "";
    try (StoredLedger ledger = data.engine().open()) {
      ApprovalChain chain = new ApprovalChain(ledger, accepted.and(data.keys().accepted()));
      for (String id : offered) {
        Optional<ChainRow> row = ledger.row(id);
        Optional<ApprovalNote> answer = row.flatMap(ApprovalNote::read);
        Optional<String> fault =
            answer.isEmpty()
                ? Optional.of("the chain has no approval " + id)
                : fault(attempt, answer.get(), row.get(), chain);
        if (fault.isEmpty()) {
          valid.add(new Approval(id, answer.get().by(), answer.get().reason()));
        }
        problem = fault.orElse(problem);
      }
    }
    return new Found(valid, problem);
  }

  /** Returns the reason for which an answer does not permit an action; empty if it does. */
  static Optional<String> fault(
      Attempt attempt, ApprovalNote answer, ChainRow row, ApprovalChain chain)
      throws LedgerException {
    Optional<String> forged = chain.fault(row);
    if (forged.isPresent()) {
      return Optional.of("it does not verify: " + forged.get());
    }
    if (!answer.subject().permits(attempt.subject())) {
      return Optional.of("it is for another action, agent, principal or policy");
    }
    if (attempt.time().plus(CLOCKS).isBefore(Instant.parse(row.timestamp()))) {
      return Optional.of(
          "it was made at %s, but the clock now shows %s, so the clock was set back"
              .formatted(row.timestamp(), attempt.time()));
    }
    if (answer.isExpired(attempt.time())) {
      return Optional.of(
          answer.expires().map(time -> "it expired at " + time).orElse("it is a denial"));
    }
    return answer.noteFault(ApprovalNote.keys(attempt.approvers()), chain.origin()::equals);
  }
}
