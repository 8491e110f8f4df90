// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.LedgerFactory;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowSigning;
import dev.indelible.queue.AuditCounters;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * State shared by the sinks of one run, each of which takes the place of one that failed. Used by
 * the drainer's thread.
 *
 * @param ledger opens the ledger
 * @param signing which rows are signed, and by whom
 * @param guard knows what the sinks left at the chain's end
 * @param counters where everything is counted
 * @param deadLettersDue whether the next sink to open the ledger retries its dead letters; cleared
 *     by it
 * @param checkpoints signs checkpoints over what is appended
 * @param tallies counts what is appended, and chains tallies
 */
public record LedgerRun(
    LedgerFactory ledger,
    RowSigning signing,
    HeadGuard guard,
    AuditCounters counters,
    AtomicBoolean deadLettersDue,
    Checkpoints checkpoints,
    Tallies tallies) {

  /**
   * Prepares a run.
   *
   * @param recovered how many events an earlier run left waiting
   */
  static LedgerRun of(
      LedgerFactory ledger, AppendSettings settings, AuditCounters counters, long recovered) {
    HeadGuard guard = new HeadGuard(new RowCheck(settings.keys()), settings.accepted());
    return new LedgerRun(
        ledger,
        settings.signing(),
        guard,
        counters,
        new AtomicBoolean(true),
        new Checkpoints(settings.checkpoints(), guard, counters),
        new Tallies(settings.tallyInterval(), recovered, guard, counters));
  }
}
