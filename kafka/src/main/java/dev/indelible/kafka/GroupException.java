// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

/** Thrown for a message that is refused. */
final class GroupException extends Exception {
  private static final long serialVersionUID = 1;

  private final Refusal refusal;

  GroupException(Refusal refusal, String message) {
    super(message);
    this.refusal = refusal;
  }

  Refusal refusal() {
    return refusal;
  }
}
