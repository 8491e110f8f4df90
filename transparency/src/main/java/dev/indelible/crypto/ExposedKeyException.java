// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** A private key exists, but users other than its owner can read it. */
public final class ExposedKeyException extends KeyException {
  ExposedKeyException(String message) {
    super(message);
  }
}
