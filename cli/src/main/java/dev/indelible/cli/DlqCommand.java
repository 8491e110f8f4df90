// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.DeadLetters;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.sqlite.SqliteWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "dlq",
    description = "Dead letters: events that the ledger refused.",
    subcommands = {
      DlqCommand.ListDeadLetters.class,
      DlqCommand.Show.class,
      DlqCommand.Replay.class,
      DlqCommand.Purge.class
    })
final class DlqCommand extends VerbGroup {
  private static CanonicalWriter toJson(DeadLetter deadLetter) {
    return new CanonicalWriter()
        .beginObject()
        .member("agent_id", deadLetter.agentId())
        .member("attempts", deadLetter.attempts())
        .member("event_type", deadLetter.eventType())
        .member("failed_at", deadLetter.failedAt())
        .member("failure_reason", deadLetter.failureReason())
        .member("id", deadLetter.id())
        .member("letter", deadLetter.number())
        .member("payload", deadLetter.payload())
        .name("replayed_as")
        .nullable(deadLetter.replayedAs())
        .member("timestamp", deadLetter.timestamp())
        .endObject();
  }

  /** A verb on named dead letters. */
  abstract static class DeadLetterVerb extends Verb {
    /** Returns the dead letters with these numbers or event ids; fails if one does not exist. */
    final List<DeadLetter> deadLetters(List<String> names) throws Exception {
      List<DeadLetter> found = new ArrayList<>();
      for (String name : names) {
        List<DeadLetter> named =
            deadLetters(
                deadLetter ->
                    deadLetter.id().equals(name)
                        || Long.toString(deadLetter.number()).equals(name));
        if (named.isEmpty()) {
          throw CommandFailure.usage(
              "dlq %s %s: no dead letter with this number or event id; 'indelible dlq list' lists them",
              Objects.requireNonNull(spec).name(), name);
        }
        found.addAll(named);
      }
      return found;
    }

    /** Returns the dead letters that match, oldest first. */
    final List<DeadLetter> deadLetters(Predicate<DeadLetter> wanted) throws Exception {
      List<DeadLetter> found = new ArrayList<>();
      try (LedgerReader ledger = ledger()) {
        ledger.forEachDeadLetter(deadLetter -> !wanted.test(deadLetter) || found.add(deadLetter));
      }
      return found;
    }

    /** Opens the dead letters for replay and removal. */
    final DeadLetters open() throws Exception {
      SigningKeys keys = data().signingKeys();
      return new DeadLetters(
          SqliteWriter.open(data().database()),
          CheckpointFile.at(data().lastCheckpoint()),
          keys.signer(),
          keys.accepted());
    }
  }

  @Command(name = "list", description = "Print the dead letters, oldest first.")
  static final class ListDeadLetters extends Verb {
    private static final int AGENT_WIDTH = 24;
    private static final int CAUSE_WIDTH = 60;

    @Override
    public Integer call() throws Exception {
      Table table =
          new Table("number", "failed at", "id", "agent", "type", "attempts", "state", "cause");
      try (LedgerReader ledger = ledger()) {
        ledger.forEachDeadLetter(
            deadLetter -> {
              if (json()) {
                console().json(toJson(deadLetter));
              } else {
                addRow(table, deadLetter);
              }
              return true;
            });
      }
      if (!json() && table.isEmpty()) {
        console().line("no dead letters");
      } else if (!json()) {
        table.print(console());
      }
      return ExitCode.OK;
    }

    private static void addRow(Table table, DeadLetter deadLetter) {
      table.row(
          deadLetter.number(),
          Console.printable(deadLetter.failedAt()),
          Console.printable(deadLetter.id()),
          Console.excerpt(deadLetter.agentId(), AGENT_WIDTH),
          Console.printable(deadLetter.eventType()),
          deadLetter.attempts(),
          deadLetter.replayedAs().isPresent() ? "replayed" : "waiting",
          Console.excerpt(deadLetter.failureReason(), CAUSE_WIDTH));
    }
  }

