// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.LedgerException;
import org.jspecify.annotations.Nullable;

/**
 * Signs with a key that could not be looked up in the chain when the log was opened, because the
 * ledger could not be read. Before its first signature the chain must show that the key is one of
 * this log's; until then events wait in the journal (D11).
 */
final class UnconfirmedSigner implements Signer {
  private final DataDirectory data;
  private final Signer signer;

  /** Any thread that seals rows; set once, and never unset. */
  private volatile boolean confirmed;

  /**
   * Why the key never signs in this process; guarded by this object. Kept, because finding it reads
   * the whole chain, and other writers wait meanwhile.
   */
  private @Nullable String refusal;

  UnconfirmedSigner(DataDirectory data, Signer signer) {
    this.data = data;
    this.signer = signer;
  }

  @Override
  public VerificationKey verificationKey() {
    return signer.verificationKey();
  }

  @Override
  public byte[] sign(byte[] message) {
    if (!confirmed) {
      confirm();
    }
    return signer.sign(message);
  }

  private synchronized void confirm() {
    if (confirmed) {
      return;
    }
    if (refusal != null) {
      throw SigningException.withheld(verificationKey(), refusal);
    }
    try {
      ExistingLog log = ExistingLog.read(data);
      log.requireReadable();
      log.requireKnown(signer.verificationKey());
      confirmed = true;
    } catch (KeyException e) {
      refusal = String.valueOf(e.getMessage());
      throw SigningException.withheld(verificationKey(), refusal);
    } catch (LedgerException e) {
      throw SigningException.withheld(verificationKey(), String.valueOf(e.getMessage()));
    }
  }
}
