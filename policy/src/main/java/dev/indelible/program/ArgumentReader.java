// SPDX-License-Identifier: Apache-2.0
package dev.indelible.program;

import dev.indelible.value.Value;

/** Reads an argument that has a form of its own, for example {@code host:path}. */
interface ArgumentReader {
  /**
   * Adds what the program does with an argument to the scan's uses.
   *
   * @param argument empty if the command line has none
   * @param scan the command line
   */
  void read(Value argument, Template template, Scan scan);
}
