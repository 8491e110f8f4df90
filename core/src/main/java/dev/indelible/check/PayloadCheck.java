// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks that each payload has the hash in its row, or that a valid later row states its erasure.
 * Reads all erasures into memory once a payload is missing.
 */
final class PayloadCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;
  private final RowCheck content;
  private long present;
  private long erased;

  /** Rows whose payload was erased, each with the row that states the erasure. */
  private final Map<Long, Long> erasedOnRecord = new HashMap<>();

  /** Valid erasures, keyed by the row that they erase; not read until a payload is missing. */
  private @Nullable Map<Long, Erasure> erasures;

  /**
   * Creates a check.
   *
   * @param content checks the rows of erasures
   */
  PayloadCheck(Findings findings, LedgerReader ledger, RowCheck content) {
    this.findings = findings;
    this.ledger = ledger;
    this.content = content;
  }

  @Override
  public void row(CheckedRow row) throws LedgerException {
    if (!row.stored().hasPayload() && isErased(row.row())) {
      erased++;
      return;
    }
    present++;
    if (row.is(SystemEvent.PAYLOAD_ERASED) && row.isSound()) {
      ErasureNote.read(row.row())
          .ifPresent(note -> erasedOnRecord.put(note.sequence(), row.sequence()));
    }
    for (RowFault fault : row.faults()) {
      if (fault.check().equals(RowCheck.PAYLOAD)) {
        findings.fault(row.sequence(), fault);
      }
    }
  }

  @Override
  public void end() throws LedgerException {
    for (Map.Entry<Long, Long> erasure : erasedOnRecord.entrySet()) {
      if (ledger.row(erasure.getKey()).flatMap(ChainRow::payload).isPresent()) {
        findings.absent(
            RowCheck.PAYLOAD,
            erasure.getKey(),
            "row %s states that its payload was erased, but the payload is there again"
                .formatted(erasure.getValue()));
      }
    }
    findings.holds(
        RowCheck.PAYLOAD,
        "holds for " + present + " rows" + (erased > 0 ? ", " + erased + " erased" : ""));
  }

  /**
   * Returns true if a later row records the erasure of this row's payload. An earlier row does not
   * count, because it was written before the payload existed.
   */
  private boolean isErased(ChainRow row) throws LedgerException {
    if (!ErasureNote.isErasable(row.eventType())) {
      return false;
    }
    Map<Long, Erasure> known = erasures;
    if (known == null) {
      known = readErasures();
      erasures = known;
    }
    Erasure erasure = known.get(row.sequence());
    return erasure != null && erasure.at() > row.sequence() && erasure.note().isAbout(row);
  }

  private Map<Long, Erasure> readErasures() throws LedgerException {
    Map<Long, Erasure> sound = new HashMap<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.PAYLOAD_ERASED),
        row -> {
          if (content.content(row).isEmpty()) {
            ErasureNote.read(row)
                .ifPresent(
                    note ->
                        sound.put(
                            note.sequence(), new Erasure(row.sequence(), note.withoutWords())));
          }
          return true;
        });
    return sound;
  }

  /**
   * Valid erasure without its reason, to save memory.
   *
   * @param at the row that states it
   * @param note its content
   */
  private record Erasure(long at, ErasureNote note) {}
}
