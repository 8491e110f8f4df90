// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.Locale;

/** What a rule does when it matches. */
public enum Severity {
  /** The action must not go ahead. */
  REFUSE,
  /** The action must not go ahead until a person has agreed. */
  ESCALATE,
  /** The action may go ahead, and the decision names the rule. */
  WARN,
  /** The match is written to the application's log; the decision does not change. */
  LOG;

  /** The word for it in a policy file, for example {@code refuse}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
