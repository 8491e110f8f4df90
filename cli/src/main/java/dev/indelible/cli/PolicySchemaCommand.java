// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.policy.RulePolicy;
import picocli.CommandLine.Command;

@Command(
    name = "schema",
    description = "Print the JSON Schema of policy files; editors can check YAML with it.")
final class PolicySchemaCommand extends Verb {
  @Override
  public Integer call() {
    console().out().print(RulePolicy.schema());
    return ExitCode.OK;
  }
}
