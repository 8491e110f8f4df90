// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

/**
 * A secret in a text.
 *
 * @param start the index of its first character
 * @param end the index after its last character
 * @param detector the name of the detector that found it
 * @param isNamed true if only its name or option shows that it is a secret, for example {@code
 *     PASSWORD=…}; false if its own form does
 */
public record Found(int start, int end, String detector, boolean isNamed) {
  /** Returns a secret that its form shows. */
  static Found byForm(int start, int end, String detector) {
    return new Found(start, end, detector, false);
  }
}
