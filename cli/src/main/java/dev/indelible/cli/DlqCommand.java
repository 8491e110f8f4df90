// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.DeadLetters;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerReader;
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
  /** A verb on named dead letters. */
  abstract static class DeadLetterVerb extends Verb {
    /**
     * Returns the dead letters with these numbers or event ids; refuses one that does not exist.
     */
    final List<DeadLetter> deadLetters(List<String> names) throws Exception {
      List<DeadLetter> found = new ArrayList<>();
      for (String name : names) {
        List<DeadLetter> named =
            deadLetters(
                deadLetter ->
                    deadLetter.id().equals(name)
                        || Long.toString(deadLetter.number()).equals(name));
        CommandFailure.refuseIf(
            named.isEmpty(),
            "dlq %s %s: no dead letter with this number or event id; 'indelible dlq list' lists them",
            Objects.requireNonNull(spec).name(),
            name);
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
          data().openWriter(), data().checkpointFile(), keys.signer(), keys.accepted());
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
              print(deadLetter::write, () -> addRow(table, deadLetter));
              return true;
            });
      }
      if (!json()) {
        table.printOr("no dead letters", console());
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
      for (DeadLetter deadLetter : deadLetters(List.of(wanted))) {
        print(deadLetter::write, () -> printText(deadLetter));
      }
      return ExitCode.OK;
    }

    private void printText(DeadLetter deadLetter) {
      field("number", deadLetter.number());
      field("id", deadLetter.id());
      field("time", deadLetter.timestamp());
      field("agent", deadLetter.agentId());
      field("type", deadLetter.eventType());
      field("failed at", deadLetter.failedAt());
      field("attempts", deadLetter.attempts());
      field("cause", deadLetter.failureReason());
      field("replayed as", deadLetter.replayedAs().orElse("(not replayed)"));
      field("payload", deadLetter.payload());
    }

    private void field(String name, Object value) {
      console().field(WIDTH, name, value);
    }
  }

  @Command(
      name = "replay",
      description = "Append dead letters to the chain, each under its own id.",
      footer = {
        "",
        "Each replay is itself an event in the chain.",
        "Exit status: 0 all are in the chain, 1 at least one is refused again and stays",
        "a dead letter."
      })
  static final class Replay extends DeadLetterVerb {
    @Parameters(
        paramLabel = "DEAD-LETTER",
        arity = "0..*",
        description = "their numbers, or event ids")
    List<String> names = new ArrayList<>();

    @Option(names = "--all", description = "replay all dead letters")
    boolean all;

    @Override
    public Integer call() throws Exception {
      CommandFailure.refuseIf(
          all == !names.isEmpty(), "dlq replay: name dead letters, or give --all; not both");
      List<DeadLetter> deadLetters =
          all ? deadLetters(deadLetter -> deadLetter.replayedAs().isEmpty()) : deadLetters(names);
      if (deadLetters.isEmpty() && !json()) {
        line("no dead letters");
      }
      int exit = ExitCode.OK;
      try (DeadLetters ledger = open()) {
        for (DeadLetter deadLetter : deadLetters) {
          Optional<String> refusal = ledger.replay(deadLetter);
          if (refusal.isPresent()) {
            exit = ExitCode.FAILED;
          }
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
      return exit;
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
      String why = reason.text();
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
