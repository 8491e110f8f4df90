// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.KeyRing;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.KeyValidity;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * States of the keys of a data directory, as the chain records them: revoked, lost, or the
 * replacement of a lost key.
 *
 * @param history the keys' history; empty if there is no ledger yet
 */
record KeyStates(Optional<KeyHistory> history) {
  /**
   * Reads the states from the ledger.
   *
   * @throws LedgerException if there is a ledger and it cannot be read
   */
  static KeyStates read(Verb verb, KeyRing keys) throws LedgerException, CommandFailure {
    if (Files.notExists(verb.data().database())) {
      return new KeyStates(Optional.empty());
    }
    try (LedgerReader ledger = verb.ledger()) {
      return new KeyStates(Optional.of(KeyHistory.read(ledger, keys, false)));
    }
  }

  /** Returns true if the chain revokes a key. */
  boolean isRevoked(String keyId) {
    return history.flatMap(known -> known.era(keyId)).filter(KeyValidity::isRevoked).isPresent();
  }

  /** Returns true if a row records that a key is lost. */
  boolean isLost(String keyId) {
    return history.stream()
        .flatMap(known -> known.replacements().stream())
        .anyMatch(found -> found.lostKeyId().filter(keyId::equals).isPresent());
  }

  /** Returns a key's id with its state, for a person. */
  String marked(String keyId) {
    String state = describe(keyId);
    return state.isEmpty() ? keyId : keyId + " (" + state + ")";
  }

  /**
   * Returns the state of a key, for a person; empty if it is neither revoked nor lost nor a
   * replacement.
   */
  String describe(String keyId) {
    List<String> all = new ArrayList<>();
    history
        .flatMap(known -> known.era(keyId))
        .filter(KeyValidity::isRevoked)
        .ifPresent(validity -> all.add("revoked by row " + validity.revoked()));
    history.stream()
        .flatMap(known -> known.replacements().stream())
        .filter(found -> found.lostKeyId().filter(keyId::equals).isPresent())
        .forEach(found -> all.add("lost, recorded by row " + found.sequence()));
    history
        .flatMap(known -> known.replacement(keyId))
        .ifPresent(
            found ->
                all.add(
                    "replaces a lost key; no earlier key signed it (row "
                        + found.sequence()
                        + ")"));
    return String.join("; ", all);
  }
}
