// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * Thrown if a sink cannot append until a person acts: the ledger has a different schema than this
 * version writes, for example because a column was dropped, or the key of this process may not sign
 * for the log (D6). No event is at fault, so none becomes a dead letter. Events wait, and health is
 * {@code failed}.
 */
public final class SinkBlockedException extends SinkException {
  public SinkBlockedException(String message, Throwable cause) {
    super(message, cause);
  }
}
