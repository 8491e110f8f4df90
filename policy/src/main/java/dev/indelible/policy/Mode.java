// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.Locale;

/** States if a rule affects decisions. */
public enum Mode {
  /** The rule decides. */
  ENFORCE,
  /** A match is recorded with the decision, and does not change it. */
  SHADOW;

  /** Returns the word in a policy file, for example {@code shadow}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
