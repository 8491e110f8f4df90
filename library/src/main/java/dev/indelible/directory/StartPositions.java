// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.journal.Journal.Positions;
import dev.indelible.journal.JournalException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.util.UUID;

/**
 * The journal positions of a ledger file that may not exist yet. Reads also on a full disk.
 *
 * @param database the ledger's file
 */
public record StartPositions(Path database) implements Positions {
  @Override
  public long settled(UUID journal) throws JournalException {
    try {
      return SqliteLedger.settled(database, journal);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  @Override
  public boolean contradicts(UUID event, boolean isBefore) throws JournalException {
    try {
      return SqliteLedger.isRecorded(database, event) != isBefore;
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }
}
