// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.RowSignatureNote;
import dev.indelible.verify.Finding.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * Whether each row is signed by an accepted key, in its place; or unsigned, where a signed note
 * before it says that rows are.
 */
final class SignatureCheck implements Check {
  private static final String UNSIGNED = "unsigned";

  private final Findings findings;
  private final TreeCheck tree;
  private long rows;

  /** Whether a signed note before this row says that rows are unsigned. */
  private boolean mayBeUnsigned;

  private long unsigned;
  private long unsignedFrom;
  private long unsignedUpTo;

  /**
   * Checks the rows from some row on.
   *
   * @param tree knows in the end which rows are under a checkpoint
   * @param mayBeUnsigned what the last signed note before them says, see {@link #mayBeUnsigned}
   */
  SignatureCheck(Findings findings, TreeCheck tree, boolean mayBeUnsigned) {
    this.findings = findings;
    this.tree = tree;
    this.mayBeUnsigned = mayBeUnsigned;
  }

  /** Whether the last signed note before a row says that rows are unsigned. */
  static boolean mayBeUnsigned(LedgerReader ledger, long sequence, RowCheck check)
      throws LedgerException {
    List<RowSignatureNote> said = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
        row -> {
          if (row.sequence() < sequence && check.content(row).isEmpty()) {
            RowSignatureNote.read(row).ifPresent(said::add);
          }
          return row.sequence() < sequence;
        });
    return !said.isEmpty() && !said.get(said.size() - 1).everyRow();
  }

  @Override
  public void row(JudgedRow row) {
    rows++;
    for (RowFault fault : row.faults()) {
      if (mayBeUnsigned && RowCheck.isUnsigned(row.stored(), fault)) {
        unsigned(row.sequence());
      } else if (!fault.check().equals(RowCheck.PAYLOAD)) {
        findings.fault(row.sequence(), fault);
      }
    }
    if (row.isSound() && row.is(SystemEvent.ROW_SIGNATURES)) {
      RowSignatureNote.read(row.row()).ifPresent(note -> mayBeUnsigned = !note.everyRow());
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

  /** Rows that a checkpoint covers are as good as signed: their hashes are under its root. */
  private Finding unsigned() {
    long covered = tree.covered();
    boolean all = unsignedUpTo <= covered;
    return new Finding(
        UNSIGNED,
        all ? Status.OK : Status.UNKNOWN,
        OptionalLong.of(unsignedFrom),
        "%d rows from row %d on are unsigned, as a signed note before them says; %s"
            .formatted(
                unsigned,
                unsignedFrom,
                all
                    ? "the checkpoint over " + covered + " rows covers them"
                    : "behind row " + covered + " only their links tie them to the rest"));
  }
}
