// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.journal.Journal.Positions;
import dev.indelible.journal.JournalException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLedger;
import java.util.Optional;
import java.util.UUID;

/**
 * The journal positions of an open ledger, and its events to compare them with.
 *
 * @param ledger the ledger; empty if there is none yet, and every position is 0
 */
record LedgerPositions(Optional<SqliteLedger> ledger) implements Positions {
  @Override
  public long settled(UUID journal) throws JournalException {
    try {
      return ledger.isPresent() ? ledger.get().settled(journal) : 0;
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  @Override
  public boolean contradicts(UUID event, boolean isBefore) throws JournalException {
    try {
      return ledger.isPresent() && ledger.get().isRecorded(event) != isBefore;
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }
}
