// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.KeySource;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNote.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks at the end of the chain before a writer adds to it, so that a row that was planted or
 * changed there is noted in the chain instead of silently built upon. Used by one thread.
 *
 * <p>It judges the last row alone: enough for every row to be judged by whoever writes after it, at
 * the price of one signature check, and only that of a hash when the end is as this writer left it.
 */
public final class HeadGuard {
  private final KeySource keys;

  /** Accepts every key that was ever found accepted; grows when a row names one not known yet. */
  private RowCheck check;

  /** Whether rows whose signer is not known are left to the verifier, and not noted. */
  private final boolean signerMayBeUnknown;

  /** The end as this writer last saw it; empty before its first commit. */
  private Optional<Head> lastSeen = Optional.empty();

  /** A guard that accepts what {@code check} accepts. */
  public HeadGuard(RowCheck check) {
    this(check, () -> KeyRing.of(List.of()));
  }

  /**
   * A guard that accepts what {@code check} accepts, and what else is accepted by the time a row
   * says so.
   *
   * @param keys asked when a row is signed by a key not known here: another writer of the same log
   *     may have brought it since
   */
  public HeadGuard(RowCheck check, KeySource keys) {
    this(check, keys, false);
  }

  private HeadGuard(RowCheck check, KeySource keys, boolean signerMayBeUnknown) {
    this.check = check;
    this.keys = keys;
    this.signerMayBeUnknown = signerMayBeUnknown;
  }

  /**
   * A guard for the moment in which a lost key is replaced. The public half may be lost too, and a
   * row whose signer is not known is no proof of tampering then.
   */
  public static HeadGuard ofLostKey(RowCheck check) {
    return new HeadGuard(check, () -> KeyRing.of(List.of()), true);
  }

  /**
   * Every key accepted so far, and what else is accepted by now.
   *
   * @throws KeysUnreadableException if the accepted keys cannot be read
   */
  public KeyRing accepted() {
    try {
      return check.keys().and(keys.accepted());
    } catch (KeyException e) {
      throw new KeysUnreadableException("the accepted keys cannot be read: " + e.getMessage(), e);
    }
  }

  /** The end of the chain as this writer last left it; empty before its first commit. */
  public Optional<Head> lastSeen() {
    return lastSeen;
  }

  /** Remembers the end of the chain, once it is committed. */
  public void committed(Head head) {
    lastSeen = Optional.of(head);
  }

  /**
   * Judges the end of the chain.
   *
   * @param last the last row
   * @param before the end of the chain without it
   * @param mayBeUnsigned whether a note in the chain says that rows are not signed
   * @return what is wrong, if anything is
   * @throws KeysUnreadableException if it is signed by a key not known here, and the accepted keys
   *     cannot be read
   */
  public Optional<TamperNote> judge(ChainRow last, Head before, boolean mayBeUnsigned) {
    Head head = last.head();
    List<String> causes = new ArrayList<>();
    Scope scope = Scope.ROW;
    if (lastSeen.filter(head::equals).isPresent()) {
      RowCheck.payload(last).ifPresent(fault -> causes.add(fault.message()));
    } else {
      Optional<String> gone = lastSeen.flatMap(seen -> gone(seen, head));
      gone.ifPresent(causes::add);
      scope = gone.isPresent() ? Scope.CHAIN : Scope.ROW;
      check.link(last, before).forEach(fault -> causes.add(fault.message()));
      content(last).stream()
          .filter(fault -> fault.proven() || !signerMayBeUnknown)
          .filter(
              fault -> !((mayBeUnsigned || signerMayBeUnknown) && RowCheck.isUnsigned(last, fault)))
          .forEach(fault -> causes.add(fault.message()));
    }
    return causes.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new TamperNote(last.sequence(), head.hex(), String.join("; ", causes), scope));
  }

  /** Whether a row is one that this log wrote: its payload and its signature hold. */
  public boolean isSound(ChainRow row) {
    return content(row).isEmpty();
  }

  private List<RowFault> content(ChainRow row) {
    List<RowFault> faults = check.content(row);
    if (faults.stream().allMatch(RowFault::proven)) {
      return faults;
    }
    try {
      check = check.alsoAccepting(keys.accepted());
    } catch (KeyException e) {
      throw new KeysUnreadableException(
          "row %s is signed by a key not known here, and the accepted keys cannot be read: %s"
              .formatted(row.sequence(), e.getMessage()),
          e);
    }
    return check.content(row);
  }

  /** What is wrong with an empty chain, if anything is. */
  public Optional<TamperNote> judgeEmpty() {
    return lastSeen
        .filter(seen -> seen.sequence() > 0)
        .map(
            seen ->
                new TamperNote(
                    0,
                    Head.EMPTY.hex(),
                    TamperNote.ALL_GONE + "all " + seen.sequence() + " rows are gone",
                    Scope.CHAIN));
  }

  private static Optional<String> gone(Head seen, Head found) {
    if (found.sequence() < seen.sequence()) {
      return Optional.of(
          TamperNote.ROWS_GONE + seen.sequence() + " that were written after it are gone");
    }
    return found.sequence() == seen.sequence()
        ? Optional.of(TamperNote.EXCHANGED)
        : Optional.empty();
  }

  /** Whose a signature is cannot be told, because the accepted keys cannot be read. */
  public static final class KeysUnreadableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    KeysUnreadableException(String message, KeyException cause) {
      super(message, cause);
    }
  }
}
