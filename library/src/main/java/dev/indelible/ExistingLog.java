// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.ExposedKeyException;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
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
 * What a data directory holds of a log that was begun there earlier, as far as it decides who may
 * sign on: a new key and the starter rules are for a new log only (D11). Reading it writes nothing.
 */
final class ExistingLog {
  private static final String REPLACE =
      "if it is lost, 'indelible keys replace --lost --reason TEXT' puts a new one in its place, on"
          + " record";

  private final DataDirectory data;
  private final Optional<ChainRow> first;
  private final Optional<ChainRow> last;

  /** The introductions of keys that both keys signed, oldest first. */
  private final List<KeyRotation> rotations;

  /** Why the ledger cannot be read, if it cannot. */
  private final Optional<LedgerException> unreadable;

  private ExistingLog(
      DataDirectory data,
      Optional<ChainRow> first,
      Optional<ChainRow> last,
      List<KeyRotation> rotations,
      Optional<LedgerException> unreadable) {
    this.data = data;
    this.first = first;
    this.last = last;
    this.rotations = rotations;
    this.unreadable = unreadable;
  }

  /** Reads it. */
  static ExistingLog read(DataDirectory data) {
    try {
      Optional<SqliteLedger> found = SqliteLedger.openIfThere(data.database());
      if (found.isEmpty()) {
        return new ExistingLog(
            data, Optional.empty(), Optional.empty(), List.of(), Optional.empty());
      }
      try (SqliteLedger ledger = found.get()) {
        return new ExistingLog(
            data, ledger.row(1), ledger.lastRow(), rotations(ledger), Optional.empty());
      }
    } catch (LedgerException e) {
      return new ExistingLog(data, Optional.empty(), Optional.empty(), List.of(), Optional.of(e));
    }
  }

  /** Whether a log was begun here, or that cannot be told. */
  boolean isBegun() {
    return last.isPresent()
        || unreadable.isPresent()
        || Files.exists(data.lastCheckpoint(), LinkOption.NOFOLLOW_LINKS);
  }

  /** Whether the ledger has rows. */
  boolean hasRows() {
    return last.isPresent();
  }

  /** Requires that the key in the data directory is there and signs this log. */
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
      // The key is not missing, and its message names the cure.
      throw e;
    } catch (KeyException e) {
      throw new KeyException(
          "%s; %s; put the log's key back, or, %s".formatted(e.getMessage(), evidence(), REPLACE),
          e);
    }
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; put the right key back, or, %s"
              .formatted(data.path().resolve("keys"), key.keyId(), evidence(), REPLACE));
    }
  }

  /** Requires that the key of a process that has opened this log is one of the log's. */
  void requireKnown(VerificationKey key) throws KeyException, LedgerException {
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; put the right key back and start this process again, or, %s"
              .formatted(data.path(), key.keyId(), evidence(), REPLACE));
    }
  }

  /** Whether the ledger could be read, so that it can tell who signs it. */
  boolean isReadable() {
    return unreadable.isEmpty();
  }

  /** Requires that the ledger could be read. */
  void requireReadable() throws LedgerException {
    if (unreadable.isPresent()) {
      throw unreadable.get();
    }
  }

  /** Requires that a signer that is kept elsewhere signs this log. */
  void requireKey(Signer signer) throws KeyException, LedgerException {
    VerificationKey key = signer.verificationKey();
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not one of this log's: %s; the key before it must introduce it (KeyEvents.rotate)"
              .formatted(data.path(), key.keyId(), evidence()));
    }
  }

  /** Requires rules of the log's own: the starter rules are not put in the place of lost ones. */
  void requireRules() throws OpenException {
    if (!Files.exists(data.policy())) {
      throw new OpenException(
          "%s: the rules are missing, and %s; put them back from a copy, or make the directory and write new ones into it (docs/rules.md)"
              .formatted(data.policy(), evidence()));
    }
  }

  /** What shows that a log was begun here. */
  String evidence() {
    if (unreadable.isPresent()) {
      return "whether the ledger has rows cannot be told (%s)"
          .formatted(unreadable.get().getMessage());
    }
    return last.map(
            row ->
                "the ledger has rows, the last of them row %s%s"
                    .formatted(
                        row.sequence(),
                        row.keyId().map(key -> ", signed by key " + key).orElse("")))
        .orElse(data.lastCheckpoint() + " shows that a log was begun here");
  }

  /** Returns the key that signed last, as far as rows say. */
  Optional<String> lastSigner() {
    return last.flatMap(ChainRow::keyId).or(() -> first.flatMap(ChainRow::keyId));
  }

  /** Whether a key is one of the log's, or there are no rows that could tell. */
  private boolean mayKnow(VerificationKey key) throws LedgerException {
    return last.isEmpty() || signs(key);
  }

  /**
   * Whether the chain itself shows that a key is one of the log's: it signed a row, or co-signed
   * its own introduction. A public key that merely lies in the directory shows nothing.
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
   * Returns the accepted keys and those before them: a key that co-signed its introduction vouches
   * for the key that introduced it, also where that one's public half is no longer here.
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
              .filter(said -> said.holds(row))
              .filter(
                  said -> new RowCheck(KeyRing.of(List.of(said.oldKey()))).content(row).isEmpty())
              .ifPresent(found::add);
          return true;
        });
    return found;
  }
}
