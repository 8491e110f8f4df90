// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.base.DurableFiles;
import dev.indelible.directory.ApprovalFiles;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.gate.ApprovalStore.Attempt;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/**
 * The approvals of a log whose ledger is in its data directory. Files name them, and a file records
 * the use of each.
 */
record FiledApprovals(ApprovalFiles files) implements ApprovedActions.Source {
  @Override
  public boolean mayHave(ApprovalSubject subject) throws LedgerException {
    return !offered(subject).isEmpty();
  }

  private List<String> offered(ApprovalSubject subject) throws LedgerException {
    try {
      return files.offered(subject);
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  @Override
  public List<ChainRow> offered(StoredLedger ledger, Attempt attempt) throws LedgerException {
    List<String> ids = offered(attempt.subject());
    List<ChainRow> rows = new ArrayList<>();
    for (String id : ids) {
      ledger.row(id).filter(row -> ApprovalNote.read(row).isPresent()).ifPresent(rows::add);
    }
    if (rows.isEmpty() && !ids.isEmpty()) {
      throw new LedgerException("the chain has no approval " + String.join(", ", ids));
    }
    return rows;
  }

  @Override
  public boolean use(ChainRow approval, Attempt attempt, BooleanSupplier begins)
      throws LedgerException {
    try {
      return begins.getAsBoolean() && files.use(attempt.subject(), approval.id(), attempt.event());
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static LedgerException unusable(IOException e) {
    return new LedgerException("its file cannot be read or written: " + DurableFiles.reason(e));
  }
}
