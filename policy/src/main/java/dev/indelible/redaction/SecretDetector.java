// SPDX-License-Identifier: Apache-2.0
package dev.indelible.redaction;

import java.util.List;

/**
 * Finds secrets in texts: {@link Scanner} those of known forms, {@link PatternDetector} those of a
 * configured pattern. Its time is linear in the length of the text.
 */
@FunctionalInterface
public interface SecretDetector {
  /**
   * Adds the secrets in a text to a list, in any order. They may overlap.
   *
   * @param isShell true if a shell reads the text
   */
  void find(String text, boolean isShell, List<Found> found);

  /** Returns the most steps that a character of a text takes. */
  default int stepsPerChar() {
    return 1;
  }
}
