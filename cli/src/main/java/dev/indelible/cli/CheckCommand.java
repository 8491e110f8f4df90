// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.drain.DrainReport;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.queue.AuditHealth;
import dev.indelible.queue.DeferredAuditMetrics;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
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
      "",
      "  indelible check '{\"kind\":\"bash\",\"command\":\"rm -rf /\"}'"
    })
final class CheckCommand extends Verb {
  private static final char UNREADABLE_CHARACTER = '\uFFFD';

  /** How long the row of a decision that is printed is waited for, once the ledger keeps it out. */
  private static final Duration ROW_WAIT = Duration.ofSeconds(2);

  /** How long that row is waited for while nothing keeps it out but a busy machine. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(10);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(50);

  @Parameters(
      arity = "0..1",
      paramLabel = "ACTION",
      description =
          "the action as JSON, or {\"agent_id\":…,\"action\":…}; read from standard input if absent")
  @Nullable String action;

  @Option(
      names = "--agent",
      paramLabel = "ID",
      defaultValue = "agent:cli",
      description = "who wants to act (default: ${DEFAULT-VALUE})")
  String agent = "";

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    GateInput input = input();
    Indelible indelible = openLog(anchor.file(), false);
    RecordedDecision recorded;
    try {
      recorded = indelible.gate().record(input.agentId(), input.action());
      print(input, recorded);
    } finally {
      // Only now: whoever asked has the decision, whatever the ledger does.
      awaitRow(indelible);
      close(indelible);
    }
    if (recorded.eventId().isEmpty()) {
      throw CommandFailure.failed(recorded.decision().reason().orElse(""));
    }
    return exitCode(recorded.decision());
  }

  /**
   * Waits while the row is on its way: no attempt has failed yet, and nothing of earlier processes
   * goes in first. On a machine under load the drainer may need seconds to begin.
   */
  private static void awaitRow(Indelible indelible) {
    long start = System.nanoTime();
    boolean onItsWay = true;
    while (onItsWay && !indelible.queue().drainPending(POLL_INTERVAL)) {
      DeferredAuditMetrics now = indelible.metrics();
      onItsWay =
          now.health().state() == AuditHealth.State.RECORDING
              && now.pending() <= 1
              && System.nanoTime() - start < LONGEST_WAIT.toNanos();
    }
  }

  /** Closes the log; a row that still waits is safe, and costs a line and no decision (D9). */
  private void close(Indelible indelible) {
    DrainReport report = indelible.closeAndFlush(ROW_WAIT, ROW_WAIT);
    if (!report.isComplete()) {
      warn(report.describePending());
    }
    // A tally that could not be written is not missed: the next one covers this run's one row.
  }

  private GateInput input() throws Exception {
    requireWhole("--agent", agent);
    JsonNode node = action == null || action.equals("-") ? fromInput() : fromArgument(action);
    if (node.has("kind")) {
      AgentAction parsed = ActionParser.parse(node, "action");
      return new GateInput(GateInput.requireAgentId(agent), parsed);
    }
    if (!node.isObject() || !node.has("action")) {
      throw new JsonFormatException(
          "action: give an object with a member \"kind\", for example"
              + " {\"kind\":\"bash\",\"command\":\"ls\"}");
    }
    JsonFields fields = JsonFields.of(node, "input");
    String agentId = GateInput.requireAgentId(fields.optionalString("agent_id").orElse(agent));
    AgentAction parsed = ActionParser.parse(fields.node("action"), "action");
    fields.requireNoOthers();
    return new GateInput(agentId, parsed);
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
   * Java puts U+FFFD where it cannot read an argument. To decide about that and record it would be
   * to decide about something else than the agent wants to do.
   */
  private static void requireWhole(String what, String argument) throws CommandFailure {
    int at = argument.indexOf(UNREADABLE_CHARACTER);
    if (at >= 0) {
      throw CommandFailure.usage(
          what
              + ": the character at "
              + at
              + " is not UTF-8, or cannot be read in this locale; set LC_ALL=C.UTF-8, or send JSON"
              + " on standard input");
    }
  }

  /** Prints the decision and sends it out. */
  private void print(GateInput input, RecordedDecision recorded) {
    if (json()) {
      console().json(DecisionLine.json(input.agentId(), recorded));
    } else {
      printText(recorded);
    }
    console().out().flush();
  }

  private void printText(RecordedDecision recorded) {
    Decision decision = recorded.decision();
    String verdict = console().byMeaning(decision.verdict(), decision.verdict());
    String why =
        decision.ruleId().map(rule -> "  " + rule + "  " + decision.reason().orElse("")).orElse("");
    console().line(console().bold(verdict) + Console.printable(why));
    recorded.eventId().ifPresent(id -> console().line(console().faint("recorded as " + id)));
  }

  private static int exitCode(Decision decision) {
    if (decision.isPermitted()) {
      return ExitCode.OK;
    }
    return decision instanceof Escalate ? ExitCode.ESCALATED : ExitCode.REFUSED;
  }
}
