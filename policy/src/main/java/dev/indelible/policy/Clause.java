// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.fact.Fact;
import dev.indelible.fact.Verb;
import java.util.List;
import java.util.Optional;

/**
 * Conditions that must all hold.
 *
 * @param about the verb if any fact with that verb meets the clause; empty if there are further
 *     conditions
 * @param trigger finds the clause for an action
 * @param conditions at least one
 */
record Clause(Optional<Verb> about, Trigger trigger, List<Condition> conditions) {
  Clause {
    conditions = List.copyOf(conditions);
  }

  /** Returns true if all conditions hold; collects the facts that meet them. */
  boolean holds(Subject subject, List<Fact> because) {
    for (Condition condition : conditions) {
      if (!condition.holds(subject, because)) {
        return false;
      }
    }
    return true;
  }
}
