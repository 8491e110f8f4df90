// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.IndelibleBuilder;
import dev.indelible.base.ThrowingFunction;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.encoding.TimeTexts;
import dev.indelible.fleet.Fleet;
import dev.indelible.fleet.Fleet.ShardState;
import dev.indelible.fleet.FleetWriter;
import dev.indelible.fleet.FleetWriter.Result;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.FleetCreation;
import dev.indelible.note.ShardException;
import dev.indelible.note.ShardOpening;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "fleet",
    description = "A log of logs: open shards, and admit their checkpoints to it.",
    subcommands = {
      FleetCommand.Init.class,
      FleetCommand.OpenShard.class,
      FleetCommand.Admit.class,
      FleetCommand.Status.class,
      FleetCommand.CloseShard.class
    },
    footer = {
      "",
      "The data directory is that of the log of logs; shards/NAME in it is the data",
      "directory of a shard, or a link to it. 'indelible log verify' verifies all of",
      "them, and witnesses cosign the log of logs only."
    })
final class FleetCommand extends VerbGroup {
  /** Returns the failure of a verb that a fleet refuses. */
  static CommandFailure refused(ShardException e) {
    return CommandFailure.failed("%s", Console.printable(String.valueOf(e.getMessage())));
  }

  /** A verb on a fleet. */
  abstract static class FleetVerb extends Verb {
    final Fleet fleet() {
      return new Fleet(data());
    }

    /** Changes the fleet; reports a refusal as a failure of this verb. */
    final <T> T change(ThrowingFunction<FleetWriter, T, Exception> change) throws Exception {
      requireDataDirectory();
      try (FleetWriter writer = FleetWriter.open(fleet())) {
        return change.apply(writer);
      } catch (ShardException e) {
        throw refused(e);
      }
    }

    static String requireName(String name) throws CommandFailure {
      try {
        return ShardOpening.requireName(name);
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage("%s: %s", Console.printable(name), e.getMessage());
      }
    }

    static Duration duration(String option, String text) throws CommandFailure {
      try {
        return TimeTexts.duration(text);
      } catch (IllegalArgumentException e) {
        throw CommandFailure.usage("%s %s", option, e.getMessage());
      }
    }
  }

  @Command(
      name = "init",
      description = "Create a fleet without shards: its log of logs, with a key.",
      footer = {
        "",
        "The promised freshness is recorded, and 'indelible log verify' holds the",
        "operator to it."
      })
  static final class Init extends FleetVerb {
    @Option(
        names = "--origin",
        paramLabel = "NAME",
        description =
            "the name of the log of logs, by convention an address without its scheme (default:"
                + " indelible/ and an id)")
    @Nullable String origin;

    @Option(
        names = "--freshness",
        paramLabel = "DURATION",
        defaultValue = "1h",
        description =
            "the longest time for which an open shard is not seen (default: ${DEFAULT-VALUE})")
    String freshness = "";

