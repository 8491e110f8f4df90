// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import org.jspecify.annotations.Nullable;

/**
 * A signer that answered with no signature, or with a wrong one, or is not to be asked any more.
 */
public final class SigningException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final boolean wrong;

  private SigningException(String message, boolean wrong, @Nullable Throwable cause) {
    super(message, cause);
    this.wrong = wrong;
  }

  static SigningException unavailable(VerificationKey key, RuntimeException cause) {
    return new SigningException(key + " cannot sign now: " + cause, false, cause);
  }

  static SigningException wrong(VerificationKey key) {
    return new SigningException(
        key + " answered with what is not its signature; is another key behind it?", true, null);
  }

  /**
   * A key that signs nothing of the log's any more.
   *
   * @param sequence the row that says so
   */
  public static SigningException givenUp(VerificationKey key, long sequence) {
    return new SigningException(
        "%s was given up in row %d; start this process anew, with the key in its place"
            .formatted(key, sequence),
        false,
        null);
  }

  /** Whether it answered with a wrong signature; else it gave none, and may do so later. */
  public boolean isWrong() {
    return wrong;
  }
}
