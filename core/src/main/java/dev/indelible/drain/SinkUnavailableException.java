// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/**
 * A sink could not append a batch because of its surroundings: busy, locked, disk full, I/O,
 * connection gone. The weather of D6: tried again for as long as it lasts, and never counted
 * against a restart budget.
 */
public final class SinkUnavailableException extends SinkException {
  public SinkUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
