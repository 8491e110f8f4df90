// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.TileEdge;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyReplacement;
import dev.indelible.note.KeyRotation;
import dev.indelible.note.LogEnd;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.note.TamperNote;
import dev.indelible.storage.LedgerWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Checks the end of the chain of one open ledger: which row to append after, which faults it has,
 * and whether the signing key is still valid. Used within a transaction, by the writer's thread.
 */
public final class ChainEnd {
  /**
   * If an invalid last row is further than this from the valid sequences, no row is appended after
   * it. Without this limit, a planted row could use up all sequences.
   */
  private static final long MAX_GAP = 1L << 20;

  private final LedgerWriter writer;
  private final HeadGuard guard;

  /** The edge of the tree after the last commit; null while it is unknown. */
  private @Nullable TileEdge edge;

  /** The row that ended the log, as of the last look; empty if there was none. */
  private Optional<ChainRow> ended = Optional.empty();

  /** True if the chain had the last row of this process, as of the last look. */
  private boolean continues;

  /**
   * Creates the end of an open ledger's chain.
   *
   * @param guard knows the end of the chain that earlier writers of this process committed
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

  /** Returns the stored tree, for one transaction; to grow it, called after {@link #judge}. */
  LedgerTree tree() {
    return new LedgerTree(writer, edge);
  }

  /** Records the end of the chain and the tree's edge after a commit. */
  void committed(Head head, LedgerTree tree) {
    guard.committed(head);
    edge = tree.edge();
  }

  /**
   * An end of the chain to append to.
   *
   * @param head the row to follow
   * @param tamper the faults to note in the chain first, in order; faults that are already noted
   *     are left out
   * @param ended the row that ended the log; empty if it was not ended
   */
  record Trusted(Head head, List<TamperNote> tamper, Optional<ChainRow> ended) {}

  /**
   * Checks the end of the chain.
   *
   * @param key the key that signs the appended rows
   * @throws SigningException if the key may not sign
   * @throws HeadGuard.KeysUnreadableException if the accepted keys cannot be read
   */
  Trusted judge(VerificationKey key) throws LedgerException {
    Optional<ChainRow> last = writer.lastRow();
    requireMaySign(key, last);
    if (!guard.lastSeen().equals(last.map(ChainRow::head))) {
      // Another writer may have ended the log.
      ended = end();
      // After a fail-over or a restore, other rows may have grown the tree to the same size.
      edge = null;
    }
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
    return new Trusted(head, tamper, ended);
  }

  /** Returns the first row that ends the log, signed by a key that was valid at that row. */
  private Optional<ChainRow> end() throws LedgerException {
    List<ChainRow> rows = writer.rowsOfType(SystemEvent.LOG_ENDED);
    return rows.isEmpty() ? Optional.empty() : LogEnd.first(rows, keys());
  }

  /** Returns the head after a last row, and adds the row's faults to {@code wrong}. */
  private Head judge(Optional<ChainRow> last, List<TamperNote> wrong) throws LedgerException {
    if (last.isEmpty()) {
      guard.judgeEmpty().ifPresent(wrong::add);
      return Head.EMPTY;
    }
    judge(last.get(), writer.lastRowBelow(last.get().sequence())).ifPresent(wrong::add);
    Optional<Head> seen = guard.lastSeen();
    if (!continues && seen.isPresent() && seen.get().sequence() < last.get().sequence()) {
      // Other writers have appended since, so the last row does not show what is gone.
      guard
          .judgeReplaced(head(writer.lastRowBelow(seen.get().sequence() + 1)))
          .ifPresent(wrong::add);
    }
    return wrong.isEmpty() ? last.get().head() : head(last);
  }

  private Optional<TamperNote> judge(ChainRow last, Optional<ChainRow> before)
      throws LedgerException {
    boolean mayBeUnsigned =
        last.attestLevel().equals(ChainRow.UNSIGNED) && isUnsignedBelow(last.sequence());
    return guard.judge(last, head(before), mayBeUnsigned);
  }

  /** Returns true if the last signed note before a sequence states that row signatures are off. */
  boolean isUnsignedBelow(long sequence) throws LedgerException {
    return writer
        .lastOfType(SystemEvent.ROW_SIGNATURES, sequence, guard::isSound)
        .flatMap(RowSignatureNote::read)
        .filter(note -> !note.everyRow())
        .isPresent();
  }

  /**
   * Returns the highest sequence of a row after which rows are appended. It depends on the number
   * of rows and on the last valid row.
   */
  private long reach(Optional<ChainRow> before) throws LedgerException {
    long known = before.filter(guard::isSound).map(ChainRow::sequence).orElse(0L);
    return Math.max(writer.size(), known) + MAX_GAP;
  }

