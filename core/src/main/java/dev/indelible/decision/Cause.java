// SPDX-License-Identifier: Apache-2.0
package dev.indelible.decision;

import dev.indelible.json.Text;
import java.util.Objects;

/** The bounds of what a decision says of itself, so that every decision fits a payload. */
final class Cause {
  static final int MAX_RULE_BYTES = 256;
  static final int MAX_REASON_BYTES = 16_384;

  private Cause() {}

  static void require(String rule, String reason) {
    Objects.requireNonNull(rule, "rule is null");
    Objects.requireNonNull(reason, "cause is null");
    requireAtMost(MAX_RULE_BYTES, rule, "rule_id");
    requireAtMost(MAX_REASON_BYTES, reason, "reason");
    if (rule.isEmpty()) {
      throw new IllegalArgumentException(
          "rule_id is empty; a decision names the rule that made it");
    }
  }

  private static void requireAtMost(int max, String value, String what) {
    int bytes = Text.utf8Length(Text.requireWellFormed(value, what));
    if (bytes > max) {
      throw new IllegalArgumentException(what + " is " + bytes + " bytes; at most " + max);
    }
  }
}
