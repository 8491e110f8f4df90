// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.fact.Fact;
import java.util.List;

/**
 * A rule with its conditions compiled.
 *
 * @param rule the rule
 * @param clauses at least one; the rule matches if one of them holds
 * @param agents the agents that it restricts; empty for all
 * @param except the principals that it does not restrict
 * @param reason fills in the fields of the reason
 */
record CompiledRule(
    Rule rule, List<Clause> clauses, List<Glob> agents, List<Glob> except, ReasonText reason) {
  CompiledRule {
    clauses = List.copyOf(clauses);
    agents = List.copyOf(agents);
    except = List.copyOf(except);
  }

  /** Returns this rule in shadow mode. */
  CompiledRule inShadowMode() {
    return new CompiledRule(rule.in(Mode.SHADOW), clauses, agents, except, reason);
  }

  /** Returns true if the rule restricts this agent. */
  boolean concerns(Agent agent) {
    return (agents.isEmpty() || isAny(agents, agent.id())) && !isExcepted(agent);
  }

  /** Only a credential excepts an agent: an agent could claim any id. */
  private boolean isExcepted(Agent agent) {
    return agent.principal().isPresent() && isAny(except, agent.principal().get());
  }

  private static boolean isAny(List<Glob> globs, String name) {
    for (Glob glob : globs) {
      if (glob.matches(name)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Returns true if the rule restricts every agent, now and later. Only such a rule replaces a
   * built-in decision (about the gate's own files or an unreadable action): a rule that restricts
   * one agent would otherwise exempt all others, and an agent could claim to be one of them.
   */
  boolean isForEveryone() {
    Rule.Settings settings = rule.settings();
    return agents.isEmpty()
        && except.isEmpty()
        && settings.mode() == Mode.ENFORCE
        && settings.expires().isEmpty();
  }

  /** Returns true if any clause holds; collects the facts that meet it. */
  boolean matches(Subject subject, List<Fact> because) {
    for (Clause clause : clauses) {
      int before = because.size();
      if (clause.holds(subject, because)) {
        return true;
      }
      because.subList(before, because.size()).clear();
    }
    return false;
  }

  /** Returns the decision of a match. */
  Decision onMatch(List<Fact> because) {
    String text = reason.fillIn(because);
    return switch (rule.severity()) {
      case REFUSE -> new Refuse(rule.id(), text);
      case ESCALATE -> new Escalate(rule.id(), text);
      case WARN -> new Warn(rule.id(), text);
      case LOG -> new Allow();
    };
  }
}
