// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.base.Home;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import dev.indelible.hook.Wording;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.mcp.ToolGate;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.policy.RulePolicy.Examined;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

@Command(
    name = "check",
    description = "Decide about one action and record the decision.",
    footer = {
      "",
      "Exit status: 0 allow or warn, 3 refuse, 4 escalate, 2 bad input, 1 failure.",
      "The decision is printed once it is in the journal. If its row is not in the",
      "ledger two seconds later, a message on standard error reports that; the exit",
      "status is still that of the decision.",
      "",
      "  indelible check bash 'rm -rf /'",
      "  indelible check '{\"kind\":\"bash\",\"command\":\"rm -rf /\"}'"
    })
final class CheckCommand extends Verb {
  private static final int EXPLAIN_WIDTH = 9;
  private static final char UNREADABLE_CHARACTER = '\uFFFD';

  @Parameters(
      arity = "0..*",
      paramLabel = "ACTION",
      description =
          "the action as JSON, or {\"agent_id\":…,\"action\":…}, or its kind and values, for example"
              + " bash COMMAND; without it, JSON is read from standard input")
  List<String> action = List.of();

  @Option(
      names = "--dry-run",
      description =
          "decide, and record nothing; without a data directory, the starter rules decide")
  boolean dryRun;

  @Option(
      names = "--agent",
      paramLabel = "ID",
      defaultValue = "agent:cli",
      description = "who wants to act (default: ${DEFAULT-VALUE})")
  String agent = "";

  @Option(
      names = "--explain",
      description = "print the facts, the command that decided, and all rules that matched")
  boolean explain;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    GateRequest input = located(input());
    if (dryRun) {
      Examined examined = rules().examine(input.agentId(), input.action());
      Redactor redactor = Redactor.load(data().redaction());
      ExplainedDecision explained = redactor.redact(input.action(), examined.decision()).decision();
      print(
          input.agentId(),
          new RecordedDecision(explained.decision(), Optional.empty(), explained.explanation()));
      if (explains()) {
        explain(explained.explanation(), redactor.texts(input.action(), examined.facts()));
      }
      return exitCode(explained.decision());
    }
    Indelible indelible = openLog(anchor.file(), Run.ONE_ACTION);
    RecordedDecision recorded;
    try {
      recorded = new ToolGate(indelible).record(input);
      print(input.agentId(), recorded);
      if (explains()) {
        Examined examined = inForce(indelible).examine(input.agentId(), input.action());
        Redactor redactor = Redactor.load(data().redaction());
        explain(recorded.explanation(), redactor.texts(input.action(), examined.facts()));
      }
    } finally {
      // The answer is printed first, so the caller has the decision even if the ledger fails.
      closeAfterAnswer(indelible);
    }
    if (recorded.eventId().isEmpty()) {
      throw CommandFailure.failed(recorded.decision().reason().orElse(""));
    }
    return exitCode(recorded.decision());
  }

  /** Returns the rules that decided; those of the directory may not be in force. */
  private static RulePolicy inForce(Indelible indelible) {
    return (RulePolicy) indelible.policy();
  }

  /** Returns the rules of the data directory, or the starter rules if it does not exist. */
  private RulePolicy rules() throws PolicyException {
    RulePolicy rules =
        Files.exists(data().path())
            ? RulePolicy.load(data().policy()).guarding(data().path())
            : RulePolicy.starter();
    return rules.followingLinks();
  }

  /**
   * Completes a shell command with the working directory and the home directory of this process.
   */
  private static GateRequest located(GateRequest input) {
    if (!(input.action() instanceof Bash bash)) {
      return input;
    }
    Optional<String> cwd =
        bash.cwd().or(() -> Optional.of(Path.of("").toAbsolutePath().toString()));
    Optional<String> home = bash.home().or(() -> Optional.of(Home.directory()));
    return new GateRequest(
        input.agent(), new Bash(bash.command(), cwd, home, bash.shell()), input.toolHash());
  }

  private GateRequest input() throws Exception {
    requireDecoded("--agent", agent);
    for (String word : action) {
      requireDecoded("ACTION", word);
    }
    if (action.size() > 1 || !action.isEmpty() && ActionWords.isKind(action.get(0))) {
      return new GateRequest(GateRequest.requireAgentId(agent), ActionWords.read(action));
    }
    JsonNode node = node();
    if (node.has("kind")) {
      AgentAction parsed = ActionParser.parse(node, "action");
      return new GateRequest(GateRequest.requireAgentId(agent), parsed);
    }
    if (!node.isObject() || !node.has("action")) {
      throw new JsonFormatException(
          "action: give an object with a member \"kind\", for example"
              + " {\"kind\":\"bash\",\"command\":\"ls\"}");
    }
    return GateRequest.read(node, "input", agent);
  }

  /** Reads JSON from the argument, or from standard input. */
  private JsonNode node() throws JsonFormatException, CommandFailure {
    boolean isArgument = !action.isEmpty() && !action.get(0).equals("-");
    try {
      return isArgument
          ? CanonicalJson.read(action.get(0))
          : CanonicalJson.read(requireInput(console().readInput()));
    } catch (JsonFormatException e) {
      throw new JsonFormatException(
          (isArgument ? "ACTION: " : "standard input: ") + e.getMessage());
    }
  }

  private static byte[] requireInput(byte[] input) throws CommandFailure {
    CommandFailure.refuseIf(
        input.length == 0,
        "standard input: there is no input; give the action as an argument or on standard input");
    return input;
  }

  /**
   * Refuses an argument with U+FFFD. Java replaces characters that it cannot decode with U+FFFD, so
   * the gate would decide about another action than the agent's.
   */
  private static void requireDecoded(String what, String argument) throws CommandFailure {
    int at = argument.indexOf(UNREADABLE_CHARACTER);
    CommandFailure.refuseIf(
        at >= 0,
        "%s: the character at %s is not UTF-8, or cannot be read in this locale; set"
            + " LC_ALL=C.UTF-8, or send JSON on standard input",
        what,
        at);
  }

  /** Prints the decision and flushes it. */
  private void print(String agentId, RecordedDecision recorded) {
    Decision decision = recorded.decision();
    String verdict = console().byMeaning(decision.verdict(), decision.verdict());
    String why =
        decision.ruleId().map(rule -> "  " + rule + "  " + decision.reason().orElse("")).orElse("");
    String event = recorded.eventId().map(id -> "recorded as " + id).orElse("not recorded");
    if (decision instanceof Escalate && recorded.eventId().isPresent()) {
      event += "\n" + Wording.howToApprove(recorded.eventId().get().toString());
    }
    print(
        out -> recorded.write(agentId, out),
        "%s%s\n%s",
        console().bold(verdict),
        Console.printable(why),
        console().faint(event));
    console().out().flush();
  }

  /** Returns true if an explanation is printed after the decision; JSON always includes it. */
  private boolean explains() {
    return explain && !json();
  }

  private void explain(Explanation explanation, List<String> facts) {
    explanation.effectiveCommand().ifPresent(command -> field("command", command));
    facts.forEach(fact -> field("fact", fact));
    explanation.matched().forEach(rule -> field("matched", rule));
    if (explanation.matched().isEmpty()) {
      line("no rule matched");
    }
    console().out().flush();
  }

  private void field(String name, String value) {
    console().field(EXPLAIN_WIDTH, name, value);
  }

  private static int exitCode(Decision decision) {
    if (decision.isPermitted()) {
      return ExitCode.OK;
    }
    return decision instanceof Escalate ? ExitCode.ESCALATED : ExitCode.REFUSED;
  }
}
