// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

/** One condition of a rule. */
@FunctionalInterface
interface Condition {
  /**
   * Returns true if the condition holds.
   *
   * @throws RuntimeException if it cannot be evaluated; the rule then blocks
   */
  boolean holds(Subject subject);
}
