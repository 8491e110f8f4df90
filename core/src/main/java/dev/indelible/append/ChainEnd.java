// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.merkle.TileEdge;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.note.TamperNote;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Trust in the end of the chain of one open ledger: which row to build upon, what is wrong with it,
 * and whether the key that signs may still sign. Used within a transaction, by the writer's thread.
 */
public final class ChainEnd {
  /**
   * How far a row that does not verify may stand beyond all rows there are and still be built upon.
   * Rows planted further out could otherwise use up all sequences.
   */
  private static final long MAX_GAP = 1L << 20;

  private final LedgerWriter writer;
  private final HeadGuard guard;

  /** The edge of the tree as the last commit left it; null while it is not known. */
  private @Nullable TileEdge edge;

  /**
   * Creates the end of an open ledger's chain.
   *
   * @param guard knows what earlier writers of this process left at the end
   */
  public ChainEnd(LedgerWriter writer, HeadGuard guard) {
    this.writer = writer;
    this.guard = guard;
  }

  LedgerWriter writer() {
    return writer;
  }

  HeadGuard guard() {
    return guard;
  }

  /** Returns the stored tree, for one transaction. */
  LedgerTree tree() {
    return new LedgerTree(writer, edge);
  }

  /** Remembers what a transaction left, once it is committed. */
  void committed(Head head, LedgerTree tree) {
    guard.committed(head);
    edge = tree.edge();
  }

  /**
   * An end to build upon.
   *
   * @param head the row to follow
   * @param tamper what is to be noted in the chain first, in order; nothing that is noted already
   */
  record Trusted(Head head, List<TamperNote> tamper) {}

  /**
   * Judges the end of the chain.
   *
   * @param key the key that signs what is appended
   * @throws SigningException if the key is revoked
   * @throws HeadGuard.KeysUnreadableException if this cannot be known
   */
  Trusted judge(VerificationKey key) throws LedgerException {
    Optional<ChainRow> last = writer.lastRow();
    requireNotRevoked(key, last);
    List<TamperNote> wrong = new ArrayList<>();
    Head head = judge(last, wrong);
    if (!wrong.isEmpty() && last.isPresent()) {
      long reach = reach(writer.lastRowBelow(last.get().sequence()));
      if (last.get().sequence() > reach) {
        List<TamperNote> below = new ArrayList<>();
        head = judge(writer.lastRowBelow(reach + 1), below);
        wrong.addAll(0, below);
      }
    }
    List<TamperNote> tamper = new ArrayList<>();
    for (TamperNote note : wrong) {
      if (!isNoted(note)) {
        tamper.add(note);
      }
    }
    return new Trusted(head, tamper);
  }

  /** Returns the head that a last row makes, and adds what is wrong with it. */
  private Head judge(Optional<ChainRow> last, List<TamperNote> wrong) throws LedgerException {
    if (last.isEmpty()) {
      guard.judgeEmpty().ifPresent(wrong::add);
      return Head.EMPTY;
    }
    judge(last.get(), writer.lastRowBelow(last.get().sequence())).ifPresent(wrong::add);
    return wrong.isEmpty() ? last.get().head() : head(last);
  }

  private Optional<TamperNote> judge(ChainRow last, Optional<ChainRow> before)
      throws LedgerException {
    boolean mayBeUnsigned =
        last.attestLevel().equals(ChainRow.UNSIGNED) && isUnsignedBelow(last.sequence());
    return guard.judge(last, head(before), mayBeUnsigned);
  }

  /** Returns whether the chain states, signed, that rows before a sequence are unsigned. */
  boolean isUnsignedBelow(long sequence) throws LedgerException {
    return writer
        .lastOfType(SystemEvent.ROW_SIGNATURES, sequence, guard::isSound)
        .flatMap(RowSignatureNote::read)
        .filter(note -> !note.everyRow())
        .isPresent();
  }

  /** Returns the highest sequence to build upon: a row vouches for its place, or rows are many. */
  private long reach(Optional<ChainRow> before) throws LedgerException {
    long known = before.filter(guard::isSound).map(ChainRow::sequence).orElse(0L);
    return Math.max(writer.size(), known) + MAX_GAP;
  }

  private static Head head(Optional<ChainRow> last) {
    return last.map(ChainRow::head).filter(head -> head.sequence() > 0).orElse(Head.EMPTY);
  }

  /** Returns whether the chain has this note already, and not just a row that looks like it. */
  private boolean isNoted(TamperNote note) throws LedgerException {
    return writer.rowsOfType(SystemEvent.TAMPER).stream()
        .filter(row -> TamperNote.read(row).filter(noted -> noted.isAbout(note)).isPresent())
        .anyMatch(guard::isSound);
  }

  /**
   * Requires that a key was not revoked by another writer: what it signs after that counts as
   * broken. Looks for nothing while the chain ends as this process left it, and only at the rows
   * after that while it continues there.
   *
   * @param last the last row
   * @throws SigningException if it was revoked
   * @throws HeadGuard.KeysUnreadableException if this cannot be known
   */
  void requireNotRevoked(VerificationKey key, Optional<ChainRow> last) throws LedgerException {
    Optional<Head> seen = guard.lastSeen();
    if (seen.isPresent() && seen.equals(last.map(ChainRow::head))) {
      return;
    }
    boolean continues =
        seen.isPresent()
            && seen.equals(writer.lastRowBelow(seen.get().sequence() + 1).map(ChainRow::head));
    long from = continues ? seen.get().sequence() + 1 : 1;
    if (writer.count(SystemEvent.KEY_COMPROMISED, from, Long.MAX_VALUE) > 0) {
      List<ChainRow> events = new ArrayList<>(writer.rowsOfType(SystemEvent.KEY_COMPROMISED));
      events.addAll(writer.rowsOfType(SystemEvent.KEY_ROTATED));
      Optional<KeyHistory.KeyValidity> era =
          KeyHistory.of(writer.ledger(), events, guard.accepted()).era(key.keyId());
      if (era.filter(KeyHistory.KeyValidity::isRevoked).isPresent()) {
        throw SigningException.revoked(key, era.get().revoked());
      }
    }
  }
}
