// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import java.util.Optional;

/**
 * The action must not go ahead.
 *
 * @param rule the rule that decided, at most {@value Cause#MAX_RULE_BYTES} bytes
 * @param cause why, for a person, at most {@value Cause#MAX_REASON_BYTES} bytes
 */
public record Refuse(String rule, String cause) implements Decision {
  public Refuse {
    Cause.require(rule, cause);
  }

  @Override
  public String verdict() {
    return "refuse";
  }

  @Override
  public Optional<String> ruleId() {
    return Optional.of(rule);
  }

  @Override
  public Optional<String> reason() {
    return Optional.of(cause);
  }
}
