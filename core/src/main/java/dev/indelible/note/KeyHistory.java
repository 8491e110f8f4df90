// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowQuery;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;

/**
 * Which keys sign a chain, and from where to where, as its own {@code key.rotated} and {@code
 * key.compromised} events say. An event counts if its row is signed by a key that is accepted at
 * that place; whether the row has its place in the chain is for the verifier. Immutable once read.
 */
public final class KeyHistory {
  private final boolean rooted;
  private final Map<String, KeyValidity> eras = new LinkedHashMap<>();
  private final Map<String, Long> introductions = new LinkedHashMap<>();
  private final Map<String, Replacement> replacements = new LinkedHashMap<>();
  private final List<Fault> faults = new ArrayList<>();

  /** The rows that were read for this, whatever they said. */
  private final Set<Long> read = new HashSet<>();

  /** The last row there was before they were. */
  private long readTo;

  private KeyHistory(KeyRing first, boolean rooted) {
    this.rooted = rooted;
    for (VerificationKey key : first.keys()) {
      eras.put(key.keyId(), new KeyValidity(key, 0, Long.MAX_VALUE, Long.MAX_VALUE));
    }
  }

  /** These keys, from the first row on, and no events. */
  public static KeyHistory none(KeyRing first) {
    return new KeyHistory(first, false);
  }

  /**
   * Reads the history of a ledger.
   *
   * @param first the keys accepted from the first row on
   * @param rooted whether keys that are introduced by accepted ones are accepted too; if not, an
   *     introduction is only taken note of
   */
  public static KeyHistory read(LedgerReader ledger, KeyRing first, boolean rooted)
      throws LedgerException {
    KeyHistory history = new KeyHistory(first, rooted);
    Optional<UUID> id = ledger.id();
    history.readTo = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
    for (ChainRow row : events(ledger)) {
      history.read.add(row.sequence());
      history.take(row, id);
    }
    return history;
  }

  /**
   * As {@link #read(LedgerReader, KeyRing, boolean)}, from rows that were read already, and with
   * the keys that they introduce.
   *
   * @param ledger which ledger they are of
   * @param events all its rows about keys
   */
  public static KeyHistory of(UUID ledger, List<ChainRow> events, KeyRing first) {
    KeyHistory history = new KeyHistory(first, true);
    events.stream()
        .sorted(Comparator.comparingLong(ChainRow::sequence))
        .forEach(row -> history.take(row, Optional.of(ledger)));
    return history;
  }

  private static List<ChainRow> events(LedgerReader ledger) throws LedgerException {
    List<ChainRow> events = new ArrayList<>();
    for (String type : SystemEvent.KEY_EVENTS) {
      ledger.forEachRow(
          RowQuery.ofType(type),
          row -> {
            if (row.eventType().equals(type)) {
              events.add(row);
            }
            return true;
          });
    }
    events.sort(Comparator.comparingLong(ChainRow::sequence));
    return events;
  }

  private void take(ChainRow row, Optional<UUID> ledger) {
    if (row.eventType().equals(SystemEvent.KEY_REPLACED)) {
      replace(row, ledger);
      return;
    }
    if (!isSignedInItsTime(row)) {
      return;
    }
    if (row.eventType().equals(SystemEvent.KEY_ROTATED)) {
      Optional<KeyRotation> rotation = KeyRotation.read(row).filter(said -> said.holds(row));
      if (rotation.isEmpty()) {
        fault(row, "it introduces a key, and the signature of that key does not hold");
      } else if (ledger.isPresent() && !ledger.get().equals(rotation.get().ledger())) {
        fault(row, "it introduces a key for another ledger: " + rotation.get().ledger());
      } else {
        introduce(row.sequence(), rotation.get().newKey());
      }
    } else {
      Optional<KeyRevocation> compromise = KeyRevocation.read(row);
      if (compromise.isEmpty()) {
        fault(row, "it gives up a key, and cannot be read");
      } else {
        giveUp(row.sequence(), compromise.get());
      }
    }
  }

  /** What is signed by nobody, or by a key that was given up before, says nothing of other keys. */
  private boolean isSignedInItsTime(ChainRow row) {
    Optional<KeyValidity> era = row.keyId().flatMap(this::era);
    return era.isPresent()
        && era.get().mayRecord(row.sequence())
        && new RowCheck(keys()).content(row).isEmpty();
  }

  private void introduce(long sequence, VerificationKey key) {
    introductions.putIfAbsent(key.keyId(), sequence);
    if (rooted) {
      eras.putIfAbsent(key.keyId(), new KeyValidity(key, sequence, Long.MAX_VALUE, Long.MAX_VALUE));
    }
  }

