// SPDX-License-Identifier: Apache-2.0
package dev.indelible.drain;

/** Thrown if a sink could not append a batch; none of its events are settled. */
public class SinkException extends Exception {
  public SinkException(String message, Throwable cause) {
    super(message, cause);
  }

  public SinkException(String message) {
    super(message);
  }
}
