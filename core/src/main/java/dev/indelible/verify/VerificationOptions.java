// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.crypto.KeyRing;
import java.util.function.LongConsumer;

/**
 * What a verification goes by. Immutable; each method gives a copy that differs in one thing.
 *
 * @param keys the public keys whose signatures are accepted
 * @param since the first row to check; the one before it is trusted. 1 or less checks everything
 * @param progress told from time to time how many rows have been checked
 */
public record VerificationOptions(KeyRing keys, long since, LongConsumer progress) {
  /** Every row, against these keys. */
  public static VerificationOptions of(KeyRing keys) {
    return new VerificationOptions(keys, 1, checked -> {});
  }

  /** From that row on, trusting the one before it. */
  public VerificationOptions since(long sequence) {
    return new VerificationOptions(keys, sequence, progress);
  }

  /** With someone to tell how far it is, in rows. */
  public VerificationOptions progress(LongConsumer listener) {
    return new VerificationOptions(keys, since, listener);
  }
}
