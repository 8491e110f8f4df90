// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.crypto.KeyDirectory.KeyRecord;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import java.util.List;
import java.util.Optional;

/**
 * Changes the signing key of a log: rotates it, migrates it to an external signer, or replaces a
 * lost one. The chain records each change before the next key signs.
 */
final class KeyChanges {
  private final DataDirectory data;

  KeyChanges(DataDirectory data) {
    this.data = data;
  }

  Rotation rotate() throws KeyException, LedgerException {
    return data.keys().rotate(new Chain(data, data.signingKeys().accepted()));
  }

  void migrate(Signer next) throws KeyException, LedgerException {
    data.keys().migrate(next.checked(), new Chain(data, data.signingKeys().accepted()));
  }

  Replacement replaceLost(String reason) throws KeyException, LedgerException {
    // The loss is confirmed before anything is written, and again under the lock of the key
    // directory.
    confirmLoss(reason);
    return data.keys().replace(() -> confirmLoss(reason));
  }

  private LostKey confirmLoss(String reason) throws KeyException, LedgerException {
    ExistingLog log = data.readLog();
    if (!log.hasRows()) {
      throw new KeyException(
          data.path()
              + ": the log has no rows, so it has no lost key; create a key with 'indelible keys"
              + " init'");
    }
    Optional<SigningKey> present = usableKey();
    if (present.isPresent() && log.signs(present.get().verificationKey())) {
      throw new KeyException(
          "%s: the log's key %s is not lost; change it with 'indelible keys rotate'"
              .formatted(data.path(), present.get().verificationKey().keyId()));
    }
    return new LostKey(data, log, reason);
  }

  private Optional<SigningKey> usableKey() {
    try {
      return Optional.of(data.keys().read());
    } catch (KeyException e) {
      return Optional.empty();
    }
  }

  /** Records a rotation in the chain. */
  private record Chain(DataDirectory data, KeyRing accepted) implements KeyRecord<LedgerException> {
    @Override
    public boolean contains(VerificationKey key) throws LedgerException {
      try (LedgerReader ledger = SqliteLedger.open(data.database())) {
        return KeyHistory.read(ledger, accepted, false).introduction(key.keyId()).isPresent();
      }
    }

    @Override
    public void add(SigningKey signer, Signer next) throws LedgerException {
      KeyRing keys = accepted.and(KeyRing.of(List.of(signer.verificationKey())));
      try (KeyEvents events = data.keyEvents(keys)) {
        events.rotate(signer, next);
      }
    }
  }

  /** Records the replacement of a lost key in the chain. */
  private record LostKey(DataDirectory data, ExistingLog log, String reason)
      implements KeyRecord<LedgerException> {
    /** Returns true for a key that signed rows; also for a key of a rotation before the loss. */
    @Override
    public boolean contains(VerificationKey key) throws LedgerException {
      return log.signs(key);
    }

    @Override
    public void add(SigningKey signer, Signer next) throws LedgerException {
      KeyRing keys = KeyRing.of(List.of(signer.verificationKey())).and(readable());
      try (KeyEvents events =
          KeyEvents.ofLostKey(
              SqliteWriter.open(data.database()), CheckpointFile.at(data.lastCheckpoint()), keys)) {
        events.replace(next, log.lastSigner(), reason);
      }
    }

    /** Returns the accepted keys; none if they cannot be read, because they may be lost as well. */
    private KeyRing readable() {
      try {
        return log.withEarlierKeys(data.keys().accepted());
      } catch (KeyException e) {
        return KeyRing.of(List.of());
      }
    }
  }
}
