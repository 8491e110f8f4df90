// SPDX-License-Identifier: Apache-2.0
package dev.indelible.crypto;

/** Where the accepted public keys are kept. They may become more while a log is at work. */
@FunctionalInterface
public interface KeySource {
  /**
   * Every public key whose signatures are accepted at this moment.
   *
   * @throws KeyException if that cannot be told
   */
  KeyRing accepted() throws KeyException;
}
