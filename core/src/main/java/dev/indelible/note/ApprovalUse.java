// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/**
 * Content of an {@code approval.used} event: the use of an approval by a gate whose ledger other
 * hosts share. It precedes the decision in the chain. Of any number of gates, the one whose event
 * is appended permits the action.
 *
 * @param approval the id of the event of the approval
 * @param event the id of the decision that the approval permits; it can be missing in the chain,
 *     because its gate may have ended before it recorded the decision
 */
public record ApprovalUse(String approval, String event) {
  /** Reads the content of a row; empty if the row has none. Does not check the signature. */
  public static Optional<ApprovalUse> read(ChainRow row) {
    return row.details(
        SystemEvent.APPROVAL_USED,
        details -> new ApprovalUse(details.string("approval"), details.string("event")));
  }

  /**
   * Returns the ids of the approvals of which a ledger has a use.
   *
   * @param from the first row that is read
   */
  public static Set<String> approvals(LedgerReader ledger, long from) throws LedgerException {
    Set<String> approvals = new HashSet<>();
    ledger.forEachRow(
        new RowQuery(from, Optional.empty(), Optional.of(SystemEvent.APPROVAL_USED)),
        row -> {
          read(row).ifPresent(use -> approvals.add(use.approval()));
          return true;
        });
    return approvals;
  }

  /** Returns true if a row is a use of an approval. */
  public static boolean isOf(String approval, ChainRow row) {
    return read(row).filter(use -> use.approval().equals(approval)).isPresent();
  }

  /** Returns the event that records this use in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        SystemEvent.APPROVAL_USED,
        new CanonicalWriter()
            .beginObject()
            .member("approval", approval)
            .member("event", event)
            .endObject());
  }
}