  private static Head head(Optional<ChainRow> last) {
    return last.map(ChainRow::head).filter(head -> head.sequence() > 0).orElse(Head.EMPTY);
  }

  /** Returns true if a valid row of the chain already has this note. */
  private boolean isNoted(TamperNote note) throws LedgerException {
    return writer.rowsOfType(SystemEvent.TAMPER).stream()
        .filter(row -> TamperNote.read(row).filter(noted -> noted.isAbout(note)).isPresent())
        .anyMatch(guard::isSound);
  }

  /**
   * Requires that a key may sign the next row: it is a key of this log, no other writer has revoked
   * it, because rows that a key signs after its revocation count as broken, and no other host has
   * rotated it. After a rotation on this host the old key signs until the process is restarted.
   *
   * <p>Accepts the keys that rotations in the chain introduce. Reads no rows if the chain still
   * ends where this process left it, and only the later rows if the chain continues from there.
   *
   * @param last the last row
   * @throws SigningException if the key may not sign
   * @throws HeadGuard.KeysUnreadableException if the accepted keys cannot be read
   */
  void requireMaySign(VerificationKey key, Optional<ChainRow> last) throws LedgerException {
    Optional<Head> seen = guard.lastSeen();
    continues = seen.isPresent() && seen.equals(last.map(ChainRow::head));
    if (continues) {
      return;
    }
    if (guard.keyMayBeForeign() && last.isPresent()) {
      requireOfThisLog(key, last.get());
    }
    continues =
        seen.isPresent()
            && seen.equals(writer.lastRowBelow(seen.get().sequence() + 1).map(ChainRow::head));
    long from = continues ? seen.get().sequence() + 1 : 1;
    if (writer.count(SystemEvent.KEY_COMPROMISED, from, Long.MAX_VALUE) == 0
        && writer.count(SystemEvent.KEY_ROTATED, from, Long.MAX_VALUE) == 0) {
      return;
    }
    KeyHistory history = keys();
    Optional<KeyHistory.KeyValidity> era = history.era(key.keyId());
    if (era.filter(KeyHistory.KeyValidity::isRevoked).isPresent()) {
      throw SigningException.revoked(key, era.get().revoked());
    }
    Optional<KeyRotation> rotation = history.rotation(key.keyId());
    if (rotation.isPresent() && !guard.holds(rotation.get().newKey())) {
      throw SigningException.refused(key, rotation.get().remedy());
    }
    guard.accept(history.keys());
  }

  /**
   * Requires that the chain shows that a key belongs to this log: the key signed the first or the
   * last row, or an event of the chain introduces it. No other writer can begin the log meanwhile.
   */
  private void requireOfThisLog(VerificationKey key, ChainRow last) throws LedgerException {
    RowCheck own = RowCheck.ofRecords(KeyRing.of(List.of(key)));
    List<ChainRow> first = writer.rowsBetween(0, last.sequence(), 1);
    if (own.content(last).isEmpty() || first.stream().allMatch(row -> own.content(row).isEmpty())) {
      return;
    }
    if (keyEvents().stream().noneMatch(row -> introduces(row, key))) {
      throw SigningException.refused(
          key,
          "it is not a key of this log: the ledger has rows, the last of them row %s%s; copy the"
                  .formatted(
                      last.sequence(), last.keyId().map(id -> ", signed by key " + id).orElse(""))
              + " directory keys/ of a host that records into this ledger to this host, and"
              + " restart; only if that key is lost on every host, 'indelible keys replace --lost"
              + " --reason TEXT' replaces it");
    }
  }

  /**
   * Returns the ML-DSA-44 key that the chain names for checkpoints of a tree size; empty if it
   * names none.
   *
   * @throws HeadGuard.KeysUnreadableException if the accepted keys cannot be read
   */
  Optional<KeyHistory.SecondKey> secondKey(long size) throws LedgerException {
    return writer.count(SystemEvent.KEY_ML_DSA_44_ADDED, 1, size) > 0
        ? keys().secondAt(size)
        : Optional.empty();
  }

  private static boolean introduces(ChainRow row, VerificationKey key) {
    return KeyRotation.read(row)
            .filter(rotation -> rotation.holds(row) && rotation.newKey().equals(key))
            .isPresent()
        || KeyReplacement.read(row)
            .filter(replacement -> replacement.holds(row) && replacement.newKey().equals(key))
            .isPresent();
  }

  private KeyHistory keys() throws LedgerException {
    return KeyHistory.of(writer.ledger(), keyEvents(), guard.accepted());
  }

  private List<ChainRow> keyEvents() throws LedgerException {
    List<ChainRow> events = new ArrayList<>();
    for (String type : SystemEvent.KEY_EVENTS) {
      events.addAll(writer.rowsOfType(type));
    }
    return events;
  }
}
