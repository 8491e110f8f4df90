// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

/** A data directory that cannot be opened. The message says what is wrong, where, what to do. */
public final class OpenException extends Exception {
  public OpenException(String message) {
    super(message);
  }

  public OpenException(String message, Throwable cause) {
    super(message, cause);
  }
}
