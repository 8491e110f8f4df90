// SPDX-License-Identifier: Apache-2.0
package dev.indelible.testkit;

/**
 * Chooses how many cases of a long table a test runs: a sample, or all of them with {@code -Pfull}.
 */
public final class Sample {
  private static final boolean FULL = Boolean.getBoolean("indelible.full");

  private Sample() {}

  /**
   * Returns the distance between the cases to run. A step that shares no factor with 8 reaches
   * every bit position of a byte.
   */
  public static int step(int step) {
    return FULL ? 1 : step;
  }
}
