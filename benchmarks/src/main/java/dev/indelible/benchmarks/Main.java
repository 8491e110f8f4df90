// SPDX-License-Identifier: Apache-2.0
package dev.indelible.benchmarks;

import dev.indelible.benchmarks.child.ChildJvm;
import dev.indelible.benchmarks.contender.Contender;
import dev.indelible.benchmarks.contender.Contenders;
import dev.indelible.benchmarks.load.Scratch;
import dev.indelible.benchmarks.report.Page;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures everything in one run and writes the page of results. */
@Command(
    name = "benchmarks/run",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Measure Indelible and its peers on this machine, and write the results.",
    footer = {
      "",
      "A run of all parts at full size takes about an hour and writes",
      "benchmarks/RESULTS.md.",
      "A partial, quick or failed run writes benchmarks/target/RESULTS.md."
    })
final class Main implements Callable<Integer> {
  /** The parts of a run, in their order. */
  enum Part {
    /** Compares all contenders on identical events. */
    SIDE_BY_SIDE,
    /** Measures the whole path over many events. */
    SUSTAINED,
    /** Measures submit at a steady pace. */
    PACED,
    /** Measures submit with JMH. */
    JMH,
    /** Measures decisions. */
    DECIDE,
    /** Measures a backlog of events in a small heap. */
    BACKLOG,
    /** Measures appends to a large ledger. */
    GROWTH,
    /** Measures searches of a large log. */
    SEARCH,
    /** Measures the verification of a log. */
    VERIFY,
    /** Measures the time from submit until the row is visible. */
    VISIBLE,
    /** Measures a ledger in PostgreSQL beside one in SQLite. */
    POSTGRES
  }

  @Option(names = "--quick", description = "small sizes: 2 to 3 minutes; the figures mean little")
  boolean quick;

  @Option(
      names = "--events",
      paramLabel = "N",
      description = "events of the sustained run (default: 2,000,000; quick: 200,000)")
  Optional<Long> events = Optional.empty();

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "PART",
      description = "measure only these parts: ${COMPLETION-CANDIDATES}")
  List<Part> only = List.of(Part.values());

  @Option(
      names = "--contender",
      paramLabel = "TEXT",
      description = "side by side, only contenders whose name contains TEXT")
  String contender = "";

  @Option(
      names = "--work",
      paramLabel = "DIR",
      description =
          "directory for the measured files, about 25 GB at full size (default: the temporary directory)")
  Path work = Path.of(System.getProperty("java.io.tmpdir"));

  private final String command;

  Main(String command) {
    this.command = command;
  }

  /** Runs the command. */
  public static void main(String[] args) {
    String command = ("benchmarks/run " + String.join(" ", args)).strip();
    System.exit(
        new CommandLine(new Main(command)).setCaseInsensitiveEnumValuesAllowed(true).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    Page page = new Page();
    boolean complete = true;
    try (Scratch scratch = Scratch.in(work)) {
      Workbench bench = new Workbench(scratch.path(), sizes(), System.err);
      for (Part part : Part.values()) {
        if (only.contains(part)) {
          complete &= measured(part, bench, page);
          // Written after each part, so that an interrupted run leaves its results.
          write(page, scratch, false);
        }
      }
      System.out.println(write(page, scratch, complete && isWhole()));
    }
    return complete ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private Sizes sizes() {
    return quick
        ? Sizes.quick(events.orElse(Sizes.QUICK_SUSTAINED))
        : Sizes.full(events.orElse(Sizes.FULL_SUSTAINED));
  }

  /** Runs a part and reports a failure. A failure does not stop the other parts. */
  private boolean measured(Part part, Workbench bench, Page page) {
    try {
      section(part).measure(bench, page);
      return true;
    } catch (Exception e) {
      e.printStackTrace();
      page.section(part + " failed").text("Its figures are missing; see the output of the run.");
      return false;
    }
  }

  private boolean isWhole() {
    return !quick && events.isEmpty() && only.size() == Part.values().length && contender.isEmpty();
  }

  private String write(Page page, Scratch scratch, boolean result) throws IOException {
    String text = page.render(scratch.path(), home(), command, ChildJvm.describe());
    Files.writeString(home().resolve(result ? "RESULTS.md" : "target/RESULTS.md"), text);
    return text;
  }

  private static Path home() {
    return Path.of(System.getProperty("benchmarks.home", "."));
  }

  private Section section(Part part) {
    return switch (part) {
      case SIDE_BY_SIDE -> new SideBySide(chosen());
      case SUSTAINED -> new Sustained();
      case PACED -> new PacedSubmit();
      case JMH -> new FlatOutSubmit();
      case DECIDE -> new Deciding();
      case BACKLOG -> new SmallHeap();
      case GROWTH -> new GrowingLedger();
      case SEARCH -> new Searching();
      case VERIFY -> new VerifierSpeed();
      case VISIBLE -> new IdleLatency();
      case POSTGRES -> new ServerLedgers();
    };
  }

  private List<Contender> chosen() {
    List<Contender> chosen = new ArrayList<>();
    for (Contender each : Contenders.all()) {
      if (each.name().toLowerCase(Locale.ROOT).contains(contender.toLowerCase(Locale.ROOT))) {
        chosen.add(each);
      }
    }
    return chosen;
  }
}
