// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.policy.Mode;
import dev.indelible.policy.Rule;
import dev.indelible.policy.RulePolicy;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "lint",
    description = "Load a policy and report mistakes and rules without effect.",
    footer = {"", "Exit status: 0 it loads, 2 it does not, and the message names the line."})
final class PolicyLintCommand extends Verb {
  @Mixin PolicyOption policy = new PolicyOption();

  @Override
  public Integer call() throws Exception {
    RulePolicy loaded = policy.load(this);
    List<String> remarks = remarks(loaded);
    print(
        out -> {
          out.member("digest", loaded.digest()).name("remarks").strings(remarks);
          out.member("rules", loaded.rules().size());
        },
        "%s: %s rules, no mistake, %s%s",
        policy.name(this),
        loaded.rules().size(),
        loaded.digest(),
        remarks.stream()
            .map(remark -> "\n  " + Console.printable(remark))
            .collect(Collectors.joining()));
    return ExitCode.OK;
  }

  private static List<String> remarks(RulePolicy policy) {
    List<String> remarks = new ArrayList<>();
    Map<String, String> byConditions = new HashMap<>();
    Instant now = Instant.now();
    for (Rule rule : policy.rules()) {
      Rule.Settings settings = rule.settings();
      if (settings.expires().filter(end -> !now.isBefore(end)).isPresent()) {
        remarks.add(rule.id() + ": expired " + settings.expires().get() + "; remove it");
      }
      if (settings.mode() == Mode.SHADOW) {
        remarks.add(rule.id() + ": in shadow mode; it is recorded and decides nothing");
      }
      if (!settings.except().isEmpty()) {
        remarks.add(
            rule.id()
                + ": except has no effect yet; no principal is authenticated, and an agent's id is"
                + " a claim");
      }
      String earlier = byConditions.putIfAbsent(rule.match() + settings.agents(), rule.id());
      if (earlier != null) {
        remarks.add(
            rule.id() + ": has the conditions of " + earlier + "; one of them has no effect");
      }
    }
    return remarks;
  }
}
