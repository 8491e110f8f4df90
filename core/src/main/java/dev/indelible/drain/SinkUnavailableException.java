// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * A sink could not append a batch because of a transient fault (D6): busy, locked, disk full, I/O,
 * connection lost. It is retried for as long as it lasts, and never counts against a restart
 * budget.
 */
public final class SinkUnavailableException extends SinkException {
  public SinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
