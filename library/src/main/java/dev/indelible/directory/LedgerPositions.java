// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.journal.Journal.Positions;
import dev.indelible.journal.JournalException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.StoredLedger;
import java.util.Optional;
import java.util.UUID;

/**
 * Reads from a ledger which position of a journal is committed, and whether an event is recorded.
 *
 * @param position reads the last committed position of a journal; 0 if there is none
 * @param recorded reads whether the ledger has an event
 */
public record LedgerPositions(
    ThrowingFunction<UUID, Long, LedgerException> position,
    ThrowingFunction<UUID, Boolean, LedgerException> recorded)
    implements Positions {
  /** Returns the positions of an open ledger. */
  static LedgerPositions of(StoredLedger ledger) {
    return new LedgerPositions(ledger::settled, ledger::isRecorded);
  }

  /**
   * Returns the positions of a ledger that may not exist yet. Works even if the disk is full, and
   * does not wait for another process.
   */
  public static LedgerPositions at(LedgerEngine engine) {
    return new LedgerPositions(engine::settled, engine::isRecorded);
  }

  /** Returns the positions of an existing ledger, which fail while another one is in its place. */
  public static LedgerPositions of(LedgerEngine engine, UUID ledger) {
    return new LedgerPositions(
        journal -> {
          if (!engine.identify().equals(Optional.of(ledger))) {
            throw new LedgerException(
                "%s: not ledger %s, to which the journals belong".formatted(engine.name(), ledger));
          }
          return engine.settled(journal);
        },
        engine::isRecorded);
  }

  @Override
  public long settled(UUID journal) throws JournalException {
    return read(position, journal);
  }

  @Override
  public boolean contradicts(UUID event, boolean isBefore) throws JournalException {
    return read(recorded, event) != isBefore;
  }

  private static <T> T read(ThrowingFunction<UUID, T, LedgerException> reading, UUID id)
      throws JournalException {
    try {
      return reading.apply(id);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }
}
