// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

/**
 * The action must not go ahead.
 *
 * @param rule the id of the rule that decided, at most {@value ByRule#MAX_RULE_BYTES} bytes
 * @param cause the reason, in words, at most {@value ByRule#MAX_REASON_BYTES} bytes
 */
public record Refuse(String rule, String cause) implements ByRule {
  public Refuse {
    ByRule.require(rule, cause);
  }

  @Override
  public String verdict() {
    return "refuse";
  }
}
