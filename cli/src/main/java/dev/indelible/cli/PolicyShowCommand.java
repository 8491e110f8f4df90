// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.Mode;
import dev.indelible.policy.Rule;
import dev.indelible.policy.RulePolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "show",
    description = "Print the rules of a policy as a table, or the text of a recorded one.",
    footer = {
      "",
      "With --digest, the text comes from the log, which records each policy that",
      "comes into force (event policy.loaded). The text is printed only if it has the",
      "digest that the decisions name.",
      "",
      "  indelible policy show --digest sha256:5f3a"
    })
final class PolicyShowCommand extends Verb {
  private static final int MATCH_WIDTH = 70;
  private static final int REASON_WIDTH = 70;

  @Mixin PolicyOption policy = new PolicyOption();

  @Option(
      names = "--digest",
      paramLabel = "DIGEST",
      description = "the digest in a decision's payload, or its beginning")
  @Nullable String digest;

  @Override
  public Integer call() throws Exception {
    if (digest != null) {
      print(recorded(digest));
      return ExitCode.OK;
    }
    RulePolicy loaded = policy.load(this);
    Table table = new Table("rule", "severity", "when", "reason");
    for (Rule rule : loaded.rules()) {
      print(rule::write, () -> table.row(cells(rule)));
    }
    if (!json()) {
      table.print(console());
      console().line(console().faint(policy.name(this) + ", " + loaded.digest()));
    }
    return ExitCode.OK;
  }

  /** Returns the recorded policy whose digest begins with a text. */
  private PolicyText.Recorded recorded(String beginning) throws Exception {
    Map<String, PolicyText.Recorded> found = new LinkedHashMap<>();
    try (LedgerReader ledger = ledger()) {
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.POLICY_LOADED),
          row -> {
            row.details(SystemEvent.POLICY_LOADED, PolicyText::read)
                .filter(each -> each.digest().startsWith(beginning))
                .ifPresent(each -> found.put(each.digest(), each));
            return true;
          });
    }
    if (found.size() != 1) {
      throw CommandFailure.usage(
          found.isEmpty()
              ? "--digest %s: no policy in this log has it; 'indelible log list --type"
                  + " policy.loaded' lists them"
              : "--digest %s: several policies begin with it; give more of it",
          beginning);
    }
    PolicyText.Recorded policy = found.values().iterator().next();
    if (policy.text().isEmpty()) {
      throw CommandFailure.failed(
          "%s: the text has %s bytes and so is not on record", policy.digest(), policy.length());
    }
    if (!policy.isProven()) {
      throw CommandFailure.failed(
          "%s: the recorded text has another digest, so it is not the text of this policy",
          policy.digest());
    }
    return policy;
  }

  private void print(PolicyText.Recorded policy) {
    for (PolicyText.File file : policy.text().orElseThrow().files()) {
      if (json()) {
        console()
            .json(
                out -> {
                  out.member("digest", policy.digest()).member("name", file.name());
                  out.member("text", file.text());
                });
      } else {
        file.name().ifPresent(name -> console().line("# " + Console.printable(name)));
        file.text().lines().forEach(line -> console().line(Console.printable(line)));
      }
    }
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
}
