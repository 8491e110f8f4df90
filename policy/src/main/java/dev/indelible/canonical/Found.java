// SPDX-License-Identifier: Apache-2.0
package dev.indelible.canonical;

/** Receives the patterns, or the lists of patterns, that match an operation. */
@FunctionalInterface
interface Found {
  /** Accepts the number of a pattern or list, and its relation to the operation. */
  void found(int number, Relation relation);
}
