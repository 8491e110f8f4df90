// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Checks that an accepted key signed each row at its sequence. A row may be unsigned after a signed
 * note that row signatures are off.
 */
final class SignatureCheck implements Check {
  private final Findings findings;
  private final TreeCheck tree;
  private final LedgerReader ledger;
  private final RowCheck check;
  private final long from;
  private long rows;

  /** The last signed note before the current row; null if there is none. */
  private @Nullable RowSignatureNote last;

  /** True if the notes before the first row were read; only unsigned rows need them. */
  private boolean readBack;

  private long unsigned;
  private long unsignedFrom;
  private long unsignedUpTo;

  /**
   * Creates a check.
   *
   * @param tree the tree check, which knows at the end which rows a checkpoint covers
   * @param check checks the rows of notes
   * @param from the first row checked
   */
  SignatureCheck(
      Findings findings, TreeCheck tree, LedgerReader ledger, RowCheck check, long from) {
    this.findings = findings;
    this.tree = tree;
    this.ledger = ledger;
    this.check = check;
    this.from = from;
  }

  /** Returns true if row signatures are off at the current row. */
  private boolean mayBeUnsigned() throws LedgerException {
    if (last == null && !readBack && from > 1) {
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
          row -> {
            if (row.sequence() < from && check.content(row).isEmpty()) {
              note(row);
            }
            return row.sequence() < from;
          });
      readBack = true;
    }
    return last != null && !last.everyRow();
  }

  /**
   * Keeps a valid note. A note without its payload counts as a note that row signatures are off.
   */
  private void note(ChainRow row) {
    if (row.hasPayload()) {
      RowSignatureNote.read(row).ifPresent(note -> last = note);
    } else {
      last = new RowSignatureNote(false);
    }
  }

  @Override
  public void row(CheckedRow row) throws LedgerException {
    rows++;
    for (RowFault fault : row.faults()) {
      if (RowCheck.isUnsigned(row.stored(), fault) && mayBeUnsigned()) {
        unsigned(row.sequence());
      } else if (!fault.check().equals(RowCheck.PAYLOAD)) {
        findings.fault(row.sequence(), fault);
      }
    }
    if (row.isSound() && row.is(SystemEvent.ROW_SIGNATURES)) {
      note(row.row());
    }
  }

  private void unsigned(long sequence) {
    unsignedFrom = unsigned == 0 ? sequence : unsignedFrom;
    unsigned++;
    unsignedUpTo = sequence;
  }

  @Override
  public void end() {
    findings.holds(RowCheck.SIGNATURE, "holds for " + rows + " rows");
    if (unsigned > 0) {
      findings.note(unsigned());
    }
  }

  /** Reports the unsigned rows. A checkpoint that covers them signs their hashes. */
  private Finding unsigned() {
    long covered = tree.covered();
    boolean all = unsignedUpTo <= covered;
    return new Finding(
        Finding.UNSIGNED,
        all ? Status.OK : Status.UNKNOWN,
        OptionalLong.of(unsignedFrom),
        "%s rows from row %s on are unsigned, %s; %s"
            .formatted(
                unsigned,
                unsignedFrom,
                ledger.hasPayloads()
                    ? "as a signed note before them states"
                    : "after a signed note whose payload is not in this copy",
                all
                    ? "the checkpoint over " + covered + " rows covers them"
                    : "after row " + covered + " only links protect them"));
  }
}
