// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

/**
 * Chooses how many cases of a long table a test tries: a sample, or each one with {@code -Pfull}.
 */
public final class Sample {
  private static final boolean FULL = Boolean.getBoolean("indelible.full");

  private Sample() {}

  /**
   * Returns the distance between the cases that are tried. A step that shares no factor with the
   * length of a byte reaches every bit position.
   */
  public static int step(int step) {
    return FULL ? 1 : step;
  }
}
