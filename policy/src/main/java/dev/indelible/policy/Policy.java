// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.event.PolicyText;
import java.time.Duration;
import java.util.Optional;

/**
 * Decides if an agent may perform an action. {@link RulePolicy} is the implementation from rule
 * files; Cedar, OPA or code of your own can implement it as well.
 *
 * <p>Any number of threads may call it at once. The gate fails closed: an exception, a null, or no
 * answer within {@link #timeLimit} refuses the action, and the refusal is recorded.
 */
public interface Policy {
  /** Default of {@link #timeLimit}: long enough for a call within a data center. */
  Duration DEFAULT_TIME_LIMIT = Duration.ofSeconds(1);

  /** Decides about an action of an agent. */
  Decision decide(String agentId, AgentAction action);

  /**
   * Decides and explains the decision. A policy with nothing to explain implements only {@link
   * #decide}.
   */
  default ExplainedDecision explain(String agentId, AgentAction action) {
    return new ExplainedDecision(decide(agentId, action), Explanation.NONE);
  }

  /**
   * Decides and explains the decision, taking the agent's credential into account. The gate calls
   * this method; a policy that ignores credentials implements only the others.
   */
  default ExplainedDecision explain(Agent agent, AgentAction action) {
    return explain(agent.id(), action);
  }

  /**
   * Returns the identity of the policy in force: {@code sha256:} and 64 hex digits over its
   * content. It is recorded with each decision, so it must answer from memory.
   */
  String digest();

  /**
   * Returns the text of the policy, to be recorded when the policy comes into force; its digest is
   * {@link #digest}. Empty, the default, if there is no text to record.
   */
  default Optional<PolicyText> text() {
    return Optional.empty();
  }

  /**
   * Returns the signed note with which an operator admits the policy to a log ({@code indelible
   * policy sign}). Empty, the default, for a policy that nobody signed. Read when the policy is put
   * into force; a log without an operator's key ignores it.
   */
  default Optional<String> signature() {
    return Optional.empty();
  }

  /**
   * Returns the longest time that a decision may take. Empty means that {@link #decide} returns
   * fast and calls nothing that can wait; the gate then calls it on the thread of its caller.
   */
  default Optional<Duration> timeLimit() {
    return Optional.of(DEFAULT_TIME_LIMIT);
  }
}
