// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.DataDirectory.SigningKeys;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.DeadLetters;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.sqlite.SqliteWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** A verb about single dead letters. */
abstract class LetterVerb extends Verb {
  /** The letters named by their number or their event's id; fails if one is not there. */
  final List<DeadLetter> letters(List<String> names) throws Exception {
    List<DeadLetter> found = new ArrayList<>();
    for (String name : names) {
      List<DeadLetter> named =
          letters(
              letter -> letter.id().equals(name) || Long.toString(letter.letter()).equals(name));
      if (named.isEmpty()) {
        throw CommandFailure.usage(
            "dlq %s %s: no such letter; 'indelible dlq list' shows what there is"
                .formatted(Objects.requireNonNull(spec).name(), name));
      }
      found.addAll(named);
    }
    return found;
  }

  /** The letters that are wanted, oldest first. */
  final List<DeadLetter> letters(Predicate<DeadLetter> wanted) throws Exception {
    List<DeadLetter> found = new ArrayList<>();
    try (LedgerReader ledger = ledger()) {
      ledger.forEachDeadLetter(
          letter -> {
            if (wanted.test(letter)) {
              found.add(letter);
            }
            return true;
          });
    }
    return found;
  }

  final DeadLetters open() throws Exception {
    SigningKeys keys = data().signingKeys();
    return new DeadLetters(
        SqliteWriter.open(data().database()),
        CheckpointFile.at(data().lastCheckpoint()),
        keys.signer(),
        keys.accepted());
  }
}
