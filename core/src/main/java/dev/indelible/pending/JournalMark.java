// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import java.time.Duration;
import java.util.UUID;

/**
 * The position up to which the ledger has the events of a journal. Committed in one transaction
 * with the events, so recovery is exact.
 *
 * @param journal the journal
 * @param position the position before which everything is settled
 * @param expected the position that the ledger must have before the transaction, so that a writer
 *     whose place another writer has taken commits nothing; {@link #ANY} for no such requirement
 * @param isLease true if {@code position} is a number of milliseconds, and the ledger keeps the
 *     time that lies so far after the end of the transaction, by its own clock
 */
public record JournalMark(UUID journal, long position, long expected, boolean isLease) {
  /** The expectation of a journal that only its own process reads. */
  public static final long ANY = -1;

  /** Creates a mark of a position. */
  public JournalMark(UUID journal, long position, long expected) {
    this(journal, position, expected, false);
  }

  /** Creates a mark that replaces any position. */
  public JournalMark(UUID journal, long position) {
    this(journal, position, ANY);
  }

  /** Creates a mark of the time until which a lease holds, counted from the commit. */
  public static JournalMark lease(UUID journal, Duration length) {
    return new JournalMark(journal, length.toMillis(), ANY, true);
  }
}
