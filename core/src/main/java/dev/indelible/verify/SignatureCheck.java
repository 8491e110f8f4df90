// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.RowSignatureNote;
import dev.indelible.verify.Finding.Status;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether each row is signed by an accepted key, in its place; or unsigned, where a signed note
 * before it says that rows are.
 */
final class SignatureCheck implements Check {
  private static final String UNSIGNED = "unsigned";

  private final Findings findings;
  private final TreeCheck tree;
  private final LedgerReader ledger;
  private final RowCheck check;
  private final long from;
  private long rows;

  /**
   * What the last signed note before this row says of the rows behind it; empty if none is seen.
   */
  private Optional<RowSignatureNote> said = Optional.empty();

  /** Whether the notes before the first row were read, which only unsigned rows need. */
  private boolean readBack;

  private long unsigned;
  private long unsignedFrom;
  private long unsignedUpTo;

  /**
   * Checks the rows from some row on.
   *
   * @param tree knows in the end which rows are under a checkpoint
   * @param check tells whether a note is sound
   * @param from that row
   */
  SignatureCheck(
      Findings findings, TreeCheck tree, LedgerReader ledger, RowCheck check, long from) {
    this.findings = findings;
    this.tree = tree;
    this.ledger = ledger;
    this.check = check;
    this.from = from;
  }

  /** Whether the last signed note before the row that is looked at says that rows are unsigned. */
  private boolean mayBeUnsigned() throws LedgerException {
    if (said.isEmpty() && !readBack && from > 1) {
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
          row -> {
            if (row.sequence() < from && check.content(row).isEmpty()) {
              said = read(row).or(() -> said);
            }
            return row.sequence() < from;
          });
      readBack = true;
    }
    return said.filter(note -> !note.everyRow()).isPresent();
  }

  /** What a sound note says. One whose words are not at hand may say that rows are unsigned. */
  private static Optional<RowSignatureNote> read(ChainRow row) {
    return row.hasPayload() ? RowSignatureNote.read(row) : Optional.of(new RowSignatureNote(false));
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
      said = read(row.row()).or(() -> said);
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
        "%s rows from row %s on are unsigned, %s; %s"
            .formatted(
                unsigned,
                unsignedFrom,
                ledger.hasPayloads()
                    ? "as a signed note before them says"
                    : "behind a signed note whose words are not in this copy",
                all
                    ? "the checkpoint over " + covered + " rows covers them"
                    : "behind row " + covered + " only their links tie them to the rest"));
  }
}