  /** Takes note of a replacement. It accepts no key: the new one alone stands behind it. */
  private void replace(ChainRow row, Optional<UUID> ledger) {
    Optional<KeyReplacement> said = KeyReplacement.read(row).filter(read -> read.holds(row));
    if (said.isPresent() && said.get().ledger().equals(ledger.orElse(said.get().ledger()))) {
      KeyReplacement read = said.get();
      replacements.putIfAbsent(
          read.newKey().keyId(),
          new Replacement(row.sequence(), read.newKey(), read.lostKeyId(), read.reason()));
    } else if (isSignedInItsTime(row)) {
      fault(row, "it replaces a lost key, and cannot be read, or is of another ledger");
    }
  }

  private void giveUp(long sequence, KeyRevocation said) {
    eras.computeIfPresent(
        said.keyId(),
        (id, era) ->
            era.revoked() < sequence
                ? era
                : new KeyValidity(
                    era.key(),
                    era.introduced(),
                    Math.min(said.sinceSequence().orElse(sequence), sequence),
                    sequence));
  }

  private void fault(ChainRow row, String message) {
    faults.add(new Fault(row.sequence(), message));
  }

  /**
   * Whether an event about keys in that row would be missing here: an index by which such rows are
   * found need not have all of them. One behind all rows there were when this was read is not.
   */
  public boolean misses(long sequence) {
    return sequence <= readTo && !read.contains(sequence);
  }

  /** Every key that is accepted anywhere in the chain. */
  public KeyRing keys() {
    return KeyRing.of(eras.values().stream().map(KeyValidity::key).toList());
  }

  /** The keys that may sign a checkpoint over so many rows. */
  public Collection<VerificationKey> signingAt(long size) {
    return eras.values().stream()
        .filter(era -> era.introduced() <= size && size < era.revoked())
        .map(KeyValidity::key)
        .toList();
  }

  /** What is known of a key that is accepted. */
  public Optional<KeyValidity> era(String keyId) {
    return Optional.ofNullable(eras.get(keyId));
  }

  /** All that is known of the keys that are accepted. */
  public Collection<KeyValidity> eras() {
    return List.copyOf(eras.values());
  }

  /** The row that introduces a key, accepted or not. */
  public OptionalLong introduction(String keyId) {
    Long row = introductions.get(keyId);
    return row == null ? OptionalLong.empty() : OptionalLong.of(row);
  }

  /** Returns the row by which a key, accepted or not, took the place of a lost one. */
  public Optional<Replacement> replacement(String keyId) {
    return Optional.ofNullable(replacements.get(keyId));
  }

  /** Returns every replacement of a lost key, of keys accepted or not, oldest first. */
  public Collection<Replacement> replacements() {
    return List.copyOf(replacements.values());
  }

  /** Whether keys are accepted for being introduced. */
  public boolean isRooted() {
    return rooted;
  }

  /** What is wrong with events about keys that are signed as they should be. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }

  /**
   * Where in the chain a key signs.
   *
   * @param key the key
   * @param introduced the row behind which it may sign; 0 for one that is accepted from the start
   * @param suspect the first row that another may have signed with it
   * @param revoked the row behind which it signs nothing of the log's
   */
  public record KeyValidity(VerificationKey key, long introduced, long suspect, long revoked) {
    /** Returns whether it was revoked. */
    public boolean isRevoked() {
      return revoked != Long.MAX_VALUE;
    }

    /** Returns whether an event about keys that it signs in a row counts. */
    boolean mayRecord(long sequence) {
      return introduced < sequence && sequence < revoked;
    }

    /** Returns whether it is accepted for a row, and nobody else may have held it then. */
    boolean isTrustedFor(long sequence) {
      return introduced < sequence && sequence < suspect && sequence <= revoked;
    }
  }

  /**
   * A key that took the place of a lost one, by its own word.
   *
   * @param sequence the row that says so
   * @param key the new key
   * @param lostKeyId the key that is lost, if the row names it
   * @param reason why, as the row says
   */
  public record Replacement(
      long sequence, VerificationKey key, Optional<String> lostKeyId, String reason) {
    /** Most of a reason that is shown: an unknown key may have signed it. */
    private static final int SHOWN_CHARS = 200;

    /** Returns the replacement for a person. */
    public String describe() {
      return "row %s, which it signed itself, says that key %s is lost: %s"
          .formatted(
              sequence,
              lostKeyId.orElse("(not named)"),
              reason.codePointCount(0, reason.length()) > SHOWN_CHARS
                  ? reason.substring(0, reason.offsetByCodePoints(0, SHOWN_CHARS)) + "…"
                  : reason);
    }
  }

  /**
   * An event about keys that does not hold.
   *
   * @param sequence its row
   * @param message what is wrong
   */
  public record Fault(long sequence, String message) {}
}
