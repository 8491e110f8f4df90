// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
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
import java.util.TreeMap;
import java.util.UUID;

/**
 * The keys that sign a chain and the rows at which each is valid, read from the chain's own events
 * about keys. An event counts if a key that is valid at its row signed it; the verifier checks the
 * row's position in the chain. Immutable once read.
 */
public final class KeyHistory {
  private final boolean rooted;
  private final Map<String, KeyValidity> eras = new LinkedHashMap<>();
  private final Map<String, Long> introductions = new LinkedHashMap<>();
  private final Map<String, KeyRotation> rotations = new LinkedHashMap<>();
  private final Map<String, Replacement> replacements = new LinkedHashMap<>();
  private final TreeMap<Long, SecondKey> secondKeys = new TreeMap<>();
  private final List<Fault> faults = new ArrayList<>();

  /** The sequences of all rows that were read, valid or not. */
  private final Set<Long> read = new HashSet<>();

  /** The last row of the chain before the events were read. */
  private long readTo;

  private KeyHistory(KeyRing first, boolean rooted) {
    this.rooted = rooted;
    for (VerificationKey key : first.keys()) {
      eras.put(key.keyId(), new KeyValidity(key, 0, Long.MAX_VALUE, Long.MAX_VALUE));
    }
  }

  /** Returns a history of keys that are valid from the first row on, without events. */
  public static KeyHistory none(KeyRing first) {
    return new KeyHistory(first, false);
  }

  /**
   * Reads the history of a ledger.
   *
   * @param first the keys accepted from the first row on
   * @param rooted true to also accept the keys that an accepted key introduces; false to only
   *     record introductions
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
   * Creates the history from rows that were read already; accepts the keys that they introduce.
   *
   * @param ledger the ledger of the rows
   * @param events all rows about keys
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
      Optional<KeyRotation> rotation = KeyRotation.read(row).filter(read -> read.holds(row));
      if (rotation.isEmpty()) {
        fault(row, "it introduces a key, but that key's own signature is not valid");
      } else if (ledger.isPresent() && !ledger.get().equals(rotation.get().ledger())) {
        fault(row, "it introduces a key for another ledger: " + rotation.get().ledger());
      } else {
        introduce(row.sequence(), rotation.get());
      }
    } else if (row.eventType().equals(SystemEvent.KEY_ML_DSA_44_ADDED)) {
      Optional<MlDsa44Addition> addition = MlDsa44Addition.read(row);
      if (addition.isEmpty()) {
        fault(row, "it adds an ML-DSA-44 key, but cannot be read");
      } else if (ledger.isPresent() && !ledger.get().equals(addition.get().ledger())) {
        fault(row, "it adds an ML-DSA-44 key for another ledger: " + addition.get().ledger());
      } else {
        secondKeys.put(row.sequence(), new SecondKey(row.sequence(), addition.get().key()));
      }
    } else {
      Optional<KeyRevocation> revocation = KeyRevocation.read(row);
      if (revocation.isEmpty()) {
        fault(row, "it revokes a key, but cannot be read");
      } else {
        revoke(row.sequence(), revocation.get());
      }
    }
  }

  /**
   * Returns true if a valid key signed the event; an unsigned event, or one signed by a revoked
   * key, does not count.
   */
  private boolean isSignedInItsTime(ChainRow row) {
    Optional<KeyValidity> era = row.keyId().flatMap(this::era);
    return era.isPresent()
        && era.get().mayRecord(row.sequence())
        && new RowCheck(keys()).content(row).isEmpty();
  }

  private void introduce(long sequence, KeyRotation rotation) {
    VerificationKey key = rotation.newKey();
    rotations.remove(key.keyId());
    rotations.put(rotation.oldKey().keyId(), rotation);
    introductions.putIfAbsent(key.keyId(), sequence);
    if (rooted) {
      eras.putIfAbsent(key.keyId(), new KeyValidity(key, sequence, Long.MAX_VALUE, Long.MAX_VALUE));
    }
  }

  /**
   * Records a replacement. The new key is not accepted, because only the new key signed the event.
   */
  private void replace(ChainRow row, Optional<UUID> ledger) {
    Optional<KeyReplacement> replacement = KeyReplacement.read(row).filter(read -> read.holds(row));
    if (replacement.isPresent()
        && replacement.get().ledger().equals(ledger.orElse(replacement.get().ledger()))) {
      KeyReplacement read = replacement.get();
      replacements.putIfAbsent(
          read.newKey().keyId(),
          new Replacement(row.sequence(), read.newKey(), read.lostKeyId(), read.reason()));
    } else if (isSignedInItsTime(row)) {
      fault(row, "it replaces a lost key, but cannot be read, or is of another ledger");
    }
  }

  private void revoke(long sequence, KeyRevocation revocation) {
    eras.computeIfPresent(
        revocation.keyId(),
        (id, era) ->
            era.revoked() < sequence
                ? era
                : new KeyValidity(
                    era.key(),
                    era.introduced(),
                    Math.min(revocation.sinceSequence().orElse(sequence), sequence),
                    sequence));
  }

  private void fault(ChainRow row, String message) {
    faults.add(new Fault(row.sequence(), message));
  }

