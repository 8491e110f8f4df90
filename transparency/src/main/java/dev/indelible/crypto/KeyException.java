// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** A key cannot be used. The message states what is wrong, where, and what to do. */
public class KeyException extends Exception {
  public KeyException(String message) {
    super(message);
  }

  public KeyException(String message, Throwable cause) {
    super(message, cause);
  }
}
