// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.base.Text;
import java.util.Objects;
import java.util.Optional;

/**
 * A decision by a rule. Its parts are limited in length, so that every decision fits into a
 * payload.
 */
sealed interface ByRule extends Decision permits Warn, Refuse, Escalate {
  int MAX_RULE_BYTES = 256;
  int MAX_REASON_BYTES = 16_384;

  String rule();

  String cause();

  @Override
  default Optional<String> ruleId() {
    return Optional.of(rule());
  }

  @Override
  default Optional<String> reason() {
    return Optional.of(cause());
  }

  /**
   * Checks the parts of a decision.
   *
   * @throws IllegalArgumentException if one is too long or not well-formed, or the rule is empty
   */
  static void require(String rule, String reason) {
    Objects.requireNonNull(rule, "rule is null");
    Objects.requireNonNull(reason, "cause is null");
    Text.requireAtMost(MAX_RULE_BYTES, rule, "rule_id");
    Text.requireAtMost(MAX_REASON_BYTES, reason, "reason");
    if (rule.isEmpty()) {
      throw new IllegalArgumentException(
          "rule_id is empty; a decision names the rule that made it");
    }
  }
}
