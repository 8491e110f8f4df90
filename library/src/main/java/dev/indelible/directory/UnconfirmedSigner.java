// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.LedgerException;
import org.jspecify.annotations.Nullable;

/**
 * Signs with a key that could not be confirmed when the log was opened, because the ledger was
 * unreadable. Before the first signature, the chain must show that the key belongs to the log.
 * Until then, events wait in the journal.
 */
public final class UnconfirmedSigner implements Signer {
  private final DataDirectory data;
  private final Signer signer;

  /** Set once, by any thread that seals rows. */
  private volatile boolean confirmed;

  /**
   * Reason why the key never signs in this process; guarded by this object. Cached, because the
   * look-up reads the whole chain while other writers wait.
   */
  private @Nullable String refusal;

  public UnconfirmedSigner(DataDirectory data, Signer signer) {
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
