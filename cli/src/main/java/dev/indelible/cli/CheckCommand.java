// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.gate.GateRequest;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
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
      "Exit status: 0 allow or warn, 3 refuse, 4 escalate, 2 unreadable input, 1 failure.",
      "The decision is printed once it is in the journal. If its row is not in the ledger two",
      "seconds later, standard error reports that; the exit status is that of the decision.",
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
          "the action as JSON, or {\"agent_id\":…,\"action\":…}; or its kind and what that needs,"
              + " as bash COMMAND; read from standard input if absent")
  List<String> action = List.of();

  @Option(
      names = "--dry-run",
      description = "decide and record nothing; without a data directory, by the starter rules")
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
      ExplainedDecision explained = rules().explain(input.agentId(), input.action());
      RecordedDecision decided =
          new RecordedDecision(explained.decision(), Optional.empty(), explained.explanation());
      print(input, decided);
      return exitCode(decided.decision());
    }
    Indelible indelible = openLog(anchor.file(), Run.ONE_ACTION);
    RecordedDecision recorded;
    try {
      recorded = indelible.gate().record(input.agentId(), input.action());
      print(input, recorded);
    } finally {
      // After the answer: the caller has the decision, whatever the ledger does.
      closeAfterAnswer(indelible);
    }
    if (recorded.eventId().isEmpty()) {
      throw CommandFailure.failed(recorded.decision().reason().orElse(""));
    }
    return exitCode(recorded.decision());
  }

  /** Returns the rules that a recorded decision would be made by. */
  private RulePolicy rules() throws PolicyException {
    RulePolicy rules =
        Files.exists(data().path())
            ? RulePolicy.load(data().policy()).guarding(data().path())
            : RulePolicy.starter();
    return rules.followingLinks();
  }

  /** A command without a place runs where this process runs, for the user of this process. */
  private static GateRequest located(GateRequest input) {
    if (!(input.action() instanceof Bash bash)) {
      return input;
    }
    Optional<String> cwd =
        bash.cwd().or(() -> Optional.of(Path.of("").toAbsolutePath().toString()));
    Optional<String> home =
        bash.home().or(() -> Optional.ofNullable(System.getProperty("user.home")));
    return new GateRequest(input.agentId(), new Bash(bash.command(), cwd, home, bash.shell()));
  }

  private GateRequest input() throws Exception {
    requireWhole("--agent", agent);
    if (action.size() > 1 || !action.isEmpty() && ActionWords.isKind(action.get(0))) {
      for (String word : action) {
        requireWhole("ACTION", word);
      }
      return new GateRequest(GateRequest.requireAgentId(agent), ActionWords.read(action));
    }
    JsonNode node =
        action.isEmpty() || action.get(0).equals("-") ? fromInput() : fromArgument(action.get(0));
    if (node.has("kind")) {
      AgentAction parsed = ActionParser.parse(node, "action");
      return new GateRequest(GateRequest.requireAgentId(agent), parsed);
    }
    if (!node.isObject() || !node.has("action")) {
      throw new JsonFormatException(
          "action: give an object with a member \"kind\", for example"
              + " {\"kind\":\"bash\",\"command\":\"ls\"}");
    }
    JsonFields fields = JsonFields.of(node, "input");
    String agentId = GateRequest.requireAgentId(fields.optionalString("agent_id").orElse(agent));
    AgentAction parsed = ActionParser.parse(fields.node("action"), "action");
    fields.requireNoOthers();
    return new GateRequest(agentId, parsed);
  }

  private JsonNode fromInput() throws JsonFormatException, CommandFailure {
    byte[] json;
    try {
      json = console().in().readNBytes(CanonicalJson.MAX_TEXT_BYTES + 1);
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    }
    if (json.length == 0) {
      throw CommandFailure.usage(
          "standard input: there is no input; give the action as an argument or on standard input");
    }
    try {
      return CanonicalJson.read(json);
    } catch (JsonFormatException e) {
      throw new JsonFormatException("standard input: " + e.getMessage());
    }
  }

  private static JsonNode fromArgument(String text) throws JsonFormatException, CommandFailure {
    requireWhole("ACTION", text);
    try {
      return CanonicalJson.read(text);
    } catch (JsonFormatException e) {
      throw new JsonFormatException("ACTION: " + e.getMessage());
    }
  }

  /**
   * Refuses an argument with U+FFFD, which Java puts where it cannot decode one: the gate would
   * decide about another action than the agent's.
   */
  private static void requireWhole(String what, String argument) throws CommandFailure {
    int at = argument.indexOf(UNREADABLE_CHARACTER);
    if (at >= 0) {
      throw CommandFailure.usage(
          "%s: the character at %s is not UTF-8, or cannot be read in this locale; set"
              + " LC_ALL=C.UTF-8, or send JSON on standard input",
          what, at);
    }
  }

  /** Prints the decision and flushes it. */
  private void print(GateRequest input, RecordedDecision recorded) throws PolicyException {
    Decision decision = recorded.decision();
    String verdict = console().byMeaning(decision.verdict(), decision.verdict());
    String why =
        decision.ruleId().map(rule -> "  " + rule + "  " + decision.reason().orElse("")).orElse("");
    String event = recorded.eventId().map(id -> "recorded as " + id).orElse("not recorded");
    print(
        out -> recorded.write(input.agentId(), out),
        "%s%s\n%s",
        console().bold(verdict),
        Console.printable(why),
        console().faint(event));
    if (explain && !json()) {
      explain(input.action(), recorded.explanation());
    }
    console().out().flush();
  }

  private void explain(AgentAction action, Explanation explanation) throws PolicyException {
    explanation
        .effectiveCommand()
        .ifPresent(command -> console().field(EXPLAIN_WIDTH, "command", command));
    // All facts, also those that no rule matched.
    rules().facts(action).forEach(fact -> console().field(EXPLAIN_WIDTH, "fact", fact));
    explanation.matched().forEach(rule -> console().field(EXPLAIN_WIDTH, "matched", rule));
    if (explanation.matched().isEmpty()) {
      console().line("no rule matched");
    }
  }

  private static int exitCode(Decision decision) {
    if (decision.isPermitted()) {
      return ExitCode.OK;
    }
    return decision instanceof Escalate ? ExitCode.ESCALATED : ExitCode.REFUSED;
  }
}
