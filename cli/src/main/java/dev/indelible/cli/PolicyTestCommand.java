// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.base.DurableFiles;
import dev.indelible.decision.Decision;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.Rule;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "test",
    description = "Decide about the actions of case files, and compare with expected decisions.",
    footer = {
      "",
      "A case is one JSON object on a line, with these members:",
      "  {\"id\":…,\"action\":{\"kind\":…},\"expect\":…}",
      "\"expect\" is a verdict (allow, warn, refuse, escalate), or block (refuse or",
      "escalate), or pass (allow or warn). An optional \"rule\" names the rule that",
      "must decide. A bash action gives its directories and shell in its members cwd,",
      "home and shell. Other members are ignored.",
      "",
      "Exit status: 0 every case is as expected; 1 a case is not; 2 a file or the",
      "policy cannot be read."
    })
final class PolicyTestCommand extends Verb {
  private static final Set<String> EXPECTED =
      Set.of("allow", "warn", "refuse", "escalate", "block", "pass");
  private static final String AGENT = "agent:test";

  /**
   * Members of an action. They would have no effect in the case itself, so it must not have them.
   */
  private static final List<String> OF_THE_ACTION = List.of("cwd", "home", "shell");

  /** Suffix of the id of a rule in shadow mode in an explanation. */
  private static final String SHADOW = " (shadow)";

  private static final int ACTION_WIDTH = 80;

  @Parameters(arity = "1..*", paramLabel = "FILE", description = "files of cases")
  List<Path> files = List.of();

  @Mixin PolicyOption policy = new PolicyOption();

  @Option(names = "--all", description = "print every case, not only those that fail")
  boolean all;

  private final Map<String, Long> hits = new TreeMap<>();
  private int cases;
  private int failed;

  @Override
  public Integer call() throws Exception {
    RulePolicy loaded = policy.load(this);
    loaded.rules().forEach(rule -> hits.put(rule.id(), 0L));
    for (Path file : files) {
      test(loaded, file);
    }
    List<String> untested =
        loaded.rules().stream().map(Rule::id).filter(id -> hits.get(id) == 0).toList();
    print(
        out -> {
          out.member("cases", cases).member("failed", failed).name("hits").beginObject();
          hits.forEach(out::member);
          out.endObject().name("untested").strings(untested);
        },
        "%s cases, %s as expected, %s not; %s of %s rules matched at least one%s",
        cases,
        cases - failed,
        failed,
        hits.size() - untested.size(),
        hits.size(),
        untested.isEmpty() ? "" : "\nmatched by no case: " + String.join(", ", untested));
    return failed == 0 ? ExitCode.OK : ExitCode.FAILED;
  }

  private void test(RulePolicy policy, Path file) throws CommandFailure {
    List<String> lines;
    try {
      lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", file, DurableFiles.reason(e));
    }
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        try {
          test(policy, CanonicalJson.read(lines.get(i)));
        } catch (JsonFormatException e) {
          throw CommandFailure.usage("%s, line %s: %s", file, i + 1, e.getMessage());
        }
      }
    }
  }

  private void test(RulePolicy policy, JsonNode test) throws JsonFormatException {
    String expect = test.path("expect").asString("");
    if (!EXPECTED.contains(expect)) {
      throw new JsonFormatException(
          "expect is \"%s\"; give one of %s"
              .formatted(expect, String.join(", ", EXPECTED.stream().sorted().toList())));
    }
    for (String member : OF_THE_ACTION) {
      if (test.has(member)) {
        throw new JsonFormatException(
            "\"%s\" is a member of the action, not of the case".formatted(member));
      }
    }
    AgentAction action = ActionParser.parse(test.path("action"), "action");
    ExplainedDecision explained = policy.explain(AGENT, action);
    Decision decision = explained.decision();
    explained
        .explanation()
        .matched()
        .forEach(id -> hits.merge(id.replace(SHADOW, ""), 1L, Long::sum));
    String rule = test.path("rule").asString("");
    boolean right =
        isExpected(decision, expect)
            && (rule.isEmpty() || decision.ruleId().filter(rule::equals).isPresent());
    cases++;
    failed += right ? 0 : 1;
    if (all || !right) {
      print(test, explained, right);
    }
  }

  private static boolean isExpected(Decision decision, String expect) {
    return switch (expect) {
      case "block" -> decision.isBlocking();
      case "pass" -> decision.isPermitted();
      default -> decision.verdict().equals(expect);
    };
  }

  private void print(JsonNode test, ExplainedDecision explained, boolean right) {
    Decision decision = explained.decision();
    String id = test.path("id").asString("");
    String expected = test.path("expect").asString("");
    String verdict = decision.verdict();
    print(
        out -> {
          out.member("decision", verdict).member("expected", expected);
          explained.explanation().writeBeforeId(out);
          out.member("id", id);
          explained.explanation().writeAfterId(out);
          out.name("reason").nullable(decision.reason());
          out.member("right", right);
          out.name("rule_id").nullable(decision.ruleId());
        },
        "%s  %s  expected %s, decided %s%s\n      %s%s",
        right ? console().green("ok  ") : console().red("FAIL"),
        Console.printable(id),
        expected,
        console().byMeaning(verdict, verdict),
        decision.ruleId().map(rule -> "  " + Console.printable(rule)).orElse(""),
        Console.excerpt(test.path("action").toString(), ACTION_WIDTH),
        decision.reason().map(why -> "\n      " + Console.excerpt(why, 200)).orElse(""));
  }
}
