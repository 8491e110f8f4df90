// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.event.SystemEvent;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.KeyValidity;
import dev.indelible.note.KeyHistory.Replacement;
import dev.indelible.note.KeyHistory.SecondKey;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Checks that each row is signed while its key is valid: after the row that introduces the key, and
 * not after the row that revokes it. Reports the history of the keys that the chain itself records.
 */
final class KeyCheck implements Check {
  private final Findings findings;
  private final KeyHistory history;
  private final Map<String, KeyValidity> eras = new HashMap<>();

  /** Per key, the first row that someone else may have signed, and the number of these rows. */
  private final Map<String, long[]> suspects = new HashMap<>();

  /** The ML-DSA-44 keys that were given; empty to accept those that the chain names. */
  private final Set<MlDsa44Key> secondKeys;

  /** True if the first row checked is the first of the chain. */
  private final boolean fromStart;

  /** The key that signed the first row of the chain; empty until that row is checked. */
  private String firstKey = "";

  KeyCheck(Findings findings, KeyHistory history, Set<MlDsa44Key> secondKeys, boolean fromStart) {
    this.findings = findings;
    this.secondKeys = secondKeys;
    this.fromStart = fromStart;
    this.history = history;
    history.eras().forEach(era -> eras.put(era.key().keyId(), era));
  }

  @Override
  public void row(CheckedRow row) {
    boolean aboutKeys = SystemEvent.KEY_EVENTS.stream().anyMatch(row::is);
    if (aboutKeys && history.misses(row.sequence())) {
      findings.broken(
          Finding.KEYS,
          row.sequence(),
          "it is an event about keys, but the index by event type does not have it: the index was changed");
    }
    long sequence = row.sequence();
    Optional<String> named = row.stored().keyId();
    if (named.isEmpty() || sequence < 1 || !row.isSigned()) {
      // An unsigned row may name any key; the signature check reports it.
      return;
    }
    String keyId = named.get();
    firstKey = sequence == 1 && fromStart ? keyId : firstKey;
    KeyValidity era = eras.get(keyId);
    if (era == null) {
      // The key is accepted from a later row on; the signature check reports the row.
      return;
    }
    if (sequence <= era.introduced()) {
      broken(sequence, "it is signed by key %s, which row %s introduces", keyId, era.introduced());
    } else if (era.isRevoked() && sequence > era.revoked()) {
      broken(sequence, "it is signed by key %s, which row %s revokes", keyId, era.revoked());
    } else if (era.isRevoked() && sequence >= era.suspect()) {
      suspects.computeIfAbsent(keyId, id -> new long[] {sequence, 0})[1]++;
    }
  }

  private void broken(long sequence, String message, String keyId, long row) {
    findings.broken(Finding.KEYS, sequence, message.formatted(keyId, row));
  }

  @Override
  public void end() {
    history
        .faults()
        .forEach(fault -> findings.broken(Finding.KEYS, fault.sequence(), fault.message()));
    suspects.forEach(
        (keyId, rows) ->
            findings.unknown(
                Finding.KEYS,
                rows[0],
                "%s rows from row %s on are signed by key %s at a time when others may have held it, as row %s states: any of them may be forged"
                    .formatted(rows[1], rows[0], keyId, eras.get(keyId).revoked())));
    history.replacements().forEach(this::replaced);
    if (!secondKeys.isEmpty()
        && history.secondKeys().stream().map(SecondKey::key).noneMatch(secondKeys::contains)) {
      findings.unknown(
          Finding.KEYS,
          "no row adds the given ML-DSA-44 key, so no checkpoint was checked with it: the key is of another log, or the row was removed");
    }
    findings.holds(Finding.KEYS, describe());
  }

  /** Reports a key that no other key introduced, whether its rows are accepted or not. */
  private void replaced(Replacement replacement) {
    String keyId = replacement.key().keyId();
    String message = "no key introduced key " + keyId + "; " + replacement.describe();
    if (history.era(keyId).isEmpty()) {
      findings.unknown(
          Finding.KEYS,
          replacement.sequence(),
          message
              + ". The chain does not prove that the owner of the log did that: ask the owner; if so,"
              + " accept that key too");
    } else if (history.introduction(keyId).isEmpty()) {
      findings.absent(
          Finding.KEYS, replacement.sequence(), message + ". It is accepted because it was given");
    }
  }

  private String describe() {
    List<String> all = new ArrayList<>();
    history.eras().forEach(era -> all.add(describe(era)));
    history
        .secondKeys()
        .forEach(
            second ->
                all.add(
                    "%s signs the checkpoints from row %s on, too"
                        .formatted(second.key(), second.sequence())));
    return all.isEmpty()
        ? "none is accepted"
        : (history.isRooted() ? "from the given keys: " : "from the data directory: ")
            + String.join("; ", all);
  }

  private String describe(KeyValidity era) {
    String keyId = era.key().keyId();
    OptionalLong introduction = history.introduction(keyId);
    String from =
        introduction.isPresent()
            ? " introduced by row " + introduction.getAsLong()
            : keyId.equals(firstKey)
                ? " the first"
                : history
                    .replacement(keyId)
                    .map(found -> " introduced by no row (see row " + found.sequence() + ")")
                    .orElse(" introduced by no row");
    return keyId + from + (era.isRevoked() ? ", revoked by row " + era.revoked() : "");
  }
}
