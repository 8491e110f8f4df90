// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.ExposedKeyException;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.KeyRotation;
import dev.indelible.sqlite.SqliteLedger;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The log in a data directory, with the facts that decide which key may sign: only a new log gets a
 * new key and starter rules (D11). Reading it writes nothing.
 */
final class ExistingLog {
  private static final String REPLACE =
      "if it is lost, 'indelible keys replace --lost --reason TEXT' replaces it and records that";

  private final DataDirectory data;
  private final Optional<ChainRow> first;
  private final Optional<ChainRow> last;

  /** Rotations that both keys signed, oldest first. */
  private final List<KeyRotation> rotations;

  /** The row of the policy that came into force last. */
  private final Optional<ChainRow> policy;

  /** The error of reading the ledger; empty if it was read. */
  private final Optional<LedgerException> unreadable;

  private ExistingLog(
      DataDirectory data,
      Optional<ChainRow> first,
      Optional<ChainRow> last,
      List<KeyRotation> rotations,
      Optional<ChainRow> policy,
      Optional<LedgerException> unreadable) {
    this.data = data;
    this.first = first;
    this.last = last;
    this.rotations = rotations;
    this.policy = policy;
    this.unreadable = unreadable;
  }

  /** Reads the log of a data directory. */
  static ExistingLog read(DataDirectory data) {
    try {
      Optional<SqliteLedger> found = SqliteLedger.openIfThere(data.database());
      if (found.isEmpty()) {
        return unread(data, Optional.empty());
      }
      try (SqliteLedger ledger = found.get()) {
        return new ExistingLog(
            data,
            ledger.row(1),
            ledger.lastRow(),
            rotations(ledger),
            ledger.lastRow(SystemEvent.POLICY_LOADED),
            Optional.empty());
      }
    } catch (LedgerException e) {
      return unread(data, Optional.of(e));
    }
  }

  private static ExistingLog unread(DataDirectory data, Optional<LedgerException> why) {
    return new ExistingLog(
        data, Optional.empty(), Optional.empty(), List.of(), Optional.empty(), why);
  }

  /** Returns true if a log exists here, or may exist because the ledger cannot be read. */
  boolean isBegun() {
    return last.isPresent()
        || unreadable.isPresent()
        || Files.exists(data.lastCheckpoint(), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Returns true if the policy with this digest is the one that came into force last by the rows of
   * the ledger. False may be wrong, for example while rows wait in a journal: the policy then gets
   * one more row.
   */
  boolean isInForce(String digest) {
    return policy
        .flatMap(ChainRow::payload)
        .filter(payload -> PolicyText.records(payload, digest))
        .isPresent();
  }

  /** Returns true if the ledger has rows. */
  boolean hasRows() {
    return last.isPresent();
  }

  /** Requires a signing key in the data directory, and that it belongs to this log. */
  void requireKey() throws KeyException, LedgerException {
    VerificationKey key;
    try {
      Path keys = data.path().resolve("keys");
      if (Files.isDirectory(keys) && !(Files.isReadable(keys) && Files.isExecutable(keys))) {
        throw new KeyException(keys + ": cannot be read; check its owner and its permissions");
      }
      if (!data.keys().hasSigningKey() && !data.keys().isExternal()) {
        throw new KeyException(keys + ": there is no signing key");
      }
      key = data.keys().read().verificationKey();
    } catch (ExposedKeyException e) {
      // The key exists, and the message states the remedy.
      throw e;
    } catch (KeyException e) {
      throw new KeyException(
          "%s; %s; restore the log's key, or, %s".formatted(e.getMessage(), evidence(), REPLACE),
          e);
    }
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; restore the right key, or, %s"
              .formatted(data.path().resolve("keys"), key.keyId(), evidence(), REPLACE));
    }
  }

  /** Requires that the key of a running process belongs to the log. */
  void requireKnown(VerificationKey key) throws KeyException, LedgerException {
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; restore the right key and restart this process, or, %s"
              .formatted(data.path(), key.keyId(), evidence(), REPLACE));
    }
  }

  /** Returns true if the ledger could be read. */
  boolean isReadable() {
    return unreadable.isEmpty();
  }

  /** Requires that the ledger could be read. */
  void requireReadable() throws LedgerException {
    if (unreadable.isPresent()) {
      throw unreadable.get();
    }
  }

  /** Requires that the key of an external signer belongs to the log. */
  void requireKey(Signer signer) throws KeyException, LedgerException {
    VerificationKey key = signer.verificationKey();
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; rotate from the log's key to it first (DataDirectory.migrate, KeyEvents.rotate)"
              .formatted(data.path(), key.keyId(), evidence()));
    }
  }

  /** Requires rules: starter rules must not replace lost rules. */
  void requireRules() throws OpenException {
    if (!Files.exists(data.policy())) {
      throw new OpenException(
          "%s: the rules are missing, and %s; restore them from a copy, or create the directory and write new rules into it (docs/policy.md)"
              .formatted(data.policy(), evidence()));
    }
  }

  /** Returns the evidence that a log exists here. */
  String evidence() {
    if (unreadable.isPresent()) {
      return "the ledger cannot be read, so it may have rows (%s)"
          .formatted(unreadable.get().getMessage());
    }
    return last.map(
            row ->
                "the ledger has rows, the last of them row %s%s"
                    .formatted(
                        row.sequence(),
                        row.keyId().map(key -> ", signed by key " + key).orElse("")))
        .orElse(data.lastCheckpoint() + " shows that a log exists here");
  }

  /** Returns the id of the key in the last row, or in the first row if the last has none. */
  Optional<String> lastSigner() {
    return last.flatMap(ChainRow::keyId).or(() -> first.flatMap(ChainRow::keyId));
  }

  /** Returns true if a key belongs to the log, or the log has no rows. */
  private boolean mayKnow(VerificationKey key) throws LedgerException {
    return last.isEmpty() || signs(key);
  }

  /**
   * Returns true if the chain shows that a key belongs to the log: the key signed a row or its own
   * rotation. A public key in the directory is no evidence.
   */
  boolean signs(VerificationKey key) throws LedgerException {
    if (rotations.stream().anyMatch(rotation -> rotation.newKey().equals(key))
        || isSignedBy(key, first)
        || isSignedBy(key, last)) {
      return true;
    }
    try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
      return ledger.hasRowSignedBy(key);
    }
  }

  private static boolean isSignedBy(VerificationKey key, Optional<ChainRow> row) {
    RowCheck check = RowCheck.ofRecords(KeyRing.of(List.of(key)));
    return row.filter(found -> check.content(found).isEmpty()).isPresent();
  }

  /**
   * Returns the accepted keys and earlier ones: the signed rotation to an accepted key vouches for
   * the key before it, even if that public key is missing here.
   */
  KeyRing withEarlierKeys(KeyRing accepted) {
    KeyRing ring = accepted;
    for (int i = rotations.size() - 1; i >= 0; i--) {
      if (ring.find(rotations.get(i).newKey().keyId()).isPresent()) {
        ring = ring.and(KeyRing.of(List.of(rotations.get(i).oldKey())));
      }
    }
    return ring;
  }

  private static List<KeyRotation> rotations(SqliteLedger ledger) throws LedgerException {
    List<KeyRotation> found = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.KEY_ROTATED),
        row -> {
          KeyRotation.read(row)
              .filter(rotation -> rotation.holds(row))
              .filter(
                  rotation ->
                      new RowCheck(KeyRing.of(List.of(rotation.oldKey()))).content(row).isEmpty())
              .ifPresent(found::add);
          return true;
        });
    return found;
  }
}
