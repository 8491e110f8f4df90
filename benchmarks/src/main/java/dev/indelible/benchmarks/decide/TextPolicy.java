// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks.decide;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.policy.Policy;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Text rules, evaluated in Java. */
final class TextPolicy implements Policy {
  private final List<Pattern> patterns =
      TextRule.ALL.stream().map(rule -> Pattern.compile(rule.pattern())).toList();

  @Override
  public Decision decide(String agentId, AgentAction action) {
    String kind = action.kind();
    String text = TextRule.text(action);
    List<TextRule> matching = new ArrayList<>(0);
    for (int i = 0; i < TextRule.ALL.size(); i++) {
      TextRule rule = TextRule.ALL.get(i);
      if (rule.kind().equals(kind) && matches(rule, patterns.get(i), text)) {
        matching.add(rule);
      }
    }
    return TextRule.first(matching);
  }

  private static boolean matches(TextRule rule, Pattern pattern, String text) {
    for (String part : rule.parts()) {
      if (text.contains(part)) {
        return true;
      }
    }
    return rule.parts().isEmpty() && pattern.matcher(text).matches();
  }

  @Override
  public String digest() {
    return "sha256:" + "0".repeat(64);
  }
}
