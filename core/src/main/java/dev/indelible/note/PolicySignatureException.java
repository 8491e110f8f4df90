// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import java.util.OptionalLong;

/** Thrown for a policy, or an operator's key, that the operator's signature does not admit. */
public final class PolicySignatureException extends Exception {
  private static final long serialVersionUID = 1;

  private final long number;

  PolicySignatureException(String message) {
    this(message, 0);
  }

  PolicySignatureException(String message, long number) {
    super(message);
    this.number = number;
  }

  /** Returns the number in the signed note; empty if the note is missing or not the operator's. */
  public OptionalLong number() {
    return number == 0 ? OptionalLong.empty() : OptionalLong.of(number);
  }
}
