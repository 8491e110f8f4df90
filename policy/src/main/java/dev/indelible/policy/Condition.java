// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

/** One condition of a rule. */
@FunctionalInterface
interface Condition {
  /**
   * Whether it holds.
   *
   * @throws RuntimeException if that cannot be told; the rule then blocks
   */
  boolean holds(Subject subject);
}
