// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * Thrown if a sink could not append a batch because of a transient fault: busy, locked, disk full,
 * I/O, connection lost (D6). The batch is retried while the fault lasts. The fault does not count
 * against the restart budget.
 */
public final class SinkUnavailableException extends SinkException {
  public SinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
