// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

/**
 * The action must not go ahead until a person has approved it.
 *
 * @param rule the id of the rule that decided, at most {@value ByRule#MAX_RULE_BYTES} bytes
 * @param cause the reason, in words, at most {@value ByRule#MAX_REASON_BYTES} bytes
 */
public record Escalate(String rule, String cause) implements ByRule {
  public Escalate {
    ByRule.require(rule, cause);
  }

  @Override
  public String verdict() {
    return "escalate";
  }
}
