// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.ApprovalException;
import dev.indelible.Approvals;
import dev.indelible.Approvals.Approver;
import dev.indelible.Approvals.Request;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.base.ThrowingSupplier;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.SigningKey;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.encoding.Timestamps;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.ChainRow;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "approvals",
    description = "Answer escalations: approve or deny what the gate holds back.",
    subcommands = {
      ApprovalsCommand.ListRequests.class,
      ApprovalsCommand.Show.class,
      ApprovalsCommand.Approve.class,
      ApprovalsCommand.Deny.class
    })
final class ApprovalsCommand extends VerbGroup {
  private static final int WIDTH = 13;
  private static final int AGENT_WIDTH = 24;
  private static final int ACTION_WIDTH = 60;

  /** Returns a duration that an option states. */
  private static Duration duration(String option, String text) throws CommandFailure {
    try {
      return TimeTexts.duration(text);
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("%s %s", option, e.getMessage());
    }
  }

  @Command(
      name = "list",
      description = "Print the requests that wait for an answer, newest first.",
      footer = {"", "An action that the agent asked for several times is one request."})
  static final class ListRequests extends Verb {
    @Option(
        names = "--since",
        paramLabel = "DURATION",
        defaultValue = "24h",
        description = "requests of this time until now (default: ${DEFAULT-VALUE})")
    String since = "";

    @Option(names = "--all", description = "also requests that were answered, or have expired")
    boolean all;

    @Override
    public Integer call() throws Exception {
      Set<State> states = all ? Set.of(State.values()) : Set.of(State.PENDING);
      Approvals.Listed found =
          log().approvals().list(duration("--since", since), states, Approvals.MAX_LISTED);
      Table table = new Table("time", "id", "agent", "rule", "asked", "state", "action");
      for (Request request : found.requests()) {
        print(request::write, () -> addRow(table, request));
      }
      if (!json()) {
        table.printOr("no requests", console());
      }
      if (found.more()) {
        warn("older requests are left out; 'approvals show ID' prints one that is not in the list");
      }
      return ExitCode.OK;
    }

    private static void addRow(Table table, Request request) {
      PayloadSummary summary = PayloadSummary.of(request.row().payload().orElseThrow());
      table.row(
          request.row().timestamp(),
          request.id(),
          Console.excerpt(request.subject().agentId(), AGENT_WIDTH),
          Console.printable(summary.rule()),
          request.timesAsked(),
          request.state().label(),
          Console.excerpt(summary.action(), ACTION_WIDTH));
    }
  }

  /** A verb about one request. */
  abstract static class RequestVerb extends Verb {
    @Parameters(paramLabel = "ID", description = "the id of the event that escalated the action")
    String id = "";

    /**
     * Reports a refusal as a failure of this verb, and an unknown id or an option out of its limits
     * as wrong usage.
     */
    final <T> T refusing(ThrowingSupplier<T, Exception> answering) throws Exception {
      try {
        return answering.get();
      } catch (ApprovalException e) {
        String message = Console.printable(String.valueOf(e.getMessage()));
        throw switch (e.reason()) {
          case UNKNOWN_REQUEST, BAD_VALIDITY, BAD_REASON -> CommandFailure.usage("%s", message);
          default -> CommandFailure.failed("%s", message);
        };
      }
    }

    final void field(String name, Object value) {
      if (!String.valueOf(value).isEmpty()) {
        console().field(WIDTH, name, value);
      }
    }
  }

  @Command(
      name = "show",
      description = "Print one request: the action, its facts, and the decisions before it.")
  static final class Show extends RequestVerb {
    @Override
    public Integer call() throws Exception {
      Approvals approvals = log().approvals();
      Request request = refusing(() -> approvals.request(id));
      List<ChainRow> recent = approvals.recent(request);
      if (json()) {
        console()
            .json(
                out -> {
                  out.name("recent").beginArray();
                  recent.forEach(row -> out.element().canonical(row.toJson()));
                  out.endArray().name("request").beginObject();
                  request.write(out);
                  out.endObject();
                });
      } else {
        print(request, recent);
      }
      return ExitCode.OK;
    }

