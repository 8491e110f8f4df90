// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.gate.ApprovalStore;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.policy.Policy;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.time.Instant;
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
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * The approvals of a log, for its gate. Reads the ledger, and uses an approval, on a thread of its
 * own, and waits for it only a short time. Whatever cannot be read or does not verify permits
 * nothing.
 *
 * <p>An action is permitted only after the use of its approval is durable. If that is in doubt, for
 * example because the connection was lost, nothing is permitted, and the approval may be used up.
 */
final class ApprovedActions implements ApprovalStore {
  /**
   * The longest wait for the ledger, and again for a use that has begun, as long as that for a
   * policy. A warm process needs a few milliseconds; one that was started for a single decision
   * first loads the library for SQLite.
   */
  private static final Duration PATIENCE = Policy.DEFAULT_TIME_LIMIT;

  /** Maximum number of concurrent readings; more escalations at once stay escalated. */
  private static final int MAX_READINGS = 4;

  private final DataDirectory data;

  /** The keys accepted when the log was opened; keys that were added since are read again. */
  private final KeyRing accepted;

  private final Source source;
  private final Duration patience;
  private final Executor threads;

  ApprovedActions(DataDirectory data, KeyRing accepted, Source source) {
    this(
        data,
        accepted,
        source,
        PATIENCE,
        new ThreadPoolExecutor(
            0,
            MAX_READINGS,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            reading -> {
              Thread thread = new Thread(reading, "indelible-approvals");
              thread.setDaemon(true);
              return thread;
            }));
  }

  /**
   * @param threads runs each claim; throws {@link RejectedExecutionException} if too many run
   *     already
   */
  ApprovedActions(
      DataDirectory data, KeyRing accepted, Source source, Duration patience, Executor threads) {
    this.data = data;
    this.accepted = accepted;
    this.source = source;
    this.patience = patience;
    this.threads = threads;
  }

  /** Finds approvals, and uses each once. */
  interface Source {
    /** Returns false if no approval of an action can be found. Does not read the ledger. */
    boolean mayHave(ApprovalSubject subject) throws LedgerException;

    /** Returns approvals of an action that nobody has used, unchecked, the first to try first. */
    List<ChainRow> offered(StoredLedger ledger, Attempt attempt) throws LedgerException;

    /**
     * Uses an approval.
     *
     * @param begins called before the first change; if it returns false, nothing may be used
     * @return true if the use is durable; false if nothing was used here
     */
    boolean use(ChainRow approval, Attempt attempt, BooleanSupplier begins)
        throws LedgerException, KeyException;
  }

  /** Progress of a claim. */
  private enum Stage {
    /** The ledger is being read. */
    READING,
    /** The caller waits no longer: nothing may be used. */
    ABANDONED,
    /** The use is being made durable. */
    USING
  }

  @Override
  public Claim claim(Attempt attempt) {
    AtomicReference<Stage> stage = new AtomicReference<>(Stage.READING);
    FutureTask<Claim> task = new FutureTask<>(() -> claim(attempt, () -> begin(stage)));
    String problem;
    try {
      if (!source.mayHave(attempt.subject())) {
        return Claim.NONE;
      }
      threads.execute(task);
      return await(task, stage);
    } catch (LedgerException e) {
      problem = String.valueOf(e.getMessage());
    } catch (TimeoutException e) {
      problem = "the ledger did not answer within " + patience;
    } catch (RejectedExecutionException e) {
      problem = "%s approvals are being read already".formatted(MAX_READINGS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      problem = "the reading of the ledger was interrupted";
    } catch (ExecutionException e) {
      problem = String.valueOf(e.getCause().getMessage());
    }
    // From here on, no further approval may be used either.
    boolean isInDoubt = stage.getAndSet(Stage.ABANDONED) == Stage.USING;
    return Claim.unusable(
        isInDoubt ? "its use is in doubt, so it may be used up: " + problem : problem);
  }

  /** Begins the use of an approval, or of the next one if another process used the first. */
  private static boolean begin(AtomicReference<Stage> stage) {
    return stage.compareAndExchange(Stage.READING, Stage.USING) != Stage.ABANDONED;
  }

  /** Waits for the reading, and, if a use has begun then, once more for the use. */
  private Claim await(FutureTask<Claim> task, AtomicReference<Stage> stage)
      throws InterruptedException, ExecutionException, TimeoutException {
    try {
      return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      if (stage.compareAndSet(Stage.READING, Stage.ABANDONED)) {
        throw e;
      }
      return task.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** Claims the first approval that permits an action and that nobody has used. */
  private Claim claim(Attempt attempt, BooleanSupplier begins)
      throws LedgerException, KeyException {
    Optional<String> problem = Optional.empty();
    try (StoredLedger ledger = data.engine().open()) {
      List<ChainRow> offered = source.offered(ledger, attempt);
      if (offered.isEmpty()) {
        return Claim.NONE;
      }
      ApprovalChain chain = new ApprovalChain(ledger, accepted.and(data.keys().accepted()));
      for (ChainRow row : offered) {
        ApprovalNote answer = ApprovalNote.read(row).orElseThrow();
        Optional<String> fault = fault(attempt, answer, row, chain);
        if (fault.isEmpty() && source.use(row, attempt, begins)) {
          return new Claim(
              Optional.of(new Approval(row.id(), answer.by(), answer.reason())), Optional.empty());
        }
        problem = Optional.of(fault.orElse("it was used before"));
      }
    }
    return new Claim(Optional.empty(), problem);
  }

  /** Returns the reason for which an answer does not permit an action; empty if it does. */
  private static Optional<String> fault(
      Attempt attempt, ApprovalNote answer, ChainRow row, ApprovalChain chain)
      throws LedgerException {
    Optional<String> forged = chain.fault(row);
    if (forged.isPresent()) {
      return Optional.of("it does not verify: " + forged.get());
    }
    if (!answer.subject().permits(attempt.subject())) {
      return Optional.of("it is for another action, agent, principal or policy");
    }
    if (attempt
        .time()
        .plus(Approvals.MAX_CLOCK_DIFFERENCE)
        .isBefore(Instant.parse(row.timestamp()))) {
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
