// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.action.ActionParser;
import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.policy.RulePolicy;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;

@Command(
    name = "replay",
    description = "Decide again about every recorded action, and print what would change.",
    footer = {
      "",
      "Only recorded decisions are compared, and hooks record only decisions that",
      "block. Decisions with erased payloads, or about actions too large to be",
      "recorded, are counted and skipped. Redacted actions are counted: the decision",
      "is made about the markers in place of their secrets. Nothing is recorded.",
      "",
      "Exit status: 0 nothing changes, 1 something does."
    })
final class PolicyReplayCommand extends Verb {
  private static final int ACTION_WIDTH = 80;

  @Mixin PolicyOption policy = new PolicyOption();

  @Option(names = "--limit", paramLabel = "N", description = "print at most N changes")
  long limit = Long.MAX_VALUE;

  private final Map<String, Long> changes = new TreeMap<>();
  private long decided;
  private long redacted;
  private long skipped;
  private long printed;

  @Override
  public Integer call() throws Exception {
    RulePolicy loaded = policy.load(this);
    try (LedgerReader ledger = ledger()) {
      ledger.forEachRow(
          RowQuery.all(),
          row -> {
            if (DeferredAuditEvent.isDecision(row.eventType())) {
              replay(loaded, row);
            }
            return true;
          });
    }
    long changed = changes.values().stream().mapToLong(Long::longValue).sum();
    print(
        out -> {
          out.member("changed", changed).name("changes").beginObject();
          changes.forEach(out::member);
          out.endObject().member("decided", decided).member("redacted", redacted);
          out.member("skipped", skipped);
        },
        "%s decisions, %s of them about redacted actions, %s change under %s, %s cannot be repeated%s",
        decided,
        redacted,
        changed,
        policy.name(this),
        skipped,
        changes.entrySet().stream()
            .map(change -> "\n  " + change.getValue() + "  " + change.getKey())
            .collect(Collectors.joining()));
    return changed == 0 ? ExitCode.OK : ExitCode.FAILED;
  }

  private void replay(RulePolicy policy, ChainRow row) {
    AgentAction action;
    JsonNode payload;
    try {
      // An erased payload is read as an empty text, which is not JSON.
      payload = CanonicalJson.read(row.payload().orElse(new byte[0]));
      action = ActionParser.parse(payload.path("action"), "action");
    } catch (JsonFormatException e) {
      skipped++;
      return;
    }
    decided++;
    // Decides about the markers; their number shows how far the result can be relied on.
    redacted += payload.has("redactions") ? 1 : 0;
    String before = payload.path("decision").path("decision").asString("");
    Decision decision = policy.decide(row.agentId(), action);
    if (decision.verdict().equals(before)) {
      return;
    }
    changes.merge(before + " -> " + decision.verdict(), 1L, Long::sum);
    if (printed++ < limit) {
      print(row, payload, before, decision);
    }
  }

  private void print(ChainRow row, JsonNode payload, String before, Decision decision) {
    print(
        out -> {
          out.member("after", decision.verdict()).member("before", before);
          out.member("id", row.id()).name("reason").nullable(decision.reason());
          out.name("rule_id").nullable(decision.ruleId()).member("sequence", row.sequence());
        },
        "%8s  %s -> %s  %s  %s",
        row.sequence(),
        before,
        console().byMeaning(decision.verdict(), decision.verdict()),
        Console.printable(decision.ruleId().orElse("")),
        Console.excerpt(payload.path("action").toString(), ACTION_WIDTH));
  }
}
