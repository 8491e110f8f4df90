// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import org.jspecify.annotations.Nullable;

/** A signer returned no signature or a wrong one, or its key was revoked. */
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
   * Returns the exception for a key that may not or cannot sign yet.
   *
   * @param reason the reason, and what to do
   */
  public static SigningException withheld(SignatureKey key, String reason) {
    return new SigningException("%s does not sign: %s".formatted(key, reason), Kind.NONE, null);
  }

  static SigningException wrong(VerificationKey key) {
    return new SigningException(
        key
            + ": the signer returned bytes that are not a signature of this key; check which key it signs with",
        Kind.WRONG,
        null);
  }

  /**
   * Returns the exception for a key that the chain revokes.
   *
   * @param sequence the sequence number of the row that revokes the key
   */
  public static SigningException revoked(VerificationKey key, long sequence) {
    return new SigningException(
        "%s is revoked by row %s and signs nothing more; restart this process with the new key; 'indelible log verify' checks that row"
            .formatted(key, sequence),
        Kind.GIVEN_UP,
        null);
  }

  /** Returns true if the signer returned a wrong signature. */
  public boolean isWrong() {
    return kind == Kind.WRONG;
  }

  /** Returns true if the key is revoked. */
  public boolean isRevoked() {
    return kind == Kind.GIVEN_UP;
  }
}
