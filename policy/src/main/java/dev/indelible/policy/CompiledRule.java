// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import java.util.List;

/**
 * A rule with its conditions compiled.
 *
 * @param rule the rule
 * @param kind the kind of action that it is about
 * @param conditions the conditions, all of which must hold
 */
record CompiledRule(Rule rule, String kind, List<Condition> conditions) {
  CompiledRule {
    conditions = List.copyOf(conditions);
  }

  /** Returns true if the rule matches an action of its kind. */
  boolean matches(Subject subject) {
    for (Condition condition : conditions) {
      if (!condition.holds(subject)) {
        return false;
      }
    }
    return true;
  }

  /** Returns the decision of a match. */
  Decision onMatch() {
    return switch (rule.severity()) {
      case REFUSE -> new Refuse(rule.id(), rule.reason());
      case ESCALATE -> new Escalate(rule.id(), rule.reason());
      case WARN -> new Warn(rule.id(), rule.reason());
      case LOG -> new Allow();
    };
  }
}
