// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.FullRowCheck;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.StoredLedger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The parts of an open ledger on which approvals depend. Used by one thread. */
final class ApprovalChain {
  private final StoredLedger ledger;
  private final KeyHistory history;
  private final FullRowCheck rows;
  private final RowCheck content;

  /**
   * Creates access to an open ledger.
   *
   * @param accepted the public keys accepted on its rows
   */
  ApprovalChain(StoredLedger ledger, KeyRing accepted) throws LedgerException {
    this.ledger = ledger;
    this.history = KeyHistory.read(ledger, accepted, false);
    this.rows = new FullRowCheck(ledger, history);
    this.content = new RowCheck(history.keys());
  }

  /** Returns the fault of a row, its links or its leaf in the tree; empty if it verifies. */
  Optional<String> fault(ChainRow row) throws LedgerException {
    return rows.fault(row.sequence());
  }

  /** Returns true if a row is signed and has its payload. Does not check its position. */
  boolean isSound(ChainRow row) {
    return content.content(row).isEmpty();
  }

  /** Returns the log's name: that of its last checkpoint, or, before the first, its default. */
  String origin() throws LedgerException {
    Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
    try {
      return last.isPresent()
          ? SignedCheckpoint.parse(last.get().note()).unverified().origin()
          : "indelible/" + ledger.id().map(Object::toString).orElse("");
    } catch (CheckpointParseException e) {
      throw new LedgerException("the last checkpoint cannot be read: " + e.getMessage());
    }
  }

  /** Returns the digest of the policy that came into force last; empty if none is on record. */
  Optional<String> lastPolicy() throws LedgerException {
    return ledger
        .lastRow(SystemEvent.POLICY_LOADED)
        .filter(this::isSound)
        .flatMap(ApprovalChain::policy)
        .map(PolicyText.Recorded::digest);
  }

  /**
   * Returns the keys of the approvers whom a policy names, as the chain first records them. A later
   * record with others may be forged, because its digest does not cover them.
   */
  List<VerifierKey> approvers(String policy) throws LedgerException {
    List<VerifierKey> approvers = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.POLICY_LOADED),
        row -> {
          Optional<PolicyText.Recorded> loaded =
              policy(row).filter(each -> each.digest().equals(policy) && isSound(row));
          loaded.ifPresent(each -> approvers.addAll(ApprovalNote.keys(each.approvers())));
          return loaded.isEmpty();
        });
    return approvers;
  }

  private static Optional<PolicyText.Recorded> policy(ChainRow row) {
    return row.details(SystemEvent.POLICY_LOADED, PolicyText::read);
  }
}