  /**
   * Returns true if this history lacks the event about keys in a row, because the index by event
   * type lacks that row. A row that was appended after the reading is not missed.
   */
  public boolean misses(long sequence) {
    return sequence <= readTo && !read.contains(sequence);
  }

  /** Returns every key that is accepted anywhere in the chain. */
  public KeyRing keys() {
    return KeyRing.of(eras.values().stream().map(KeyValidity::key).toList());
  }

  /** Returns the keys that may sign a checkpoint of a tree size. */
  public Collection<VerificationKey> signingAt(long size) {
    return eras.values().stream()
        .filter(era -> era.introduced() <= size && size < era.revoked())
        .map(KeyValidity::key)
        .toList();
  }

  /**
   * Returns the ML-DSA-44 key that signs checkpoints of a tree size beside an Ed25519 key; empty if
   * there is none at that size.
   */
  public Optional<SecondKey> secondAt(long size) {
    return Optional.ofNullable(secondKeys.floorEntry(size)).map(Map.Entry::getValue);
  }

  /** Returns every ML-DSA-44 key of the log's checkpoints, oldest first. */
  public Collection<SecondKey> secondKeys() {
    return List.copyOf(secondKeys.values());
  }

  /** Returns the validity of an accepted key; empty if the key is not accepted. */
  public Optional<KeyValidity> era(String keyId) {
    return Optional.ofNullable(eras.get(keyId));
  }

  /**
   * Returns true if the key that a row names is valid at the row, and nobody else may have held it
   * then. Does not verify the row's signature.
   */
  boolean isTrustedFor(ChainRow row) {
    return row.keyId()
        .flatMap(this::era)
        .filter(era -> era.isTrustedFor(row.sequence()))
        .isPresent();
  }

  /** Returns the validity of every accepted key. */
  public Collection<KeyValidity> eras() {
    return List.copyOf(eras.values());
  }

  /** Returns the row that introduces a key, accepted or not. */
  public OptionalLong introduction(String keyId) {
    Long row = introductions.get(keyId);
    return row == null ? OptionalLong.empty() : OptionalLong.of(row);
  }

  /** Returns the last rotation from a key to another; empty if the key was not rotated. */
  public Optional<KeyRotation> rotation(String keyId) {
    return Optional.ofNullable(rotations.get(keyId));
  }

  /** Returns the event with which a key, accepted or not, replaced a lost one. */
  public Optional<Replacement> replacement(String keyId) {
    return Optional.ofNullable(replacements.get(keyId));
  }

  /**
   * Returns every replacement of a lost key, oldest first, whether the new key is accepted or not.
   */
  public Collection<Replacement> replacements() {
    return List.copyOf(replacements.values());
  }

  /** Returns true if a key is accepted once an accepted key introduces it. */
  public boolean isRooted() {
    return rooted;
  }

  /** Returns the faults of validly signed events about keys. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }

  /**
   * The rows at which a key is valid.
   *
   * @param key the key
   * @param introduced the row after which the key may sign; 0 for a key that is accepted from the
   *     start
   * @param suspect the first row that others may have signed with the key
   * @param revoked the row after which the key is no longer valid
   */
  public record KeyValidity(VerificationKey key, long introduced, long suspect, long revoked) {
    /** Returns true if the key was revoked. */
    public boolean isRevoked() {
      return revoked != Long.MAX_VALUE;
    }

    /** Returns true if an event about keys counts when this key signs it in a row. */
    boolean mayRecord(long sequence) {
      return introduced < sequence && sequence < revoked;
    }

    /** Returns true if the key is valid at a row, and nobody else may have held it then. */
    boolean isTrustedFor(long sequence) {
      return introduced < sequence && sequence < suspect && sequence <= revoked;
    }
  }

  /**
   * A key that replaced a lost one, by an event that only the new key signed.
   *
   * @param sequence the row of the event
   * @param key the new key
   * @param lostKeyId the id of the lost key, if the row names it
   * @param reason the reason stated in the row
   */
  public record Replacement(
      long sequence, VerificationKey key, Optional<String> lostKeyId, String reason) {
    /** Maximum characters of a reason that are shown, because an unknown key may have signed it. */
    private static final int SHOWN_CHARS = 200;

    /** Describes the replacement in words. */
    public String describe() {
      return "row %s, signed by the new key itself, states that key %s is lost: %s"
          .formatted(
              sequence,
              lostKeyId.orElse("(not named)"),
              reason.codePointCount(0, reason.length()) > SHOWN_CHARS
                  ? reason.substring(0, reason.offsetByCodePoints(0, SHOWN_CHARS)) + "…"
                  : reason);
    }
  }

  /**
   * An ML-DSA-44 key that signs the log's checkpoints beside an Ed25519 key.
   *
   * @param sequence the row that adds the key; checkpoints over it and later rows need its
   *     signature
   * @param key the key
   */
  public record SecondKey(long sequence, MlDsa44Key key) {}

  /**
   * A fault of an event about keys.
   *
   * @param sequence the row of the event
   * @param message the fault
   */
  public record Fault(long sequence, String message) {}
}
