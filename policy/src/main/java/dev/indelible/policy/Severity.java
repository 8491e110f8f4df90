// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.Locale;

/** The effect of a rule that matches. */
public enum Severity {
  /** The action must not go ahead. */
  REFUSE,
  /** The action must not go ahead until a person has approved it. */
  ESCALATE,
  /** The action may go ahead, and the decision names the rule. */
  WARN,
  /** The match is written to the application's log; the decision does not change. */
  LOG;

  /** Returns the word in a policy file, for example {@code refuse}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
