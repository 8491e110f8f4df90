// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.fact.Fact;
import java.util.List;

/** A condition of a rule. */
@FunctionalInterface
interface Condition {
  /**
   * Returns true if the condition holds.
   *
   * @param because receives the fact that meets the condition, if the condition is about facts
   * @throws RuntimeException if it cannot be evaluated; the rule then blocks
   */
  boolean holds(Subject subject, List<Fact> because);
}
