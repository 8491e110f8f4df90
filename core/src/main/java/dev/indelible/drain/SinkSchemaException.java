// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * A sink could not append a batch because the ledger's schema is not the one that this version
 * writes, for example because a column was dropped. No event is at fault, so none becomes a dead
 * letter: they wait until a person has repaired the ledger, and health is {@code failed} (D6).
 */
public final class SinkSchemaException extends SinkException {
  public SinkSchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
