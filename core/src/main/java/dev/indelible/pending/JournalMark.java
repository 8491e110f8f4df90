// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import java.util.UUID;

/**
 * The position up to which the ledger has the events of a journal. Committed in one transaction
 * with the events, so recovery is exact.
 *
 * @param journal the journal
 * @param position the position before which everything is settled
 * @param expected the position that the ledger must have before the transaction, so that a writer
 *     whose place another writer has taken commits nothing; {@link #ANY} for no such requirement
 */
public record JournalMark(UUID journal, long position, long expected) {
  /** The expectation of a journal that only its own process reads. */
  public static final long ANY = -1;

  /** Creates a mark that replaces any position. */
  public JournalMark(UUID journal, long position) {
    this(journal, position, ANY);
  }
}
