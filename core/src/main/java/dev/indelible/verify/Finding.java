// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import java.util.OptionalLong;

/**
 * What the verifier found of one property.
 *
 * @param check the property, for example {@code signature}
 * @param status whether it holds
 * @param sequence the row it is about, if it is about one
 * @param message what, for a person
 * @param counts whether the verdict depends on it
 */
public record Finding(
    String check, Status status, OptionalLong sequence, String message, boolean counts) {

  /** A finding that counts. */
  public Finding(String check, Status status, OptionalLong sequence, String message) {
    this(check, status, sequence, message, true);
  }

  /** Whether a property holds. */
  public enum Status {
    OK,
    BROKEN,
    /** It cannot be told, and the message says why. */
    UNKNOWN
  }
}
