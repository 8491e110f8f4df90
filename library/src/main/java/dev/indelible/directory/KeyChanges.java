// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.KeyEvents;
import dev.indelible.crypto.KeyDirectory.KeyRecord;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.SecondKey;
import dev.indelible.storage.StoredLedger;
import java.util.List;
import java.util.Optional;

/**
 * Changes the signing key of a log: rotates it, migrates it to an external signer, or replaces a
 * lost one. The chain records each change before the next key signs. Also adds and replaces the
 * ML-DSA-44 key of the log's checkpoints.
 */
public final class KeyChanges {
  /** Remedy for a lost ML-DSA-44 key. */
  private static final String REPLACE_ML_DSA_44 =
      "; if it is lost, 'indelible keys add-ml-dsa-44 --lost --reason TEXT' replaces it";

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

  /**
   * The result of adding an ML-DSA-44 key.
   *
   * @param key the key that signs checkpoints from now on
   * @param added false if the chain named the key before
   */
  public record Addition(MlDsa44Key key, boolean added) {}

  /** Adds the key to the chain, unless the chain names it; then requires its private half. */
  Addition addMlDsa44(Signer signer, KeyRing accepted) throws KeyException, LedgerException {
    KeyRing keys = accepted.and(KeyRing.of(List.of(signer.verificationKey())));
    Optional<SecondKey> named = namedMlDsa44(keys);
    if (named.isPresent()) {
      requireMlDsa44(named.get());
      return new Addition(named.get().key(), false);
    }
    MlDsa44Key key = data.keys().openOrCreateMlDsa44().verificationKey();
    try (KeyEvents events = data.keyEvents(keys)) {
      events.addMlDsa44(signer, key, Optional.empty());
    }
    return new Addition(key, true);
  }

  /** Requires the private half of the ML-DSA-44 key that the chain names. */
  void requireMlDsa44(SecondKey named) throws KeyException {
    MlDsa44Key here;
    try {
      here = data.keys().openMlDsa44().verificationKey();
    } catch (KeyException e) {
      throw new KeyException(e.getMessage() + REPLACE_ML_DSA_44, e);
    }
    if (!here.equals(named.key())) {
      throw new KeyException(
          "%s: row %s names %s for the log's checkpoints, but the key here is %s; restore the named key%s"
              .formatted(data.path(), named.sequence(), named.key(), here, REPLACE_ML_DSA_44));
    }
  }

  Addition replaceLostMlDsa44(String reason) throws KeyException, LedgerException {
    DataDirectory.SigningKeys keys = data.signingKeys();
    SecondKey named =
        namedMlDsa44(keys.accepted())
            .orElseThrow(
                () ->
                    new KeyException(
                        data.path() + ": the log has no ML-DSA-44 key; add one without --lost"));
    if (data.keys().holdsMlDsa44(named.key())) {
      throw new KeyException("%s: the log's %s is not lost".formatted(data.path(), named.key()));
    }
    MlDsa44Key key = data.keys().replaceMlDsa44().verificationKey();
    try (KeyEvents events = data.keyEvents(keys.accepted())) {
      events.addMlDsa44(keys.signer(), key, Optional.of(reason));
    }
    return new Addition(key, true);
  }

  /** Returns the ML-DSA-44 key that the chain names last; empty if it names none. */
  private Optional<SecondKey> namedMlDsa44(KeyRing keys) throws LedgerException {
    Optional<StoredLedger> found = data.engine().openIfThere();
    if (found.isEmpty()) {
      return Optional.empty();
    }
    try (StoredLedger ledger = found.get()) {
      return KeyHistory.read(ledger, keys, true).secondAt(Long.MAX_VALUE);
    }
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
      try (LedgerReader ledger = data.engine().open()) {
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
      try (KeyEvents events = KeyEvents.ofLostKey(data.openWriter(), data.checkpointFile(), keys)) {
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
