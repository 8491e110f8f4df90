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
 * What the chain says became of the keys in a data directory: revoked, lost, or the replacement of
 * a lost one.
 *
 * @param history what it says; empty if there is no ledger yet
 */
record KeyStates(Optional<KeyHistory> history) {
  /**
   * Reads it.
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

  /** Whether the chain revokes a key. */
  boolean isRevoked(String keyId) {
    return history.flatMap(said -> said.era(keyId)).filter(KeyValidity::isRevoked).isPresent();
  }

  /** Whether a row says that a key is lost. */
  boolean isLost(String keyId) {
    return history.stream()
        .flatMap(said -> said.replacements().stream())
        .anyMatch(found -> found.lostKeyId().filter(keyId::equals).isPresent());
  }

  /** Returns a key's id, with what the chain says of it, for a person. */
  String marked(String keyId) {
    String state = describe(keyId);
    return state.isEmpty() ? keyId : keyId + " (" + state + ")";
  }

  /** Returns what the chain says of a key, for a person; empty if nothing special. */
  String describe(String keyId) {
    List<String> all = new ArrayList<>();
    history
        .flatMap(said -> said.era(keyId))
        .filter(KeyValidity::isRevoked)
        .ifPresent(era -> all.add("revoked by row " + era.revoked()));
    history.stream()
        .flatMap(said -> said.replacements().stream())
        .filter(found -> found.lostKeyId().filter(keyId::equals).isPresent())
        .forEach(found -> all.add("lost, as row " + found.sequence() + " says"));
    history
        .flatMap(said -> said.replacement(keyId))
        .ifPresent(
            found ->
                all.add("replaces a lost key, introduced by none (row " + found.sequence() + ")"));
    return String.join("; ", all);
  }
}
