// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerFactory;
import dev.indelible.storage.LedgerWriter;

/**
 * State shared by the successive sinks of one run; a sink is replaced after a failure. Used by the
 * drainer's thread.
 */
public final class LedgerRun {
  final LedgerFactory ledger;
  final RowSigning signing;
  final HeadGuard guard;
  final AuditCounters counters;
  final Checkpoints checkpoints;
  final Tallies tallies;

  /** True if the next sink to open the ledger retries its dead letters. */
  boolean deadLettersDue;

  /** The last row before the batch that may be unsettled; negative before the first batch. */
  private long settledEnd = -1;

  /** True if a batch was tried and is not known to be settled. */
  private boolean unsettled;

  /** Creates the state of a run that does not retry dead letters. */
  public LedgerRun(
      LedgerFactory ledger,
      RowSigning signing,
      HeadGuard guard,
      Checkpoints checkpoints,
      Tallies tallies,
      AuditCounters counters) {
    this.ledger = ledger;
    this.signing = signing;
    this.guard = guard;
    this.counters = counters;
    this.checkpoints = checkpoints;
    this.tallies = tallies;
  }

  /** Creates the state of a run that retries dead letters first. */
  public static LedgerRun of(
      LedgerFactory ledger, AppendSettings settings, AuditCounters counters) {
    HeadGuard guard =
        new HeadGuard(
            new RowCheck(settings.keys()), settings.accepted(), settings.keyIsConfirmed());
    LedgerRun run =
        new LedgerRun(
            ledger,
            settings.signing(),
            guard,
            new Checkpoints(settings.checkpoints(), guard, counters),
            new Tallies(settings.tallyInterval(), guard, counters),
            counters);
    run.deadLettersDue = true;
    return run;
  }

  /**
   * Begins a batch.
   *
   * @return the first row that an earlier attempt at this batch may have appended, see {@link
   *     BatchAppend#runQueued}
   */
  long begin(LedgerWriter writer) throws LedgerException {
    if (unsettled) {
      return settledEnd + 1;
    }
    settledEnd = Math.max(0, writer.lastRow().map(ChainRow::sequence).orElse(0L));
    unsettled = true;
    return BatchAppend.NOT_TRIED_BEFORE;
  }

  /** Records that every batch so far is settled. */
  void settled() {
    unsettled = false;
  }
}
