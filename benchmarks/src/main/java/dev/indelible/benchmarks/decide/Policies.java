// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.policy.Policy;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;

/** The policies that are timed, by name. */
public final class Policies {
  /** The starter policy. */
  public static final String STARTER = "starter policy";

  /** The starter policy, with the redaction of the action and the decision. */
  public static final String REDACTED = "starter policy with redaction";

  /** Rules on the raw text. */
  public static final String TEXT = "text rules";

  /** The text rules in CEL. */
  public static final String CEL = "text rules in CEL";

  private Policies() {}

  /**
   * Returns the policy with this name. If the name is a number, returns a policy with this number
   * of rules on facts.
   */
  public static Policy named(String name) throws Exception {
    return switch (name) {
      case STARTER -> RulePolicy.starter();
      case REDACTED -> new RedactedPolicy(RulePolicy.starter(), Redactor.ofDefaults());
      case TEXT -> new TextPolicy();
      case CEL -> new CelPolicy();
      default -> RulePolicy.parse(RuleMix.yaml(Integer.parseInt(name)), "mix");
    };
  }

  /** Decides, and then redacts as the gate does before it records. */
  private record RedactedPolicy(Policy policy, Redactor redactor) implements Policy {
    @Override
    public Decision decide(String agentId, AgentAction action) {
      return explain(agentId, action).decision();
    }

    @Override
    public ExplainedDecision explain(String agentId, AgentAction action) {
      return redactor.redact(action, policy.explain(agentId, action)).decision();
    }

    @Override
    public String digest() {
      return policy.digest();
    }
  }
}
