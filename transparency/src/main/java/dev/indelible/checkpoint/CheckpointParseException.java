// SPDX-License-Identifier: Apache-2.0
package dev.indelible.checkpoint;

/**
 * Text that is not of the format it should be. The message says what was being read, and quotes
 * what is wrong with it.
 */
public final class CheckpointParseException extends Exception {
  private static final long serialVersionUID = 1;

  CheckpointParseException(String message) {
    super(message);
  }
}
