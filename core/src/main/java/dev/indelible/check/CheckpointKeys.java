// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.SecondKey;
import dev.indelible.verify.VerificationOptions;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Keys that sign a log's checkpoints.
 *
 * @param history the log's keys and the rows that each of them signs
 * @param origins the names that the log may have; if empty, it may have any name
 * @param secondKeys the ML-DSA-44 keys that are accepted; if empty, those that the chain names
 */
record CheckpointKeys(KeyHistory history, Set<String> origins, Set<MlDsa44Key> secondKeys) {
  static CheckpointKeys of(KeyHistory history, VerificationOptions options) {
    return new CheckpointKeys(history, options.origins(), options.secondKeys());
  }

  /**
   * Requires a signature by a key that is valid at a tree size, and by the ML-DSA-44 key of that
   * size, if there is one. A signature by a key that is not yet or no longer valid proves a fault.
   *
   * @param origin the log's name
   */
  void verify(SignedCheckpoint signed, String origin, long size) throws VerificationException {
    String own = signed.unverified().origin();
    if (!origins.isEmpty() && !origins.contains(own)) {
      throw new VerificationException(
          Reason.NO_KNOWN_SIGNATURE,
          "it is a checkpoint of log %s, for which no key is given".formatted(own));
    }
    try {
      signed.verify(origin, named(origin, history.signingAt(size)));
    } catch (VerificationException e) {
      if (e.reason() != Reason.NO_KNOWN_SIGNATURE) {
        throw e;
      }
      signed.verify(origin, named(origin, history.keys().keys()));
      throw new VerificationException(
          Reason.BAD_SIGNATURE, "it is signed by a key that is not valid at its size");
    }
    Optional<SecondKey> second = history.secondAt(size);
    if (second.isPresent()) {
      if (!secondKeys.isEmpty() && !secondKeys.contains(second.get().key())) {
        throw new VerificationException(
            Reason.NO_KNOWN_SIGNATURE,
            "row %s requires a signature of %s, which was not given"
                .formatted(second.get().sequence(), second.get().key()));
      }
      requireSecond(signed, second.get());
    }
  }

  private static void requireSecond(SignedCheckpoint signed, SecondKey second)
      throws VerificationException {
    try {
      signed.note().verify(List.of(second(signed.unverified().origin(), second.key())));
    } catch (VerificationException e) {
      throw e.reason() == Reason.NO_KNOWN_SIGNATURE
          ? new VerificationException(
              Reason.BAD_SIGNATURE,
              "it has no signature of %s, which row %s requires from there on"
                  .formatted(second.key(), second.sequence()))
          : e;
    }
  }

  /** Returns an ML-DSA-44 key as a verifier key with a log's name. */
  static VerifierKey second(String name, MlDsa44Key key) throws VerificationException {
    try {
      return new VerifierKey(name, SignatureType.ML_DSA_44_COSIGNATURE, key);
    } catch (IllegalArgumentException e) {
      throw new VerificationException(Reason.UNKNOWN_ORIGIN, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Requires the signature of any key of the log, under the name that the checkpoint states, and of
   * the ML-DSA-44 key that the chain names for its size.
   */
  static Checkpoint verifyByAny(SignedCheckpoint signed, KeyHistory history)
      throws VerificationException {
    String origin = signed.unverified().origin();
    Checkpoint verified = signed.verify(origin, named(origin, history.keys().keys()));
    Optional<SecondKey> second = history.secondAt(verified.size());
    if (second.isPresent()) {
      requireSecond(signed, second.get());
    }
    return verified;
  }

  /**
   * Returns true if a key that is valid at the checkpoint's size signed it. Anyone may hold a
   * revoked key. Its signature is still evidence, because a rebuilt chain may state a revocation
   * that never happened.
   */
  static boolean isSignedInTime(SignedCheckpoint signed, KeyHistory history) {
    Checkpoint stated = signed.unverified();
    try {
      signed.verify(stated.origin(), named(stated.origin(), history.signingAt(stated.size())));
      return true;
    } catch (VerificationException e) {
      return false;
    }
  }

  /** Returns the log's name in its last checkpoint, if a key of the log signed that checkpoint. */
  static Optional<String> origin(LedgerReader ledger, KeyHistory history) {
    try {
      Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
      return last.isEmpty()
          ? Optional.empty()
          : Optional.of(verifyByAny(SignedCheckpoint.parse(last.get().note()), history).origin());
    } catch (CheckpointParseException | VerificationException e) {
      // An attacker may have stored it so that the log's own checkpoints seem to be of another log.
      return Optional.empty();
    } catch (LedgerException e) {
      // The tree check reports it.
      return Optional.empty();
    }
  }

  /** Returns keys as verifier keys with a log's name. */
  static List<VerifierKey> named(String name, Collection<VerificationKey> accepted)
      throws VerificationException {
    try {
      return VerifierKey.ofLog(name, accepted);
    } catch (IllegalArgumentException e) {
      throw new VerificationException(Reason.UNKNOWN_ORIGIN, e.getMessage());
    }
  }
}
