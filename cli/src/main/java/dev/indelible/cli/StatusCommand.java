// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.GateChannel;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.directory.Coverage;
import dev.indelible.directory.GateChannels;
import dev.indelible.directory.GateStatus;
import dev.indelible.directory.KeyStates;
import dev.indelible.directory.LastTally;
import dev.indelible.directory.LogStatus;
import dev.indelible.encoding.Timestamps;
import dev.indelible.health.AuditHealth;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.note.LogEnd;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.TamperNotes.Noted;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.LastCosignature;
import dev.indelible.storage.RowCounter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "status",
    description = "Show the state of the log: counts, keys, rules, and every problem.",
    footer = {
      "",
      "Reads every row once, to count them; 'indelible log verify' verifies the chain.",
      "Of a gate that records through a queue, shows what waits, and asks the queue.",
      "Exit status: 0 no problem; 1 a problem: each line 'problem' states what to do."
    })
final class StatusCommand extends Verb {
  private static final int WIDTH = 13;
  private static final String NONE = "(none)";
  private static final String UNREADABLE = "(unreadable)";

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    requireDataDirectory();
    if (data().hasQueue()) {
      return gate();
    }
    // If a native library does not load, this machine is at fault, and not the log.
    data().engine().prepare();
    LogStatus status =
        LogStatus.read(data(), anchor.file(), AuditHealth.RECORDING, new RowCounter());
    print(status::write, () -> print(status));
    return status.health().isWell() ? ExitCode.OK : ExitCode.FAILED;
  }

  /** Prints the status of a gate that records through a queue, and asks the queue. */
  private int gate() throws Exception {
    GateStatus status;
    try (GateChannel channel = GateChannels.open(data(), data().keys().read())) {
      status = GateStatus.read(data(), channel, Clock.systemUTC());
    }
    print(status::write, () -> print(status));
    return status.problems().isEmpty() ? ExitCode.OK : ExitCode.FAILED;
  }

  private void print(GateStatus status) {
    field("state", console().bold(console().byMeaning(status.state(), status.state())));
    status
        .problems()
        .forEach(entry -> field("problem", console().red(Console.printable(entry.reason()))));
    field("gate", status.gate());
    field("queue", Console.printable(status.queue()));
    field("waiting", status.waiting().map(this::describe).orElse(UNREADABLE));
    field("journals", journals(status));
    field("log", "elsewhere; run 'indelible status' in its data directory");
  }

  private static String journals(GateStatus status) {
    return status
        .positions()
        .map(
            found ->
                found.isEmpty()
                    ? NONE
                    : found.entrySet().stream()
                        .map(
                            each ->
                                "%s settled up to byte %,d"
                                    .formatted(each.getKey(), each.getValue()))
                        .collect(Collectors.joining("; ")))
        .orElse(UNREADABLE);
  }

  /** Prints the state, then every problem, then the values. */
  private void print(LogStatus status) {
    String state = status.state();
    field("state", console().bold(console().byMeaning(state, state)));
    status
        .health()
        .entries()
        .forEach(entry -> field("problem", console().red(Console.printable(entry.reason()))));
    status.end().ifPresent(row -> field("ended", ended(row)));
    field("rows", text(status.counts().map(RowCounter.Counts::rows)));
    field("refusals", refusals(status.counts()));
    field("escalations", text(status.counts().map(RowCounter.Counts::escalations)));
    field("dead letters", text(status.check().deadLetters().stream().boxed().findFirst()));
    field("waiting", status.check().waiting().map(this::describe).orElse(UNREADABLE));
    field("head", head(status));
    field("signatures", signatures(status));
    field(
        "checkpoint",
        status
            .check()
            .checkpoint()
            .map(last -> describe(last, status))
            .orElse("(none that can be read)"));
    field("witnesses", coverage(status.witnessed(), "that a quorum cosigned"));
    status.times().cosignatures().forEach(last -> field("cosigned", describe(last)));
    field(
        "anchor",
        coverage(status.anchored(), "in the anchor file") + newest(status.times().anchored()));
    field("index", indexed(status.indexed()));
    field(
        "last tally",
        status.tally().map(StatusCommand::describe).orElse(console().yellow("(unknown)")));
    field("keys", keys(status));
    field("policy", policy(status.check().policy()));
    field("operator", operator(status.check().operator()));
    status.check().tamperNotes().stream()
        .filter(Noted::isAnswered)
        .forEach(noted -> field("answered", answered(noted)));
  }

  private static String ended(ChainRow row) {
    return "by row %,d%s; nothing more is recorded"
        .formatted(
            row.sequence(),
            LogEnd.read(row)
                .map(end -> " (%s)".formatted(Console.printable(end.reason())))
                .orElse(""));
  }

  private void field(String name, String value) {
    console().line(console().faint(("%-" + WIDTH + "s").formatted(name)) + value);
  }

  private static String text(Optional<Long> value) {
    return value.map("%,d"::formatted).orElse(UNREADABLE);
  }

  /** Returns the number of refusals; in the chain, they share an event type with escalations. */
  private static String refusals(Optional<RowCounter.Counts> counts) {
    return text(counts.map(RowCounter.Counts::refusals))
        + counts
            .map(RowCounter.Counts::unknown)
            .filter(unknown -> unknown > 0)
            .map(
                ("; %,d more are refusals or escalations, unknown because their payloads are"
                        + " erased")
                    ::formatted)
            .orElse("");
  }

  private String describe(WaitingEvents events) {
    if (events.isNone()) {
      return "0 events";
    }
    List<String> parts = new ArrayList<>();
    if (events.ended() > 0) {
      parts.add(
          console().yellow(events(events.ended()) + " in the journal of a process that has ended"));
    }
    if (events.alive() > 0) {
      parts.add(events(events.alive()) + " in the journal of a running process");
    }
    return String.join(", ", parts)
        + events.oldest().map(time -> ", the oldest of " + Timestamps.format(time)).orElse("");
  }

  private static String events(long count) {
    return "%,d %s".formatted(count, count == 1 ? "event" : "events");
  }

  private static String head(LogStatus status) {
    return status
        .lastRow()
        .map(Head::toString)
        .orElse(status.head().isPresent() ? "(empty)" : UNREADABLE);
  }

  private String signatures(LogStatus status) {
    return switch (status.signatures()) {
      case ON -> "on";
      case OFF ->
          console().yellow("off")
              + ": new rows are unsigned; a signed row in the chain states that";
      case UNKNOWN -> console().yellow("(unknown)");
    };
  }

  private static String describe(Checkpoint last, LogStatus status) {
    long after = status.head().map(row -> Math.max(0, row.sequence() - last.size())).orElse(0L);
    return "over %,d rows of %s".formatted(last.size(), Console.printable(last.origin()))
        + newest(status.times().checkpoint())
        + (after > 0 ? "; %,d rows follow it".formatted(after) : "");
  }

  /** Describes the newest row under a checkpoint, which is no newer than the checkpoint itself. */
  private static String newest(Optional<String> time) {
    return time.map(text -> "; its newest row is of " + Console.printable(text)).orElse("");
  }

  private String describe(LastCosignature last) {
    String witness = Console.printable(last.witness());
    if (last.size().isEmpty()) {
      return console().yellow("(unknown)") + " by " + witness;
    }
    return last.size().getAsLong() == 0
        ? console().yellow("nothing") + " by " + witness
        : "%,d rows by %s, at %s"
            .formatted(
                last.size().getAsLong(),
                witness,
                last.time().map(Timestamps::format).orElse("an unknown time"));
  }

  /**
   * Describes evidence outside the ledger.
   *
   * @param which describes the checkpoints of this evidence
   */
  private String coverage(Optional<Coverage> coverage, String which) {
    if (coverage.isEmpty()) {
      return NONE;
    }
    Optional<Long> uncovered = coverage.get().uncovered();
    if (uncovered.isEmpty()) {
      return console().yellow("(unknown)");
    }
    return uncovered.get() == 0
        ? "all rows are under a checkpoint " + which
        : console().yellow("%,d rows are not yet under a checkpoint".formatted(uncovered.get()))
            + " %s; the last is over %,d".formatted(which, coverage.get().size().orElse(0L));
  }

  /** Describes the index. That rows are missing is no fault: a search first adds them. */
  private static String indexed(Coverage index) {
    return index
        .uncovered()
        .map(
            missing ->
                missing == 0
                    ? "has all rows"
                    : "has the rows up to %,d; a search first adds the %,d that follow"
                        .formatted(index.size().orElse(0L), missing))
        .orElse(UNREADABLE);
  }

  private static String describe(LastTally last) {
    return last.tally()
        .map(
            found ->
                "row %d: %,d attempts of run %s, %,d pending%s"
                    .formatted(
                        last.sequence(),
                        found.attempts().total(),
                        found.run(),
                        found.pending(),
                        found.closed() ? ", its last" : ""))
        .orElse(NONE);
  }

  private static String keys(LogStatus status) {
    KeyStates states = new KeyStates(status.check().history());
    return status
        .keys()
        .map(ids -> String.join(", ", ids.stream().map(states::marked).toList()))
        .orElse("(unusable)");
  }

  private static String policy(Optional<RulePolicy> policy) {
    return policy
        .map(rules -> "%,d rules, %s".formatted(rules.rules().size(), rules.digest()))
        .orElse("(unusable)");
  }

  private static String operator(Optional<OperatorHistory> history) {
    return history
        .flatMap(OperatorHistory::operator)
        .map(
            operator ->
                Console.printable(
                    "%s signs policies for %s; the last number is %s"
                        .formatted(
                            operator.key(),
                            operator.origin(),
                            history
                                .flatMap(OperatorHistory::newest)
                                .map(policy -> String.valueOf(policy.number()))
                                .orElse("unknown"))))
        .orElse(NONE);
  }

  /**
   * Describes a row that reports tampering and is answered. An unanswered row is reported as a
   * problem instead.
   */
  private static String answered(Noted noted) {
    return Console.printable(
        "tampering noted by row %d: ".formatted(noted.sequence()) + noted.describe());
  }
}
