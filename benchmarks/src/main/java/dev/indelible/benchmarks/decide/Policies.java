// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import dev.indelible.policy.Policy;
import dev.indelible.policy.RulePolicy;

/** The policies that are timed, by name. */
public final class Policies {
  /** The starter policy. */
  public static final String STARTER = "starter policy";

  /** Rules on the raw text. */
  public static final String TEXT = "text rules";

  /** The text rules in CEL. */
  public static final String CEL = "text rules in CEL";

  private Policies() {}

  /**
   * Returns the policy with this name. If the name is a number, returns a policy with this number
   * of rules on facts.
   */
  public static Policy named(String name) throws Exception {
    return switch (name) {
      case STARTER -> RulePolicy.starter();
      case TEXT -> new TextPolicy();
      case CEL -> new CelPolicy();
      default -> RulePolicy.parse(RuleMix.yaml(Integer.parseInt(name)), "mix");
    };
  }
}
