// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.Cosignature;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.MlDsa44SigningKey;
import dev.indelible.crypto.SigningException;
import dev.indelible.encoding.Timestamps;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.KeyHistory.SecondKey;
import java.util.Optional;

/** The ML-DSA-44 signature that the log adds to its checkpoints (C2SP tlog-cosignature). */
final class SecondSignature {
  private SecondSignature() {}

  /**
   * Returns the checkpoint with the signature of the ML-DSA-44 key that the chain names, or the
   * checkpoint itself if the chain names none. The chain is read each time, because another process
   * may have added the key. Used within the transaction that stores the checkpoint.
   *
   * @throws SigningException if the key cannot sign now
   */
  static SignedCheckpoint add(SignedCheckpoint signed, ChainEnd end, CheckpointFile file)
      throws LedgerException {
    Optional<SecondKey> named = end.secondKey(signed.unverified().size());
    if (named.isEmpty()) {
      return signed;
    }
    try {
      MlDsa44SigningKey key = file.secondKey();
      if (!key.verificationKey().equals(named.get().key())) {
        throw SigningException.withheld(
            key.verificationKey(),
            "row %s names %s for the log's checkpoints; restore the private half of that key"
                .formatted(named.get().sequence(), named.get().key()));
      }
      return signed.with(
          Cosignature.sign(
                  signed.unverified().origin(),
                  key,
                  signed.unverified(),
                  Timestamps.now().getEpochSecond())
              .line());
    } catch (KeyException | CheckpointParseException e) {
      throw SigningException.withheld(
          named.get().key(),
          "row %s names it for the log's checkpoints; if another host added it, copy the directory keys/ of that host to this host: %s"
              .formatted(named.get().sequence(), e.getMessage()));
    }
  }
}
