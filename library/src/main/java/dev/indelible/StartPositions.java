// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.journal.Journal.Positions;
import dev.indelible.journal.JournalException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The journal positions of a ledger at the start of a log. The ledger is opened for the first event
 * that is looked up, and stays open for the others. Used by one thread.
 */
final class StartPositions implements Positions, AutoCloseable {
  private final Path database;
  private @Nullable Optional<SqliteLedger> opened;

  StartPositions(Path database) {
    this.database = database;
  }

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
    Optional<SqliteLedger> ledger = opened;
    if (ledger == null) {
      try {
        ledger = SqliteLedger.openIfThere(database);
        opened = ledger;
      } catch (LedgerException e) {
        throw new JournalException(e.getMessage(), e);
      }
    }
    return new LedgerPositions(ledger).contradicts(event, isBefore);
  }

  @Override
  public void close() {
    if (opened != null) {
      opened.ifPresent(SqliteLedger::close);
    }
  }
}
