// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** A key that is there, and that others than its owner can read. */
public final class ExposedKeyException extends KeyException {
  ExposedKeyException(String message) {
    super(message);
  }
}
