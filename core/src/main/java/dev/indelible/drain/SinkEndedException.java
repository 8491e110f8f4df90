// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * Thrown if a sink can never append again, because the log was ended. Recording stops at once, so
 * that a gate refuses what it cannot record. Events that wait stay in the journal.
 */
public final class SinkEndedException extends SinkException {
  public SinkEndedException(String message, Throwable cause) {
    super(message, cause);
  }
}
