// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.LogEnd;

/** Thrown if an event cannot be appended because the log was ended. */
public final class LogEndedException extends LedgerException {
  private static final long serialVersionUID = 1;

  /**
   * Creates an exception.
   *
   * @param ledger the name of the ledger
   * @param end the row {@code log.ended}
   */
  public LogEndedException(String ledger, ChainRow end) {
    super(
        "%s: the log was ended by row %s%s; nothing more is recorded in it; record into another log"
            .formatted(
                ledger,
                end.sequence(),
                LogEnd.read(end).map(content -> " (" + content.reason() + ")").orElse("")));
  }
}
