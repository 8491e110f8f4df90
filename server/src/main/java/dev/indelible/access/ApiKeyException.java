// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

/** Thrown if the file of the API keys cannot be read or changed; the message states what to do. */
public final class ApiKeyException extends Exception {
  private static final long serialVersionUID = 1;

  ApiKeyException(String message) {
    super(message);
  }

  ApiKeyException(String message, Throwable cause) {
    super(message, cause);
  }
}