    private void print(Request request, List<ChainRow> recent) throws JsonFormatException {
      byte[] payload = request.row().payload().orElseThrow();
      JsonFields decision =
          JsonFields.of(
              JsonValue.parse(new String(payload, StandardCharsets.UTF_8)).tree(), "payload");
      field("id", request.id());
      field("state", request.state().label());
      field("time", request.row().timestamp());
      field("agent", request.subject().agentId());
      field(
          "principal",
          request.subject().principal().orElse("(none; the agent id is only claimed)"));
      field("session", decision.optionalString("session").orElse(""));
      PayloadSummary.of(payload).print(console(), WIDTH);
      field("command", decision.optionalString("effective_command").orElse(""));
      for (String fact : decision.has("facts") ? decision.strings("facts") : List.<String>of()) {
        field("fact", fact);
      }
      for (String rule :
          decision.has("matched") ? decision.strings("matched") : List.<String>of()) {
        field("matched", rule);
      }
      field("asked", request.timesAsked() == 1 ? "once" : request.timesAsked() + " times");
      field("policy", request.subject().policy());
      field("digest", request.subject().actionDigest());
      request.resolution().ifPresent(this::print);
      if (!recent.isEmpty()) {
        line("before it:");
        Table table = new Table("time", "decision", "rule", "action");
        for (ChainRow row : recent) {
          PayloadSummary summary =
              row.payload()
                  .map(PayloadSummary::of)
                  .orElse(new PayloadSummary("", "", "", "(erased)"));
          table.row(
              row.timestamp(),
              Console.printable(summary.verdict()),
              Console.printable(summary.rule()),
              Console.excerpt(summary.action(), ACTION_WIDTH));
        }
        table.print(console());
      }
      if (request.state() == State.PENDING) {
        line("indelible approvals approve %s --key FILE --reason TEXT", request.id());
      }
    }

    private void print(Resolution answer) {
      field(answer.isGranted() ? "approved by" : "denied by", answer.by());
      field("because", answer.reason());
      field("until", answer.expires().map(Timestamps::format).orElse(""));
    }
  }

  /** A verb that answers a request with a key. */
  abstract static class AnswerVerb extends RequestVerb {
    @Option(
        names = "--key",
        required = true,
        paramLabel = "FILE",
        description = "the approver's private key, see 'policy keygen'")
    Path key = Path.of("");

    @Mixin ReasonOption reason = new ReasonOption();

    /** Returns the approver to whom the policy assigns the key's public half. */
    final Approver approver(Approvals approvals) throws Exception {
      SigningKey own = NamedKeyFile.readKey(key);
      List<VerifierKey> named = approvals.approvers(refusing(() -> approvals.request(id)));
      Optional<VerifierKey> approver =
          named.stream().filter(each -> each.key().equals(own.verificationKey())).findFirst();
      CommandFailure.refuseIf(
          approver.isEmpty(),
          "%s: the policy does not name this key; its approvers are %s",
          key,
          named.isEmpty()
              ? "none"
              : Console.printable(
                  named.stream().map(VerifierKey::name).collect(Collectors.joining(", "))));
      return new Approver.Key(NoteSigner.of(approver.get().name(), own));
    }

    final void print(Resolution answer, String text) {
      print(answer::write, "%s", text);
    }
  }

  @Command(
      name = "approve",
      description = "Permit one retry of exactly this action by this agent.",
      footer = {
        "",
        "The key must be one that the policy in force lists under \"approvers\". The",
        "answer is an event in the chain. The agent has to ask again before the",
        "approval expires; an action that differs in one byte stays escalated.",
        "",
        "  indelible approvals approve 0198… --key alice.pem --reason 'planned' --for 10m",
        "",
        "Exit status: 0 approved; 1 refused; 2 wrong usage, or an unknown id.",
        "After 1 and 2, nothing was recorded."
      })
  static final class Approve extends AnswerVerb {
    @Option(
        names = "--for",
        paramLabel = "DURATION",
        defaultValue = "10m",
        description = "how long the approval is valid, at most 24h (default: ${DEFAULT-VALUE})")
    String validity = "";

    @Override
    public Integer call() throws Exception {
      Duration valid = duration("--for", validity);
      Approvals approvals = log().approvals();
      Approver approver = approver(approvals);
      Resolution answer = refusing(() -> approvals.grant(id, approver, valid, reason.text()));
      print(
          answer,
          "approved by %s until %s, as row %s; the agent can now ask again"
              .formatted(
                  Console.printable(answer.by()),
                  answer.expires().map(Timestamps::format).orElse(""),
                  answer.sequence()));
      return ExitCode.OK;
    }
  }

  @Command(
      name = "deny",
      description = "Record that this action stays held back.",
      footer = {
        "",
        "Exit status: 0 denied; 1 refused; 2 wrong usage, or an unknown id.",
        "After 1 and 2, nothing was recorded."
      })
  static final class Deny extends AnswerVerb {
    @Override
    public Integer call() throws Exception {
      Approvals approvals = log().approvals();
      Approver approver = approver(approvals);
      Resolution answer = refusing(() -> approvals.deny(id, approver, reason.text()));
      print(
          answer,
          "denied by %s, as row %s".formatted(Console.printable(answer.by()), answer.sequence()));
      return ExitCode.OK;
    }
  }
}