    @Override
    public Integer call() throws Exception {
      CommandFailure.refuseIf(
          origin != null && !VerifierKey.isName(origin),
          "--origin: a name must not be empty or have a space or a +");
      Duration promise = duration("--freshness", freshness);
      try (FleetWriter writer = FleetWriter.create(fleet(), Optional.ofNullable(origin), promise)) {
        FleetCreation made = writer.creation();
        CommandFailure.refuseIf(
            origin != null && !origin.equals(made.origin()) || !promise.equals(made.freshness()),
            "%s: has the fleet %s already, with a freshness of %s s",
            data().path(),
            Console.printable(made.origin()),
            made.freshness().toSeconds());
        print(
            out ->
                out.member("freshness_seconds", made.freshness().toSeconds())
                    .member("origin", made.origin()),
            "fleet %s; open a shard with 'indelible fleet open-shard NAME'",
            Console.printable(made.origin()));
      } catch (ShardException e) {
        throw refused(e);
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "open-shard",
      description = "Open a shard: its log, or a new one, belongs to the fleet from now on.",
      footer = {
        "",
        "Without a log in shards/NAME, one is created there, with its own key and the",
        "origin ORIGIN/shard/NAME. A log that exists keeps its key and its origin; it",
        "needs a checkpoint."
      })
  static final class OpenShard extends FleetVerb {
    @Parameters(paramLabel = "NAME", description = "the name of the shard")
    String name = "";

    @Option(
        names = "--after",
        paramLabel = "NAME",
        description = "the closed shard whose events this one continues")
    @Nullable String after;

    @Option(
        names = "--shard-ledger",
        paramLabel = "URL",
        description =
            "the shard's ledger, as --ledger is that of the log of logs (default: an SQLite file in"
                + " its directory)")
    @Nullable String ledger;

    @Override
    public Integer call() throws Exception {
      requireName(name);
      Optional<String> predecessor = Optional.ofNullable(after);
      if (after != null) {
        requireName(after);
      }
      Checkpoint first =
          change(writer -> writer.openShard(name, predecessor, Optional.ofNullable(ledger)));
      print(
          out ->
              out.member("data", fleet().shard(name).path().toString())
                  .member("origin", first.origin())
                  .member("shard", name)
                  .member("size", first.size()),
          "shard %s: %s, %,d rows; its data directory is %s",
          name,
          Console.printable(first.origin()),
          first.size(),
          fleet().shard(name).path());
      return ExitCode.OK;
    }
  }

  @Command(
      name = "close-shard",
      description = "Admit the last checkpoint of a shard, then close the shard.",
      footer = {
        "",
        "Ends the log of the shard, as 'indelible log end' does; on a host without the",
        "shard's key, that command has to come first. Stop every writer of the shard",
        "before."
      })
  static final class CloseShard extends FleetVerb {
    @Parameters(paramLabel = "NAME", description = "the name of the shard")
    String name = "";

    @Mixin ByOption by = new ByOption();

    @Override
    public Integer call() throws Exception {
      requireName(name);
      String who = by.name();
      Checkpoint last = change(writer -> writer.closeShard(name, who));
      print(
          out -> out.member("shard", name).member("size", last.size()),
          "shard %s: closed with %,d rows",
          name,
          last.size());
      return ExitCode.OK;
    }
  }

  @Command(
      name = "admit",
      description = "Admit the newest checkpoint of each open shard to the log of logs.",
      footer = {
        "",
        "A checkpoint is admitted if it continues the last one of its shard, with a",
        "proof from the shard's tiles. An unchanged shard is admitted again after half",
        "of the promised freshness. The witnesses in the file 'witnesses' of the data",
        "directory are asked to cosign.",
        "Exit status without --every: 0 each shard was seen; 1 one was refused or could",
        "not be read."
      })
  static final class Admit extends FleetVerb {
    @Option(
        names = "--every",
        paramLabel = "DURATION",
        description = "repeat after this time, and go on after an error, until interrupted")
    @Nullable String every;

    @Mixin AnchorOption anchor = new AnchorOption();

    /** The refusal of each shard in the last round, so that a lasting one is reported once. */
    private final Map<String, String> refusals = new HashMap<>();

    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      Optional<Indelible> witnessed = witnessed();
      try {
        if (every == null) {
          boolean well = true;
          for (Result result : change(FleetWriter::admit)) {
            well &= report(result);
          }
          return well ? ExitCode.OK : ExitCode.FAILED;
        }
        Duration pause = duration("--every", every);
        while (true) {
          repeat(pause);
          Thread.sleep(pause.toMillis());
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return ExitCode.OK;
      } finally {
        witnessed.ifPresent(Indelible::close);
      }
    }

    /**
     * Opens the log of logs for the threads that ask its witnesses and write its anchor file; empty
     * if it has neither. Its rows come from {@link FleetWriter}.
     */
    private Optional<Indelible> witnessed() throws Exception {
      if (data().witnessPolicy().isEmpty() && anchor.file().isEmpty()) {
        return Optional.empty();
      }
      IndelibleBuilder log =
          Indelible.builder(data().path()).watchPolicy(false).index(false).withoutTallies();
      anchor.file().ifPresent(log::anchor);
      String url = root().ledger;
      if (url != null) {
        log.ledger(() -> url);
      }
      return Optional.of(log.open());
    }

    /** Repeats rounds until one fails as a whole, which is reported. */
    private void repeat(Duration pause) throws Exception {
      try {
        change(
            writer -> {
              while (true) {
                writer.admit().forEach(this::report);
                refusals.remove("");
                console().out().flush();
                Thread.sleep(pause.toMillis());
              }
            });
      } catch (LedgerException | KeyException | CommandFailure | RuntimeException e) {
        // A signer throws unchecked exceptions, and a later round may succeed.
        complain("", String.valueOf(e.getMessage()));
      }
    }

    /** Prints a result that is new; returns true if the shard was seen. */
    private boolean report(Result result) {
      if (result.refusal().isPresent()) {
        complain(result.shard(), "shard %s: %s".formatted(result.shard(), result.refusal().get()));
      } else {
        refusals.remove(result.shard());
      }
      if (result.admitted()) {
        print(
            out -> out.member("shard", result.shard()).member("size", result.size()),
            "%s  %,d rows",
            result.shard(),
            result.size());
      }
      return result.refusal().isEmpty();
    }

    private void complain(String shard, String message) {
      if (!message.equals(refusals.put(shard, message))) {
        warn(message);
      }
    }
  }

  @Command(
      name = "status",
      description = "Show each shard: its rows, and when the log of logs last saw it.",
      footer = {"", "Exit status: 0 no problem; 1 a shard has a problem."})
  static final class Status extends FleetVerb {
    @Override
    public Integer call() throws Exception {
      requireDataDirectory();
      List<ShardState> states;
      try {
        states = fleet().states();
      } catch (ShardException e) {
        throw refused(e);
      }
      Table table = new Table("shard", "state", "rows", "seen", "");
      for (ShardState state : states) {
        long size = state.shard().checkpoint().map(Checkpoint::size).orElse(0L);
        String open = state.shard().isOpen() ? "open" : "closed";
        String problem = state.problem().map(Console::printable).orElse("");
        print(
            out ->
                out.member("age_seconds", state.age().toSeconds())
                    .member("origin", state.shard().opening().origin())
                    .member("problem", state.problem())
                    .member("shard", state.shard().name())
                    .member("size", size)
                    .member("state", open),
            () ->
                table.row(
                    state.shard().name(),
                    open,
                    Table.Cell.right("%,d".formatted(size)),
                    "%,d s ago".formatted(state.age().toSeconds()),
                    new Table.Cell(problem, console()::red)));
      }
      if (!json()) {
        table.printOr("no shards", console());
      }
      return states.stream().allMatch(state -> state.problem().isEmpty())
          ? ExitCode.OK
          : ExitCode.FAILED;
    }
  }
}
