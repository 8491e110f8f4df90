// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import java.util.List;

/**
 * A rule ready to be asked.
 *
 * @param rule what it is
 * @param kind the kind of action it is about
 * @param conditions what must hold, all of it
 */
record CompiledRule(Rule rule, String kind, List<Condition> conditions) {
  CompiledRule {
    conditions = List.copyOf(conditions);
  }

  /** Whether the rule applies to an action of its kind. */
  boolean matches(Subject subject) {
    for (Condition condition : conditions) {
      if (!condition.holds(subject)) {
        return false;
      }
    }
    return true;
  }

  /** What a match decides. */
  Decision onMatch() {
    return switch (rule.severity()) {
      case REFUSE -> new Refuse(rule.id(), rule.reason());
      case ESCALATE -> new Escalate(rule.id(), rule.reason());
      case WARN -> new Warn(rule.id(), rule.reason());
      case LOG -> new Allow();
    };
  }
}
