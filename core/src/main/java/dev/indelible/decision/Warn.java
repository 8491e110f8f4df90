// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import java.util.Optional;

/**
 * The action may go ahead; a rule wants it noticed.
 *
 * @param rule the rule that decided, at most {@value Cause#MAX_RULE_BYTES} bytes
 * @param cause why, for a person, at most {@value Cause#MAX_REASON_BYTES} bytes
 */
public record Warn(String rule, String cause) implements Decision {
  public Warn {
    Cause.require(rule, cause);
  }

  @Override
  public String verdict() {
    return "warn";
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
