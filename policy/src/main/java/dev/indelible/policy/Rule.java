// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.base.Text;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * An enabled rule.
 *
 * @param id unique in its policy, 1 to {@value #MAX_ID_BYTES} bytes of UTF-8, not blank
 * @param severity the effect of a match
 * @param reason the reason in words, 1 to {@value #MAX_REASON_BYTES} bytes of UTF-8, not blank;
 *     fields in braces are filled in for each decision
 * @param match the conditions, shortened for display; the policy file is authoritative
 * @param settings the other settings
 */
public record Rule(String id, Severity severity, String reason, String match, Settings settings) {
  /** The longest id that a decision can have, in bytes of UTF-8. */
  static final int MAX_ID_BYTES = 256;

  /** The longest reason that a decision can have, in bytes of UTF-8. */
  static final int MAX_REASON_BYTES = 16_384;

  public Rule {
    require(id, "id", MAX_ID_BYTES);
    require(reason, "reason", MAX_REASON_BYTES);
  }

  /** Creates a rule that applies to all agents, at all times. */
  public Rule(String id, Severity severity, String reason, String match) {
    this(id, severity, reason, match, Settings.DEFAULT);
  }

  /** Returns this rule in a mode. */
  Rule in(Mode mode) {
    Settings of =
        new Settings(
            settings.description,
            mode,
            settings.agents,
            settings.except,
            settings.labels,
            settings.expires);
    return new Rule(id, severity, reason, match, of);
  }

  /**
   * Settings of a rule that most rules leave out.
   *
   * @param description for the readers of the policy; empty if there is none
   * @param mode whether it affects decisions
   * @param agents globs of the agents that it restricts; empty for all agents
   * @param except globs of the principals that it does not restrict; an agent's id, which is a mere
   *     claim, is not a principal
   * @param labels free words for reports
   * @param expires the time from which the rule has no effect; empty if it never expires
   */
  public record Settings(
      String description,
      Mode mode,
      List<String> agents,
      List<String> except,
      List<String> labels,
      Optional<Instant> expires) {
    /** For all agents, enforced, without an end. */
    public static final Settings DEFAULT =
        new Settings("", Mode.ENFORCE, List.of(), List.of(), List.of(), Optional.empty());

    /** Takes copies of the lists. */
    public Settings {
      agents = List.copyOf(agents);
      except = List.copyOf(except);
      labels = List.copyOf(labels);
    }
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
