// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/** A text does not have the expected format. The message names the format and quotes the fault. */
public final class CheckpointParseException extends Exception {
  private static final long serialVersionUID = 1;

  CheckpointParseException(String message) {
    super(message);
  }
}
