// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.KeyValidity;
import dev.indelible.note.KeyHistory.Replacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * States of the keys of a data directory, as the chain records them: revoked, lost, or the
 * replacement of a lost key.
 *
 * @param history the keys' history; empty if there is no ledger yet
 */
public record KeyStates(Optional<KeyHistory> history) {
  /**
   * Reads the states from the ledger.
   *
   * @throws LedgerException if there is a ledger and it cannot be read
   */
  public static KeyStates read(DataDirectory data, KeyRing keys) throws LedgerException {
    if (!data.mayHaveLedger()) {
      return new KeyStates(Optional.empty());
    }
    try (LedgerReader ledger = data.engine().open()) {
      return new KeyStates(Optional.of(KeyHistory.read(ledger, keys, false)));
    }
  }

  /** Returns true if the chain revokes a key. */
  public boolean isRevoked(String keyId) {
    return revocation(keyId).isPresent();
  }

  /** Returns the number of the row that revokes a key. */
  public Optional<Long> revocation(String keyId) {
    return history
        .flatMap(known -> known.era(keyId))
        .filter(KeyValidity::isRevoked)
        .map(KeyValidity::revoked);
  }

  /** Returns true if a row records that a key is lost. */
  public boolean isLost(String keyId) {
    return losses(keyId).findAny().isPresent();
  }

  private Stream<Replacement> losses(String keyId) {
    return history.stream()
        .flatMap(known -> known.replacements().stream())
        .filter(found -> found.lostKeyId().filter(keyId::equals).isPresent());
  }

  /** Returns a key's id with its state, as text. */
  public String marked(String keyId) {
    String state = describe(keyId);
    return state.isEmpty() ? keyId : keyId + " (" + state + ")";
  }

  /** Returns a key's state as text; empty if it is not revoked, not lost and no replacement. */
  public String describe(String keyId) {
    List<String> all = new ArrayList<>();
    revocation(keyId).ifPresent(row -> all.add("revoked by row " + row));
    losses(keyId).forEach(found -> all.add("lost, recorded by row " + found.sequence()));
    history
        .flatMap(known -> known.replacement(keyId))
        .map(Replacement::sequence)
        .map("replaces a lost key; no earlier key signed it (row %s)"::formatted)
        .ifPresent(all::add);
    return String.join("; ", all);
  }
}
