// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.policy.RulePolicy;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "lint",
    description = "Load a policy, and report mistakes and rules without effect.",
    footer = {"", "Exit status: 0 it loads; 2 it does not, and the message names the line."})
final class PolicyLintCommand extends Verb {
  @Mixin PolicyOption policy = new PolicyOption();

  @Override
  public Integer call() throws Exception {
    RulePolicy loaded = policy.load(this);
    List<String> remarks = loaded.remarks(Instant.now());
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
}