  @Command(name = "show", description = "Print all fields of one dead letter.")
  static final class Show extends DeadLetterVerb {
    private static final int WIDTH = 13;

    @Parameters(paramLabel = "DEAD-LETTER", description = "its number, or its event's id")
    String wanted = "";

    @Override
    public Integer call() throws Exception {
      deadLetters(List.of(wanted)).forEach(this::print);
      return ExitCode.OK;
    }

    private void print(DeadLetter deadLetter) {
      if (json()) {
        console().json(toJson(deadLetter));
        return;
      }
      console().field(WIDTH, "number", deadLetter.number());
      console().field(WIDTH, "id", deadLetter.id());
      console().field(WIDTH, "time", deadLetter.timestamp());
      console().field(WIDTH, "agent", deadLetter.agentId());
      console().field(WIDTH, "type", deadLetter.eventType());
      console().field(WIDTH, "failed at", deadLetter.failedAt());
      console().field(WIDTH, "attempts", deadLetter.attempts());
      console().field(WIDTH, "cause", deadLetter.failureReason());
      console().field(WIDTH, "replayed as", deadLetter.replayedAs().orElse("(not replayed)"));
      console().field(WIDTH, "payload", deadLetter.payload());
    }
  }

  @Command(
      name = "replay",
      description = "Append dead letters to the chain, each under its own id.",
      footer = {
        "",
        "Exit status: 0 all are in the chain, 1 one is refused again and stays a dead letter.",
        "Each replay is itself an event in the chain."
      })
  static final class Replay extends DeadLetterVerb {
    @Parameters(
        paramLabel = "DEAD-LETTER",
        arity = "0..*",
        description = "their numbers, or event ids")
    List<String> names = new ArrayList<>();

    @Option(names = "--all", description = "replay all that wait")
    boolean all;

    @Override
    public Integer call() throws Exception {
      if (all == !names.isEmpty()) {
        throw CommandFailure.usage("dlq replay: name dead letters, or give --all; not both");
      }
      List<DeadLetter> deadLetters =
          all ? deadLetters(deadLetter -> deadLetter.replayedAs().isEmpty()) : deadLetters(names);
      boolean refused = false;
      try (DeadLetters ledger = open()) {
        for (DeadLetter deadLetter : deadLetters) {
          Optional<String> refusal = ledger.replay(deadLetter);
          refused |= refusal.isPresent();
          print(deadLetter, refusal);
        }
      }
      return refused ? ExitCode.FAILED : ExitCode.OK;
    }

    private void print(DeadLetter deadLetter, Optional<String> refusal) {
      print(
          out ->
              out.member("id", deadLetter.id())
                  .member("letter", deadLetter.number())
                  .member("outcome", refusal.isPresent() ? "refused" : "replayed")
                  .name("reason")
                  .nullable(refusal),
          "dead letter %s  %s",
          deadLetter.number(),
          refusal
              .map(reason -> console().red("refused again") + "  " + Console.printable(reason))
              .orElse(console().green("replayed") + "  as " + deadLetter.id()));
    }
  }

  @Command(
      name = "purge",
      description = "Delete dead letters; their payloads cannot be restored.",
      footer = {"", "Each removal is itself an event in the chain, with the reason."})
  static final class Purge extends DeadLetterVerb {
    @Parameters(
        paramLabel = "DEAD-LETTER",
        arity = "1..*",
        description = "their numbers, or event ids")
    List<String> names = new ArrayList<>();

    @Mixin ReasonOption reason = new ReasonOption();

    @Override
    public Integer call() throws Exception {
      String why = reason.words();
      List<DeadLetter> deadLetters = deadLetters(names);
      try (DeadLetters ledger = open()) {
        for (DeadLetter deadLetter : deadLetters) {
          ledger.purge(deadLetter, why);
          print(
              out ->
                  out.member("id", deadLetter.id())
                      .member("letter", deadLetter.number())
                      .member("outcome", "purged"),
              "dead letter %s  purged",
              deadLetter.number());
        }
      }
      return ExitCode.OK;
    }
  }
}
