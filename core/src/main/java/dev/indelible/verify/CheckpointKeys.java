// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.KeyHistory;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/**
 * Whose signature a log's checkpoints are to have.
 *
 * @param history the log's keys, and where each of them signs
 * @param origins what the log may be called; anything if empty
 */
record CheckpointKeys(KeyHistory history, Set<String> origins) {
  /**
   * Requires the signature of a key that signs at that size; that of one which does not yet, or any
   * more, proves the opposite.
   *
   * @param origin the log's name
   */
  void verify(SignedCheckpoint signed, String origin, long size) throws VerificationException {
    String own = signed.unverified().origin();
    if (!origins.isEmpty() && !origins.contains(own)) {
      throw new VerificationException(
          Reason.NO_KNOWN_SIGNATURE, "it is one of %s, for which no key was given".formatted(own));
    }
    try {
      signed.verify(origin, named(origin, history.signingAt(size)));
    } catch (VerificationException e) {
      if (e.reason() != Reason.NO_KNOWN_SIGNATURE) {
        throw e;
      }
      signed.verify(origin, named(origin, history.keys().keys()));
      throw new VerificationException(
          Reason.BAD_SIGNATURE, "it is signed by a key that does not sign this many rows");
    }
  }

  /** These keys under a log's name. */
  static List<VerifierKey> named(String name, Collection<VerificationKey> accepted)
      throws VerificationException {
    try {
      return VerifierKey.ofLog(name, accepted);
    } catch (IllegalArgumentException e) {
      throw new VerificationException(Reason.UNKNOWN_ORIGIN, e.getMessage());
    }
  }
}
