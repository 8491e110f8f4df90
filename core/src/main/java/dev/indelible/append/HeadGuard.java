// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.KeySource;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import dev.indelible.note.TamperNote;
import dev.indelible.note.TamperNote.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks the end of the chain before a writer appends to it, so that a planted or changed last row
 * is noted in the chain. Used by one thread.
 *
 * <p>Only the last row is checked, so each row is checked once, by the writer that appends after
 * it. This costs one signature check, or one hash if the end is the one that this writer committed.
 */
public final class HeadGuard {
  /** Causes that a writer cannot distinguish from a removal of the rows. */
  private static final String POSSIBLE_CAUSE =
      "; a fail-over to a standby that lacked rows, or a restored copy, has this effect, and so has"
          + " a deletion";

  private final KeySource keys;

  /** The keys accepted from the start. */
  private final KeyRing first;

  /** Caches the accepted keys, which are read again if a row names a key that is not cached. */
  private RowCheck check;

  /** True if a row by an unknown signer is not noted, but left to the verifier. */
  private final boolean signerMayBeUnknown;

  /** True if the key of this process is known to be a key of the log. */
  private final boolean keyIsConfirmed;

  /** The end of the chain that this writer committed last; empty before its first commit. */
  private Optional<Head> lastSeen = Optional.empty();

  /** Creates a guard that accepts the keys of a check. */
  public HeadGuard(RowCheck check) {
    this(check, () -> KeyRing.of(List.of()));
  }

  /**
   * Creates a guard that accepts the keys of a check, and keys that are added later.
   *
   * @param keys read when a row names an unknown key: another writer of the log may have added it
   */
  public HeadGuard(RowCheck check, KeySource keys) {
    this(check, keys, true);
  }

  /**
   * Creates a guard of a process whose key may not be confirmed yet.
   *
   * @param keyIsConfirmed false if {@link ChainEnd} has to check the key before the first row
   */
  HeadGuard(RowCheck check, KeySource keys, boolean keyIsConfirmed) {
    this(check, keys, keyIsConfirmed, false);
  }

  private HeadGuard(
      RowCheck check, KeySource keys, boolean keyIsConfirmed, boolean signerMayBeUnknown) {
    this.first = check.keys();
    this.check = check;
    this.keys = keys;
    this.keyIsConfirmed = keyIsConfirmed;
    this.signerMayBeUnknown = signerMayBeUnknown;
  }

  /**
   * Creates a guard for the replacement of a lost key. The public key may be lost too, so a row by
   * an unknown signer does not prove tampering.
   */
  public static HeadGuard ofLostKey(RowCheck check) {
    return new HeadGuard(check, () -> KeyRing.of(List.of()), true, true);
  }

  /**
   * Returns the keys accepted so far and those accepted now.
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

  /** Accepts further keys, which the chain introduces. */
  void accept(KeyRing introduced) {
    check = check.alsoAccepting(introduced);
  }

  /**
   * Returns true if a key was accepted from the start or was added since, so that it is not only
   * known from the chain.
   *
   * @throws KeysUnreadableException if the keys cannot be read
   */
  boolean holds(VerificationKey key) {
    try {
      return first.find(key.keyId()).isPresent() || keys.holds(key);
    } catch (KeyException e) {
      throw new KeysUnreadableException("the accepted keys cannot be read: " + e.getMessage(), e);
    }
  }

  /** Returns true if the key of this process may be of another log: it has appended no row yet. */
  boolean keyMayBeForeign() {
    return !keyIsConfirmed && lastSeen.isEmpty();
  }

  /**
   * Returns the end of the chain that this writer committed last; empty before its first commit.
   */
  public Optional<Head> lastSeen() {
    return lastSeen;
  }

  /** Records the end of the chain, once it is committed. */
  public void committed(Head head) {
    lastSeen = Optional.of(head);
  }

  /**
   * Checks the end of the chain.
   *
   * @param last the last row
   * @param before the end of the chain before that row
   * @param mayBeUnsigned true if a note in the chain states that row signatures are off
   * @return the fault; empty if there is none
   * @throws KeysUnreadableException if an unknown key signed the row, and the accepted keys cannot
   *     be read
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

  /** Returns true if this log wrote a row: its payload and its signature verify. */
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

  /** Checks an empty chain. An empty chain is a fault if this writer has appended to it. */
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

  /**
   * Checks the place of the last row that this writer committed, in a chain that has later rows.
   *
   * @param found the row there, or the last one before
   */
  Optional<TamperNote> judgeReplaced(Head found) {
    return lastSeen
        .filter(seen -> !seen.equals(found))
        .flatMap(seen -> gone(seen, found))
        .map(cause -> new TamperNote(found.sequence(), found.hex(), cause, Scope.CHAIN));
  }

  private static Optional<String> gone(Head seen, Head found) {
    if (found.sequence() < seen.sequence()) {
      return Optional.of(
          TamperNote.ROWS_GONE
              + seen.sequence()
              + " that were written after it are gone"
              + POSSIBLE_CAUSE);
    }
    return found.sequence() == seen.sequence()
        ? Optional.of(TamperNote.EXCHANGED + POSSIBLE_CAUSE)
        : Optional.empty();
  }

  /** Thrown if the accepted keys cannot be read, so that the signer of a row is unknown. */
  public static final class KeysUnreadableException extends RuntimeException {
    private static final long serialVersionUID = 1;

    KeysUnreadableException(String message, KeyException cause) {
      super(message, cause);
    }
  }
}
