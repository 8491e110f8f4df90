// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import org.jspecify.annotations.Nullable;

/**
 * A signer that answered with no signature, or with a wrong one, or is not to be asked any more.
 */
public final class SigningException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private enum Kind {
    NONE,
    WRONG,
    GIVEN_UP
  }

  private final Kind kind;

  private SigningException(String message, Kind kind, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  static SigningException unavailable(VerificationKey key, RuntimeException cause) {
    return new SigningException(key + " cannot sign now: " + cause, Kind.NONE, cause);
  }

  /**
   * A key that does not sign yet.
   *
   * @param reason why, and what to do
   */
  public static SigningException withheld(VerificationKey key, String reason) {
    return new SigningException("%s does not sign: %s".formatted(key, reason), Kind.NONE, null);
  }

  static SigningException wrong(VerificationKey key) {
    return new SigningException(
        key + " answered with bytes that are not its signature; does it sign with another key?",
        Kind.WRONG,
        null);
  }

  /**
   * A key that signs nothing of the log's any more.
   *
   * @param sequence the row that records it
   */
  public static SigningException revoked(VerificationKey key, long sequence) {
    return new SigningException(
        "%s is revoked by row %s and signs nothing more; restart this process with the new key; 'indelible log verify' checks that row"
            .formatted(key, sequence),
        Kind.GIVEN_UP,
        null);
  }

  /** Whether it answered with a wrong signature; else it gave none, and may do so later. */
  public boolean isWrong() {
    return kind == Kind.WRONG;
  }

  /** Whether the key was given up, and signs no more. */
  public boolean isRevoked() {
    return kind == Kind.GIVEN_UP;
  }
}
