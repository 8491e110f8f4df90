// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

/** A data directory cannot be opened. The message states what is wrong, where, and what to do. */
public final class OpenException extends Exception {
  public OpenException(String message) {
    super(message);
  }

  public OpenException(String message, Throwable cause) {
    super(message, cause);
  }
}
