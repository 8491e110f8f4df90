// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyHistory.KeyValidity;
import dev.indelible.storage.StoredTiles;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Checks one row of a ledger in full: its payload, its signature by a key that is valid at the row,
 * its links with the previous and the next row, and its leaf in the stored tree. Reads only the
 * rows and tiles that this needs. Used by one thread.
 */
public final class FullRowCheck {
  private final LedgerReader ledger;
  private final KeyHistory history;
  private final RowCheck content;

  /**
   * Creates a check of rows in a ledger.
   *
   * @param history the ledger's keys
   */
  public FullRowCheck(LedgerReader ledger, KeyHistory history) {
    this.ledger = ledger;
    this.history = history;
    this.content =
        ledger.hasPayloads() ? new RowCheck(history.keys()) : RowCheck.ofRecords(history.keys());
  }

  /**
   * Returns the first fault of the row; empty if the row verifies in full.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public Optional<String> fault(long sequence) throws LedgerException {
    return fault(sequence, false);
  }

  /**
   * Returns the first fault of the row, as {@link #fault} does, but accepts an unsigned row after a
   * valid note that row signatures are off.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  Optional<String> faultUnlessUnsigned(long sequence) throws LedgerException {
    return fault(sequence, true);
  }

  private Optional<String> fault(long sequence, boolean mayBeUnsigned) throws LedgerException {
    Optional<ChainRow> row = sequence < 1 ? Optional.empty() : ledger.row(sequence);
    if (row.isEmpty()) {
      return Optional.of("there is no row " + sequence);
    }
    boolean isUnsigned = mayBeUnsigned && row.get().isUnsigned() && isUnsignedBelow(sequence);
    Optional<String> fault = contentFault(row.get(), isUnsigned);
    fault = fault.isPresent() ? fault : linkFault(row.get());
    fault = fault.isPresent() ? fault : treeFault(row.get());
    return fault.map(message -> "row " + sequence + ": " + message);
  }

  /**
   * Returns a fault of the row by itself.
   *
   * @param isUnsigned true if the row has no signature and needs none
   */
  private Optional<String> contentFault(ChainRow row, boolean isUnsigned) throws LedgerException {
    for (RowFault fault : content.content(row)) {
      boolean isExpected =
          fault.check().equals(RowCheck.PAYLOAD)
              ? !row.hasPayload() && isErased(row)
              : isUnsigned && RowCheck.isUnsigned(row, fault);
      if (!isExpected) {
        return Optional.of(fault.message());
      }
    }
    return isUnsigned || signsInItsTime(row)
        ? Optional.empty()
        : Optional.of("its key was revoked for this row, or not yet introduced");
  }

  /**
   * Returns true if the key that a row names is valid at the row, and nobody else may have held it
   * then.
   */
  boolean signsInItsTime(ChainRow row) {
    Optional<KeyValidity> era = row.keyId().flatMap(history::era);
    return era.isPresent() && era.get().isTrustedFor(row.sequence());
  }

  /** Returns true if a row's payload and signature verify, and its key is valid at the row. */
  boolean isSound(ChainRow row) {
    return content.content(row).isEmpty() && signsInItsTime(row);
  }

  /** Returns true if the last valid note before a row states that row signatures are off. */
  private boolean isUnsignedBelow(long sequence) throws LedgerException {
    boolean[] isOff = {false};
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.ROW_SIGNATURES),
        row -> {
          boolean isBefore = row.sequence() < sequence;
          if (isBefore && isSound(row)) {
            isOff[0] = RowSignatureNote.read(row).filter(note -> !note.everyRow()).isPresent();
          }
          return isBefore;
        });
    return isOff[0];
  }

  private boolean isErased(ChainRow row) throws LedgerException {
    boolean[] erased = {false};
    if (ErasureNote.isErasable(row.eventType())) {
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.PAYLOAD_ERASED),
          erasure -> {
            erased[0] =
                erasure.sequence() > row.sequence()
                    && ErasureNote.read(erasure).filter(note -> note.isAbout(row)).isPresent()
                    && isSound(erasure);
            return !erased[0];
          });
    }
    return erased[0];
  }

  private Optional<String> linkFault(ChainRow row) throws LedgerException {
    long sequence = row.sequence();
    Optional<ChainRow> before = sequence == 1 ? Optional.empty() : ledger.row(sequence - 1);
    if (sequence > 1 && before.isEmpty()) {
      return Optional.of("the row before it is missing");
    }
    for (RowFault fault : content.link(row, before.map(ChainRow::head).orElse(Head.EMPTY))) {
      return Optional.of(fault.message());
    }
    Optional<ChainRow> behind = ledger.row(sequence + 1);
    return behind.isPresent() && !behind.get().follows(row.head())
        ? Optional.of("the row after it does not link to it")
        : Optional.empty();
  }

  /**
   * Returns a fault of the row's leaf. A missing or damaged tile is a fault too, so that removing a
   * tile does not stop the check.
   */
  private Optional<String> treeFault(ChainRow row) throws LedgerException {
    OptionalLong size = ledger.treeSize();
    if (size.isEmpty() || size.getAsLong() < row.sequence()) {
      return Optional.of("the stored tree has no leaf for it");
    }
    try {
      MerkleTree<LedgerException> tree = TiledNodes.tree(new StoredTiles(ledger), size.getAsLong());
      tree.inclusionProof(row.sequence() - 1).verify(Hash.of(row.recordHash()), tree.root());
      return Optional.empty();
    } catch (InvalidProofException e) {
      return Optional.of("the stored tree has another row in its place");
    } catch (LedgerException e) {
      // Without the tiles, nothing proves that the row is unchanged.
      return Optional.of("the stored tree does not prove it: " + e.getMessage());
    }
  }
}
