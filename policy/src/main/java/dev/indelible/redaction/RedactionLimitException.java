// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

/** Thrown if a redaction exceeds its limits. */
final class RedactionLimitException extends RuntimeException {
  private static final long serialVersionUID = 1;

  RedactionLimitException(String limit) {
    super(limit);
  }
}
