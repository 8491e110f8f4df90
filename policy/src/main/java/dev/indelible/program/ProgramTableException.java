// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

/**
 * An entry of the program table that cannot be read. The message names the file and the key; an
 * action that needs the entry counts as unreadable.
 */
public final class ProgramTableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ProgramTableException(String message) {
    super(message);
  }

  ProgramTableException(String message, Throwable cause) {
    super(message, cause);
  }
}
