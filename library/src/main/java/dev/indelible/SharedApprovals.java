// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.ApprovalEvents;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.SystemEvent;
import dev.indelible.gate.ApprovalStore.Attempt;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalUse;
import dev.indelible.storage.StoredLedger;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * The approvals of a ledger on a server. An approval counts on every host, whichever host recorded
 * it. Its use is a row of the chain, appended in a transaction that no other writer's transaction
 * overlaps, so that of any number of hosts one gets the approval.
 *
 * @param signer the external signer; empty if the key is in the data directory
 */
record SharedApprovals(DataDirectory data, Optional<Signer> signer)
    implements ApprovedActions.Source {
  /** Approvals that are read first; in most logs the oldest of them has expired. */
  private static final int FEW = 16;

  /** Approvals that are read if all of the first may be valid; older ones are not found. */
  private static final int MOST = 1_000;

  @Override
  public boolean mayHave(ApprovalSubject subject) {
    return true;
  }

  /** Returns the approvals of the action that nobody has used, newest first. */
  @Override
  public List<ChainRow> offered(StoredLedger ledger, Attempt attempt) throws LedgerException {
    List<ChainRow> granted = ledger.lastRows(SystemEvent.APPROVAL_GRANTED, FEW);
    if (granted.size() == FEW && mayBeValid(granted.get(FEW - 1), attempt)) {
      granted = ledger.lastRows(SystemEvent.APPROVAL_GRANTED, MOST);
    }
    List<ChainRow> offered =
        granted.stream()
            .filter(row -> mayBeValid(row, attempt))
            .filter(
                row ->
                    ApprovalNote.read(row)
                        .filter(answer -> answer.subject().permits(attempt.subject()))
                        .isPresent())
            .toList();
    if (offered.isEmpty()) {
      return offered;
    }
    Set<String> used = ApprovalUse.approvals(ledger, offered.get(offered.size() - 1).sequence());
    return offered.stream().filter(row -> !used.contains(row.id())).toList();
  }

  private static boolean mayBeValid(ChainRow row, Attempt attempt) {
    Duration longest = Approvals.MAX_VALIDITY.plus(Approvals.MAX_CLOCK_DIFFERENCE);
    return Timestamps.micros(attempt.time()) - Timestamps.micros(row.timestamp())
        <= TimeUnit.MICROSECONDS.convert(longest);
  }

  @Override
  public boolean use(ChainRow approval, Attempt attempt, BooleanSupplier begins)
      throws LedgerException, KeyException {
    SigningKeys keys = data.signingKeys(signer);
    try (ApprovalEvents events =
        new ApprovalEvents(
            data.openWriter(), data.checkpointFile(), keys.signer(), keys.accepted())) {
      return events.use(new ApprovalUse(approval.id(), attempt.event()), approval, begins);
    }
  }
}
