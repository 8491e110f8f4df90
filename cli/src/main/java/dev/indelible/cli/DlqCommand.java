// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.DataDirectory.SigningKeys;
import dev.indelible.append.CheckpointFile;
import dev.indelible.append.DeadLetters;
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
    description = "The dead letters: events that could not go into the chain.",
    subcommands = {
      DlqCommand.ListLetters.class,
      DlqCommand.Show.class,
      DlqCommand.Replay.class,
      DlqCommand.Purge.class
    })
final class DlqCommand extends VerbGroup {
  private static CanonicalWriter toJson(DeadLetter letter) {
    return new CanonicalWriter()
        .beginObject()
        .member("agent_id", letter.agentId())
        .member("attempts", letter.attempts())
        .member("event_type", letter.eventType())
        .member("failed_at", letter.failedAt())
        .member("failure_reason", letter.failureReason())
        .member("id", letter.id())
        .member("letter", letter.letter())
        .member("payload", letter.payload())
        .name("replayed_as")
        .nullable(letter.replayedAs())
        .member("timestamp", letter.timestamp())
        .endObject();
  }

  /** A verb about single dead letters. */
  abstract static class LetterVerb extends Verb {
    /** Returns the dead letters with these numbers or event ids; fails if one does not exist. */
    final List<DeadLetter> letters(List<String> names) throws Exception {
      List<DeadLetter> found = new ArrayList<>();
      for (String name : names) {
        List<DeadLetter> named =
            letters(
                letter -> letter.id().equals(name) || Long.toString(letter.letter()).equals(name));
        if (named.isEmpty()) {
          throw CommandFailure.usage(
              "dlq %s %s: no such letter; 'indelible dlq list' shows what there is",
              Objects.requireNonNull(spec).name(), name);
        }
        found.addAll(named);
      }
      return found;
    }

    /** Returns the dead letters that match, oldest first. */
    final List<DeadLetter> letters(Predicate<DeadLetter> wanted) throws Exception {
      List<DeadLetter> found = new ArrayList<>();
      try (LedgerReader ledger = ledger()) {
        ledger.forEachDeadLetter(letter -> !wanted.test(letter) || found.add(letter));
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
  static final class ListLetters extends Verb {
    private static final int AGENT_WIDTH = 24;
    private static final int CAUSE_WIDTH = 60;

    @Override
    public Integer call() throws Exception {
      Table table =
          new Table("letter", "failed at", "id", "agent", "type", "attempts", "state", "cause");
      try (LedgerReader ledger = ledger()) {
        ledger.forEachDeadLetter(
            letter -> {
              if (json()) {
                console().json(toJson(letter));
              } else {
                addRow(table, letter);
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

    private static void addRow(Table table, DeadLetter letter) {
      table.row(
          letter.letter(),
          Console.printable(letter.failedAt()),
          Console.printable(letter.id()),
          Console.excerpt(letter.agentId(), AGENT_WIDTH),
          Console.printable(letter.eventType()),
          letter.attempts(),
          letter.replayedAs().isPresent() ? "replayed" : "waiting",
          Console.excerpt(letter.failureReason(), CAUSE_WIDTH));
    }
  }

  @Command(name = "show", description = "Print everything of one dead letter.")
  static final class Show extends LetterVerb {
    private static final int WIDTH = 13;

    @Parameters(paramLabel = "LETTER", description = "its number, or its event's id")
    String wanted = "";

    @Override
    public Integer call() throws Exception {
      letters(List.of(wanted)).forEach(this::print);
      return ExitCode.OK;
    }

    private void print(DeadLetter letter) {
      if (json()) {
        console().json(toJson(letter));
        return;
      }
      console().field(WIDTH, "letter", letter.letter());
      console().field(WIDTH, "id", letter.id());
      console().field(WIDTH, "time", letter.timestamp());
      console().field(WIDTH, "agent", letter.agentId());
      console().field(WIDTH, "type", letter.eventType());
      console().field(WIDTH, "failed at", letter.failedAt());
      console().field(WIDTH, "attempts", letter.attempts());
      console().field(WIDTH, "cause", letter.failureReason());
      console().field(WIDTH, "replayed as", letter.replayedAs().orElse("(not replayed)"));
      console().field(WIDTH, "payload", letter.payload());
    }
  }

  @Command(
      name = "replay",
      description = "Append dead letters to the chain after all, each under its own id.",
      footer = {
        "",
        "Exit status: 0 if all are in the chain, 1 if one is still refused; it stays a dead letter.",
        "Each replay is itself an event in the chain."
      })
  static final class Replay extends LetterVerb {
    @Parameters(paramLabel = "LETTER", arity = "0..*", description = "their numbers, or event ids")
    List<String> names = new ArrayList<>();

    @Option(names = "--all", description = "all that wait")
    boolean all;

    @Override
    public Integer call() throws Exception {
      if (all == !names.isEmpty()) {
        throw CommandFailure.usage("dlq replay: name the letters, or say --all");
      }
      List<DeadLetter> letters =
          all ? letters(letter -> letter.replayedAs().isEmpty()) : letters(names);
      boolean refused = false;
      try (DeadLetters ledger = open()) {
        for (DeadLetter letter : letters) {
          Optional<String> refusal = ledger.replay(letter);
          refused |= refusal.isPresent();
          print(letter, refusal);
        }
      }
      return refused ? ExitCode.FAILED : ExitCode.OK;
    }

    private void print(DeadLetter letter, Optional<String> refusal) {
      print(
          out ->
              out.member("id", letter.id())
                  .member("letter", letter.letter())
                  .member("outcome", refusal.isPresent() ? "refused" : "replayed")
                  .name("reason")
                  .nullable(refusal),
          "letter %s  %s",
          letter.letter(),
          refusal
              .map(reason -> console().red("still refused") + "  " + Console.printable(reason))
              .orElse(console().green("replayed") + "  as " + letter.id()));
    }
  }

  @Command(
      name = "purge",
      description = "Remove dead letters; their payloads cannot be brought back.",
      footer = {"", "Each removal is itself an event in the chain, with the reason."})
  static final class Purge extends LetterVerb {
    @Parameters(paramLabel = "LETTER", arity = "1..*", description = "their numbers, or event ids")
    List<String> names = new ArrayList<>();

    @Mixin ReasonOption reason = new ReasonOption();

    @Override
    public Integer call() throws Exception {
      String why = reason.words();
      List<DeadLetter> letters = letters(names);
      try (DeadLetters ledger = open()) {
        for (DeadLetter letter : letters) {
          ledger.purge(letter, why);
          print(
              out ->
                  out.member("id", letter.id())
                      .member("letter", letter.letter())
                      .member("outcome", "purged"),
              "letter %s  purged",
              letter.letter());
        }
      }
      return ExitCode.OK;
    }
  }
}
