// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import java.util.List;
import java.util.Optional;

/**
 * Content of a {@code log.ended} event: after it, a log gets only rows about erased payloads.
 *
 * @param reason the reason of the end
 * @param by the person who ended the log, as that person stated
 */
public record LogEnd(String reason, String by) {
  /** Reads the content of a row; empty if the row has none. Does not check the signature. */
  public static Optional<LogEnd> read(ChainRow row) {
    return row.details(
        SystemEvent.LOG_ENDED,
        details -> new LogEnd(details.string("reason"), details.string("by")));
  }

  /**
   * Returns true if a row whose payload and signature verify ends the log: its key was a key of the
   * log at that row.
   */
  public static boolean isValid(ChainRow row, KeyHistory keys) {
    return row.is(SystemEvent.LOG_ENDED) && keys.isTrustedFor(row);
  }

  /**
   * Returns the first row that verifies and ends the log; empty if there is none.
   *
   * @param rows rows in their order
   */
  public static Optional<ChainRow> first(List<ChainRow> rows, KeyHistory keys) {
    RowCheck check = new RowCheck(keys.keys());
    return rows.stream()
        .filter(row -> isValid(row, keys) && check.content(row).isEmpty())
        .findFirst();
  }

  /** Returns the event that records this content in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.LOG_ENDED,
        new CanonicalWriter().beginObject().member("by", by).member("reason", reason).endObject());
  }
}
