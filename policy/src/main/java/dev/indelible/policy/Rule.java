// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.json.Text;

/**
 * A rule in force.
 *
 * @param id unique in its policy; rules are tried in the order of {@link String#compareTo}; 1 to
 *     {@value #MAX_ID_BYTES} bytes of UTF-8, not blank
 * @param severity what a match does
 * @param reason why, for a person; 1 to {@value #MAX_REASON_BYTES} bytes of UTF-8, not blank
 * @param match what it matches, for display only and shortened: the policy file is the truth
 */
public record Rule(String id, Severity severity, String reason, String match) {
  /** The longest id a decision can carry, in bytes of UTF-8. */
  static final int MAX_ID_BYTES = 256;

  /** The longest reason a decision can carry, in bytes of UTF-8. */
  static final int MAX_REASON_BYTES = 16_384;

  public Rule {
    require(id, "id", MAX_ID_BYTES);
    require(reason, "reason", MAX_REASON_BYTES);
  }

  private static void require(String value, String what, int maxBytes) {
    Text.requireWellFormed(value, what);
    if (value.isBlank()) {
      throw new IllegalArgumentException(what + " is blank; a decision carries it, so say it");
    }
    int bytes = Text.utf8Length(value);
    if (bytes > maxBytes) {
      throw new IllegalArgumentException(
          "%s is %s bytes; shorten it to at most %s".formatted(what, bytes, maxBytes));
    }
  }
}
