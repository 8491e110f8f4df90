// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.json.Text;

/**
 * An enabled rule.
 *
 * @param id unique in its policy; rules are evaluated in the order of {@link String#compareTo}; 1
 *     to {@value #MAX_ID_BYTES} bytes of UTF-8, not blank
 * @param severity the effect of a match
 * @param reason for a person; 1 to {@value #MAX_REASON_BYTES} bytes of UTF-8, not blank
 * @param match the conditions, shortened for display; the policy file is authoritative
 */
public record Rule(String id, Severity severity, String reason, String match) {
  /** The longest id that a decision can have, in bytes of UTF-8. */
  static final int MAX_ID_BYTES = 256;

  /** The longest reason that a decision can have, in bytes of UTF-8. */
  static final int MAX_REASON_BYTES = 16_384;

  public Rule {
    require(id, "id", MAX_ID_BYTES);
    require(reason, "reason", MAX_REASON_BYTES);
  }

  private static void require(String value, String what, int maxBytes) {
    Text.requireWellFormed(value, what);
    if (value.isBlank()) {
      throw new IllegalArgumentException(
          what + " is blank; give one, because every decision of the rule carries it");
    }
    int bytes = Text.utf8Length(value);
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(
          "%s is %s bytes; shorten it to at most %s".formatted(what, bytes, maxBytes));
    }
  }
}
