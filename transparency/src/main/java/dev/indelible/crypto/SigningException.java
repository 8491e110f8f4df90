// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

import org.jspecify.annotations.Nullable;

/** A signer returned no signature or a wrong one, or its key may not sign for this log. */
public final class SigningException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private enum Kind {
    NONE,
    WRONG,
    REVOKED,
    REFUSED
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
        Kind.REVOKED,
        null);
  }

  /**
   * Returns the exception for a key that may not sign for this log until a person acts: it is not
   * the log's key, or another host rotated it.
   *
   * @param reason the reason, and what to do
   */
  public static SigningException refused(VerificationKey key, String reason) {
    return new SigningException(
        "%s signs nothing here: %s".formatted(key, reason), Kind.REFUSED, null);
  }

  /** Returns true if the signer returned a wrong signature. */
  public boolean isWrong() {
    return kind == Kind.WRONG;
  }

  /** Returns true if the key is revoked. */
  public boolean isRevoked() {
    return kind == Kind.REVOKED;
  }

  /** Returns true if the log does not accept the key until a person acts. */
  public boolean isRefused() {
    return kind == Kind.REFUSED;
  }
}
