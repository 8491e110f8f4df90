// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** The accepted public keys. Keys may be added while a log is open. */
@FunctionalInterface
public interface KeySource {
  /**
   * Returns every public key whose signatures are accepted now.
   *
   * @throws KeyException if the keys cannot be read
   */
  KeyRing accepted() throws KeyException;

  /**
   * Returns true if a key is here, so that a process that starts here signs with it or accepts it.
   *
   * @throws KeyException if the keys cannot be read
   */
  default boolean holds(VerificationKey key) throws KeyException {
    return accepted().find(key.keyId()).isPresent();
  }
}
