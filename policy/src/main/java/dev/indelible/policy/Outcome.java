// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.fact.Fact;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The rules that matched an action, of which the most severe decides. Used by one thread. */
final class Outcome {
  private static final ExplainedDecision ALLOWED =
      new ExplainedDecision(new Allow(), Explanation.NONE);

  private final List<String> matched = new ArrayList<>(2);
  private final List<String> facts = new ArrayList<>(2);
  private Optional<String> command = Optional.empty();
  private @Nullable Severity severity;
  private @Nullable Decision decision;

  /** Returns true if a matching rule of this severity decides; among equals, the first decides. */
  boolean isDecidedBy(Severity ofRule) {
    return severity == null || ofRule.compareTo(severity) < 0;
  }

  /** Returns true if a further match can change neither the decision nor its explanation. */
  boolean isSettled() {
    return severity == Severity.REFUSE && matched.size() >= Explanation.MAX_ITEMS;
  }

  /** Adds a rule that matched and decides. */
  void decide(Severity ofRule, Decision byRule, List<Fact> because) {
    byRule.ruleId().ifPresent(matched::add);
    severity = ofRule;
    decision = byRule;
    describe(because, true);
  }

  /** Adds a rule that matched and does not decide. */
  void add(String rule, List<Fact> because) {
    matched.add(rule);
    describe(because, false);
  }

  /** Adds a rule in shadow mode that matched. */
  void addShadow(String rule, List<Fact> because) {
    add(rule + " (shadow)", because);
  }

  private void describe(List<Fact> because, boolean decides) {
    for (Fact fact : because) {
      if (facts.size() < Explanation.MAX_ITEMS) {
        String described = fact.describe();
        if (!facts.contains(described)) {
          facts.add(described);
        }
      }
      String text = decides || command.isEmpty() ? fact.cause().command() : "";
      if (!text.isEmpty()) {
        command = Optional.of(text);
      }
    }
  }

  /** Returns true if no rule matched, in shadow mode or not. */
  boolean isWithoutMatch() {
    return severity == null && matched.isEmpty();
  }

  /** Returns true if no rule has decided. */
  boolean isUndecided() {
    return severity == null;
  }

  ExplainedDecision explained() {
    if (decision == null) {
      return matched.isEmpty()
          ? ALLOWED
          : new ExplainedDecision(new Allow(), new Explanation(matched, facts, command));
    }
    return new ExplainedDecision(decision, new Explanation(matched, facts, command));
  }
}
