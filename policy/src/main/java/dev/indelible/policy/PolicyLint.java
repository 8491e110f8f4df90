// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.event.PolicyText;
import dev.indelible.redaction.ActionRedactor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds rules of a loaded policy that have no effect, or not the effect that they seem to have, and
 * secrets in its text.
 */
final class PolicyLint {
  private PolicyLint() {}

  /**
   * Returns a remark on each such rule, with the rule's id first, on each secret, and on a policy
   * that is in shadow mode as a whole.
   */
  static List<String> remarks(List<Rule> rules, PolicyText text, Mode ofPolicy, Instant now) {
    List<String> remarks = new ArrayList<>();
    if (ofPolicy == Mode.SHADOW) {
      remarks.add("the policy is in shadow mode; its rules are recorded and decide nothing");
    }
    Map<String, String> byConditions = new HashMap<>();
    for (Rule rule : rules) {
      Rule.Settings settings = rule.settings();
      if (settings.expires().filter(end -> !now.isBefore(end)).isPresent()) {
        remarks.add(rule.id() + ": expired " + settings.expires().get() + "; remove it");
      }
      if (settings.mode() == Mode.SHADOW && ofPolicy == Mode.ENFORCE) {
        remarks.add(rule.id() + ": in shadow mode; it is recorded and decides nothing");
      }
      String earlier =
          byConditions.putIfAbsent(rule.match() + settings.agents() + settings.except(), rule.id());
      if (earlier != null) {
        remarks.add(
            rule.id() + ": has the conditions of " + earlier + "; one of them has no effect");
      }
    }
    for (PolicyText.File file : text.files()) {
      for (String place : ActionRedactor.linesWithSecrets(file.text())) {
        String name = file.name().map(each -> each + ", ").orElse("");
        remarks.add(name + place + " in a text that is recorded as it is; remove the secret");
      }
    }
    return remarks;
  }
}
