// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.ApprovalEvents;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.gate.ApprovalStore;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalUse;
import dev.indelible.policy.Policy;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The approvals of a ledger on a server, for one of the gates that share it. An approval counts on
 * every host, whichever host recorded it. Its use is a row of the chain, appended in a transaction
 * that no other writer's transaction overlaps, so that of any number of hosts one gets the
 * approval.
 *
 * <p>An action is permitted only after its row is committed. If the commit is in doubt, for example
 * because the connection was lost, nothing is permitted, and the approval may be used up.
 *
 * <p>Reads and writes the ledger on threads of its own, and waits for them only a short time.
 */
final class SharedApprovals implements ApprovalStore {
  /** The longest wait for the reading, and again for a use that is being committed. */
  private static final Duration PATIENCE = Policy.DEFAULT_TIME_LIMIT;

  /** Approvals that are read first; in most logs the oldest of them has expired. */
  private static final int FEW = 16;

  /** Approvals that are read if all of the first may be valid; older ones are not found. */
  private static final int MOST = 1_000;

  private final DataDirectory data;

  /** The keys accepted when the log was opened; keys that were added since are read again. */
  private final KeyRing accepted;

  private final Optional<Signer> signer;
  private final Executor threads = ApprovedActions.readers();

  /**
   * @param signer the external signer; empty if the key is in the data directory
   */
  SharedApprovals(DataDirectory data, KeyRing accepted, Optional<Signer> signer) {
    this.data = data;
    this.accepted = accepted;
    this.signer = signer;
  }

  @Override
  public Claim claim(Attempt attempt) {
    Claiming claiming = new Claiming(attempt);
    FutureTask<Claim> task = new FutureTask<>(claiming::run);
    try {
      threads.execute(task);
      return claiming.await(task);
    } catch (RejectedExecutionException e) {
      return Claim.unusable("too many approvals are being read already");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return claiming.failed("the reading of the ledger was interrupted");
    } catch (ExecutionException e) {
      return claiming.failed(String.valueOf(e.getCause().getMessage()));
    }
  }

  /** Progress of a claim. */
  private enum Stage {
    /** The ledger is being read. */
    READING,
    /** The caller waits no longer: nothing may be used. */
    ABANDONED,
    /** The use is being appended and committed. */
    USING
  }

  /** One claim. The caller waits while another thread runs it. */
  private final class Claiming {
    private final Attempt attempt;
    private final AtomicReference<Stage> stage = new AtomicReference<>(Stage.READING);

    Claiming(Attempt attempt) {
      this.attempt = attempt;
    }

    Claim await(FutureTask<Claim> task) throws InterruptedException, ExecutionException {
      try {
        return task.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        if (stage.compareAndSet(Stage.READING, Stage.ABANDONED)) {
          return failed("the ledger did not answer within " + PATIENCE);
        }
      }
      try {
        return task.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        return failed("the ledger did not answer within " + PATIENCE);
      }
    }

    /** Returns the result of a failure; the approval is used up only if its use had begun. */
    Claim failed(String reason) {
      stage.compareAndSet(Stage.READING, Stage.ABANDONED);
      return Claim.unusable(
          stage.get() == Stage.USING
              ? "its use is in doubt, so it may be used up: " + reason
              : reason);
    }

    private Claim run() throws LedgerException, KeyException {
      Optional<StoredLedger> opened = data.engine().openIfThere();
      if (opened.isEmpty()) {
        return Claim.NONE;
      }
      Optional<String> problem = Optional.empty();
      try (StoredLedger ledger = opened.get()) {
        List<ChainRow> offered = offered(ledger);
        if (offered.isEmpty()) {
          return Claim.NONE;
        }
        ApprovalChain chain = new ApprovalChain(ledger, accepted.and(data.keys().accepted()));
        for (ChainRow row : offered) {
          ApprovalNote answer = ApprovalNote.read(row).orElseThrow();
          Optional<String> fault = ApprovedActions.fault(attempt, answer, row, chain);
          if (fault.isPresent()) {
            problem = fault;
          } else if (use(row)) {
            return new Claim(
                Optional.of(new Approval(row.id(), answer.by(), answer.reason())),
                Optional.empty());
          } else {
            problem = Optional.of("it was used before");
          }
        }
      }
      return problem.map(Claim::unusable).orElse(Claim.NONE);
    }

    /** Returns the approvals of the action that nobody has used, newest first. */
    private List<ChainRow> offered(StoredLedger ledger) throws LedgerException {
      List<ChainRow> granted = ledger.lastRows(SystemEvent.APPROVAL_GRANTED, FEW);
      if (granted.size() == FEW && mayBeValid(granted.get(FEW - 1))) {
        granted = ledger.lastRows(SystemEvent.APPROVAL_GRANTED, MOST);
      }
      List<ChainRow> offered =
          granted.stream()
              .filter(this::mayBeValid)
              .filter(
                  row ->
                      ApprovalNote.read(row)
                          .filter(answer -> answer.subject().permits(attempt.subject()))
                          .isPresent())
              .toList();
      if (!offered.isEmpty()) {
        long first = offered.get(offered.size() - 1).sequence();
        for (ApprovalUse use : uses(ledger, first)) {
          offered = offered.stream().filter(row -> !row.id().equals(use.approval())).toList();
        }
      }
      return offered;
    }

    private boolean mayBeValid(ChainRow row) {
      Duration longest = Approvals.MAX_VALIDITY.plus(ApprovedActions.CLOCKS);
      return Timestamps.micros(attempt.time()) - Timestamps.micros(row.timestamp())
          <= TimeUnit.MICROSECONDS.convert(longest);
    }

    private boolean use(ChainRow approval) throws LedgerException, KeyException {
      Approvals.Keys keys = Approvals.keys(data, signer);
      try (ApprovalEvents events =
          new ApprovalEvents(
              data.openWriter(), data.checkpointFile(), keys.signer(), keys.accepted())) {
        return events.use(
            new ApprovalUse(approval.id(), attempt.event()),
            approval,
            () -> stage.compareAndSet(Stage.READING, Stage.USING));
      }
    }
  }

  /** Returns the uses of approvals after a row. */
  static List<ApprovalUse> uses(StoredLedger ledger, long from) throws LedgerException {
    List<ApprovalUse> uses = new ArrayList<>();
    ledger.forEachRow(
        new RowQuery(from, Optional.empty(), Optional.of(SystemEvent.APPROVAL_USED)),
        row -> {
          ApprovalUse.read(row).ifPresent(uses::add);
          return true;
        });
    return uses;
  }
}
