// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

/**
 * A data directory that cannot be used. The message states what is wrong, where, and what to do.
 */
public final class DirectoryException extends Exception {
  private static final long serialVersionUID = 1;

  DirectoryException(String message) {
    super(message);
  }

  DirectoryException(String message, Throwable cause) {
    super(message, cause);
  }
}
