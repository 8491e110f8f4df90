// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * Thrown if a sink could not append a batch because the ledger has a different schema than this
 * version writes, for example because a column was dropped (D6). This is not the fault of an event,
 * so no event becomes a dead letter. Events wait until a person repairs the ledger, and health is
 * {@code failed}.
 */
public final class SinkSchemaException extends SinkException {
  public SinkSchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
