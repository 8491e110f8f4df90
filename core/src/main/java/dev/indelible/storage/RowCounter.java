// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import java.util.Optional;

/**
 * Counts the rows of one ledger, and the blocking decisions among them. The first count reads every
 * row, because an index can lack entries. A later one reads only the rows appended since, unless
 * one of them records an erasure, which changes an earlier row, or the last counted row is not in
 * the ledger any more; then it reads every row again. It does not notice any other change of a
 * counted row, which {@code log verify} finds. Safe for use by any number of threads.
 */
public final class RowCounter {
  /** The last row that was counted. Guarded by this. */
  private Head last = Head.EMPTY;

  /** The counts up to that row. Guarded by this. */
  private Counts counts = Counts.NONE;

  /**
   * Counts of rows.
   *
   * @param rows all rows
   * @param blocked the rows that record a refusal or an escalation
   * @param refusals the refusals
   * @param escalations the decisions that a person makes
   */
  public record Counts(long rows, long blocked, long refusals, long escalations) {
    /** The counts of no rows. */
    public static final Counts NONE = new Counts(0, 0, 0, 0);

    Counts plus(Counts more) {
      return new Counts(
          rows + more.rows,
          blocked + more.blocked,
          refusals + more.refusals,
          escalations + more.escalations);
    }

    /**
     * Returns the number of blocking decisions whose kind is unknown, because their payloads were
     * erased or changed.
     */
    public long unknown() {
      return blocked - refusals - escalations;
    }
  }

  /** Returns the counts of all rows of a ledger. */
  public synchronized Counts count(StoredLedger ledger) throws LedgerException {
    Optional<ChainRow> end = ledger.lastRow();
    if (end.isEmpty()) {
      return Counts.NONE;
    }
    long to = end.get().sequence();
    if (mayContinue(ledger, to)) {
      counts = counts.plus(ledger.count(last.sequence() + 1, to));
    } else {
      counts = ledger.count(Long.MIN_VALUE, to);
    }
    last = end.get().head();
    return counts;
  }

  private boolean mayContinue(StoredLedger ledger, long to) throws LedgerException {
    return !last.equals(Head.EMPTY)
        && ledger.row(last.sequence()).map(ChainRow::head).equals(Optional.of(last))
        && !ledger.hasErasure(last.sequence() + 1, to);
  }
}
