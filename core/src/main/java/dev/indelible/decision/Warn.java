// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

/**
 * The action may run; a rule warns about it.
 *
 * @param rule the id of the rule that decided, at most {@value ByRule#MAX_RULE_BYTES} bytes
 * @param cause the reason, in words, at most {@value ByRule#MAX_REASON_BYTES} bytes
 */
public record Warn(String rule, String cause) implements ByRule {
  public Warn {
    ByRule.require(rule, cause);
  }

  @Override
  public String verdict() {
    return "warn";
  }
}
