// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.policy.Policy;
import dev.indelible.policy.RulePolicy;
import java.time.Duration;
import java.util.Optional;

/**
 * The starter rules as a policy without a text. Loading it adds no row, so that tests can count the
 * rows of a log.
 */
final class StarterRules implements Policy {
  private final RulePolicy rules = RulePolicy.starter();

  @Override
  public Decision decide(String agentId, AgentAction action) {
    return rules.decide(agentId, action);
  }

  @Override
  public String digest() {
    return rules.digest();
  }

  @Override
  public Optional<Duration> timeLimit() {
    return rules.timeLimit();
  }
}
