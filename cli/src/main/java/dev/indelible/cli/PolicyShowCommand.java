// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.json.CanonicalWriter;
import dev.indelible.policy.Mode;
import dev.indelible.policy.Rule;
import dev.indelible.policy.RulePolicy;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(name = "show", description = "Print the rules of a policy as a table.")
final class PolicyShowCommand extends Verb {
  private static final int MATCH_WIDTH = 70;
  private static final int REASON_WIDTH = 70;

  @Mixin PolicyOption policy = new PolicyOption();

  @Override
  public Integer call() throws Exception {
    RulePolicy loaded = policy.load(this);
    Table table = new Table("rule", "severity", "when", "reason");
    for (Rule rule : loaded.rules()) {
      print(out -> write(rule, out), () -> table.row(cells(rule)));
    }
    if (!json()) {
      table.print(console());
      console().line(console().faint(policy.name(this) + ", " + loaded.digest()));
    }
    return ExitCode.OK;
  }

  private Object[] cells(Rule rule) {
    String severity = rule.severity().label();
    boolean shadow = rule.settings().mode() == Mode.SHADOW;
    return new Object[] {
      Console.printable(rule.id()),
      new Table.Cell(
          shadow ? severity + " (shadow)" : severity, text -> console().byMeaning(text, severity)),
      Console.excerpt(rule.match(), MATCH_WIDTH),
      Console.excerpt(rule.reason(), REASON_WIDTH)
    };
  }

  private static void write(Rule rule, CanonicalWriter out) {
    Rule.Settings settings = rule.settings();
    out.name("agents").strings(settings.agents()).member("description", settings.description());
    out.name("expires").nullable(settings.expires().map(Object::toString)).member("id", rule.id());
    out.name("labels").strings(settings.labels()).member("mode", settings.mode().label());
    out.member("reason", rule.reason()).member("severity", rule.severity().label());
    out.member("when", rule.match());
  }
}
