// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.HealthCheck;
import dev.indelible.OpenException;
import dev.indelible.aimemory.AdoptedChain;
import dev.indelible.aimemory.AdoptionCheck;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.journal.Extent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.publish.ExportedLog;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.LastCheckpoint;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import dev.indelible.verify.Verifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = "Check every row: its place, its link, its payload, its signature.",
    footer = {
      "",
      "Exit status: 0 intact, 1 broken, 3 it could not be told.",
      "A rollback, or a rebuild with the log's own key, shows only with an anchor file or witnesses",
      "that somebody else keeps."
    })
final class LogVerifyCommand extends Verb {
  /** Findings shown to a person before the rest are only counted; JSON has more. */
  private static final int SHOWN = 20;

  @Option(
      names = "--since",
      paramLabel = "SEQUENCE|FILE",
      defaultValue = "1",
      description =
          "check from this row on and trust the one before it; or from behind the checkpoint in"
              + " this file, which was verified before")
  String since = "1";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "accept signatures of this public key, a PEM file, a file of its 32 bytes, or a vkey, and"
              + " of those that it introduces in the chain, instead of those in the data directory;"
              + " may be repeated. A vkey also says what the log is called")
  List<String> keys = new ArrayList<>();

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description =
          "check not this log but the one that 'log export' wrote there, under the keys given with"
              + " --key")
  @Nullable Path export;

  @Option(
      names = "--adopted",
      paramLabel = "FILE",
      description = "check this file, too, against the chain that 'log adopt' put on record")
  @Nullable Path adopted;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "check not this log but FILE, another system's chain: ai-memory-0.7")
  @Nullable String format;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description =
          "check not this log but the database in this file, a copy, under the keys given with"
              + " --key; with --format, the chain in it")
  @Nullable Path file;

  @Option(
      names = "--anchor",
      paramLabel = "FILE",
      defaultValue = "${env:INDELIBLE_ANCHOR}",
      description =
          "hold the checkpoints in this file against the chain: an anchor file, or a checkpoint"
              + " that a witness showed; may be repeated (default, for this log:"
              + " $$INDELIBLE_ANCHOR, else none)")
  @Nullable List<Path> anchors;

  @Mixin WitnessOptions witnesses = new WitnessOptions();

  @Override
  public Integer call() throws Exception {
    VerificationReport report;
    if (format != null) {
      report = foreignChain(format, file);
    } else if (export != null) {
      report = exportedChain(export);
    } else {
      report = file == null ? ownChain() : copiedChain(file);
    }
    printReport(this, report);
    return switch (report.verdict()) {
      case INTACT -> ExitCode.OK;
      case BROKEN -> ExitCode.FAILED;
      case UNKNOWN -> ExitCode.UNKNOWN;
    };
  }

  private VerificationReport ownChain() throws Exception {
    requireDataDirectory();
    Optional<Finding> noKeys = Optional.empty();
    VerificationOptions options;
    if (keys.isEmpty()) {
      KeyRing accepted = KeyRing.of(List.of());
      try {
        accepted = data().keys().accepted();
        if (accepted.keys().isEmpty()) {
          noKeys = Optional.of(unknown("keys", noKeyIn("is here"), true));
        }
      } catch (KeyException e) {
        noKeys = Optional.of(unknown("keys", noKeyIn("can be read: " + e.getMessage()), true));
      }
      options = VerificationOptions.of(accepted);
    } else {
      options = under(keys);
    }
    VerificationReport report;
    try (SqliteLedger ledger = ledger()) {
      report = ownChain(ledger, options.anchors(anchors()));
    } catch (LedgerException e) {
      report = damaged(e);
    }
    if (noKeys.isPresent()) {
      report = with(report, noKeys.get());
    }
    return adopted == null ? report : withAdopted(report, adopted);
  }

  private String noKeyIn(String why) {
    return "%s: no public key %s; put it back, or name one with --key"
        .formatted(data().path().resolve("keys"), why);
  }

  /** With what lies beside it: who is to cosign it, and of which ledger its journal is. */
  private VerificationReport ownChain(SqliteLedger ledger, VerificationOptions options)
      throws CommandFailure, LedgerException {
    Optional<WitnessPolicy> policy = Optional.empty();
    List<Finding> beside = new ArrayList<>();
    try {
      policy = witnesses.areGiven() ? witnesses.policy() : data().witnessPolicy();
    } catch (OpenException e) {
      beside.add(unknown("witnesses", e.getMessage(), true));
    }
    VerificationReport report = verify(ledger, options, policy);
    swapped(ledger).ifPresent(beside::add);
    beside.add(lastCheckpoint(ledger, options));
    waiting(ledger).ifPresent(beside::add);
    beside.addAll(movedPositions());
    for (Finding finding : beside) {
      report = with(report, finding);
    }
    return report;
  }

  private static Finding unknown(String check, String message, boolean counts) {
    return new Finding(check, Finding.Status.UNKNOWN, OptionalLong.empty(), message, counts);
  }

  /** The judgement of {@code last-checkpoint}, the checkpoint that this log signed last. */
  private Finding lastCheckpoint(LedgerReader ledger, VerificationOptions options) {
    KeyHistory history;
    try {
      history = KeyHistory.read(ledger, options.keys(), options.rooted());
    } catch (LedgerException e) {
      // The verifier has reported it; the keys that were given still judge the file.
      history = KeyHistory.none(options.keys());
    }
    return LastCheckpoint.judge(data().lastCheckpoint(), ledger, history).finding();
  }

  /** A note on events that are accepted and not in the chain yet; no fault of the chain. */
  private Optional<Finding> waiting(SqliteLedger ledger) {
    WaitingEvents events;
    try {
      events = HealthCheck.waiting(data(), Optional.of(ledger));
    } catch (JournalException e) {
      return Optional.of(unknown("journal", e.getMessage(), false));
    }
    return events.isNone()
        ? Optional.empty()
        : Optional.of(
            unknown(
                "journal",
                "%d events wait in journals of processes that have ended, %d in those of processes at work: they are accepted, and not in the chain yet"
                    .formatted(events.ended(), events.alive()),
                false));
  }

  /** That the database is of another log than the journal beside it. */
  private Optional<Finding> swapped(LedgerReader ledger) throws LedgerException {
    Optional<UUID> own = ledger.id();
    Optional<UUID> journals;
    try {
      journals = Journal.identify(data().journal());
    } catch (JournalException e) {
      return Optional.of(unknown("ledger", e.getMessage(), false));
    }
    return own.isEmpty() || journals.isEmpty() || own.equals(journals)
        ? Optional.empty()
        : Optional.of(
            new Finding(
                "ledger",
                Finding.Status.BROKEN,
                OptionalLong.empty(),
                "the database was swapped: it holds ledger %s, and the journal beside it is of ledger %s"
                    .formatted(own.get(), journals.get())));
  }

  /**
   * Journals in which the ledger stands outside of what they hold: what waits there would be
   * skipped, or put on record as lost. An old copy of either looks alike, so that it is unknown.
   */
  private List<Finding> movedPositions() {
    List<Finding> moved = new ArrayList<>();
    try {
      // Both only grow: a journal begins no later than a position read after it, and ends no
      // earlier than one read before it.
      Map<UUID, Extent> before = Journal.extents(data().journal());
      Map<UUID, Long> positions = new TreeMap<>();
      for (UUID journal : before.keySet()) {
        positions.put(journal, SqliteLedger.settled(data().database(), journal));
      }
      Map<UUID, Extent> after = Journal.extents(data().journal());
      positions.forEach(
          (journal, position) -> {
            Extent found = before.get(journal);
            Extent later = after.getOrDefault(journal, new Extent(0, Long.MAX_VALUE));
            if (found != null && (position < found.base() || position > later.end())) {
              moved.add(
                  unknown(
                      "storage",
                      "indelible_journals: stands at %d in journal %s, which holds %d to %d; the position was changed, or one of the two is an old copy"
                          .formatted(position, journal, found.base(), later.end()),
                      true));
            }
          });
    } catch (JournalException e) {
      moved.add(unknown("storage", "indelible_journals: " + e.getMessage(), false));
    } catch (LedgerException e) {
      moved.add(unknown("storage", "indelible_journals: " + e.getMessage(), true));
    }
    return moved;
  }

  private VerificationReport copiedChain(Path database) throws Exception {
    if (adopted != null) {
      throw CommandFailure.usage("log verify %s: goes not with --adopted".formatted(database));
    }
    if (keys.isEmpty()) {
      throw CommandFailure.usage(
          "log verify %s: name the log's public key with --key; or, if it is another system's chain, how it is written with --format"
              .formatted(database));
    }
    try (LedgerReader ledger = SqliteLedger.open(database)) {
      return verify(ledger, under(keys).anchors(given()).ofCopy(), witnesses.policy());
    } catch (LedgerException e) {
      return damaged(e);
    }
  }

  private static VerificationOptions under(List<String> keys) throws Exception {
    LogKeys given = LogKeys.read(keys);
    if (given.origins().size() > 1) {
      throw CommandFailure.usage(
          "--key: vkeys of several logs, %s; give those of one".formatted(given.origins()));
    }
    return VerificationOptions.rootedIn(KeyRing.of(given.all())).origins(given.origins());
  }

  private List<Path> anchors() {
    return anchors == null
        ? List.of()
        : anchors.stream().filter(anchor -> !anchor.toString().isEmpty()).toList();
  }

  /** Those that were named: that of this log is no other's. */
  private List<Path> given() {
    return Objects.requireNonNull(spec).commandLine().getParseResult().hasMatchedOption("--anchor")
        ? anchors()
        : List.of();
  }

  private VerificationReport exportedChain(Path directory) throws Exception {
    if (adopted != null || file != null) {
      throw CommandFailure.usage("--export goes with neither --adopted nor a database");
    }
    LogKeys given = LogKeys.read(keys);
    if (given.isEmpty()) {
      throw CommandFailure.usage(
          "--export: name the log's public key with --key; one that lies in the directory itself"
              + " proves nothing");
    }
    try (ExportedLog log = ExportedLog.open(directory)) {
      return verify(
          log,
          VerificationOptions.of(KeyRing.of(given.of(log.origin())))
              .origins(given.origins())
              .anchors(given())
              .ofCopy(),
          witnesses.policy());
    } catch (LedgerException e) {
      return damaged(e);
    }
  }

  private VerificationReport foreignChain(String format, @Nullable Path file) throws Exception {
    if (file == null) {
      throw CommandFailure.usage("--format %s: name the file to check behind it".formatted(format));
    }
    if (!since.equals("1") || adopted != null || export != null) {
      throw CommandFailure.usage("--format goes with neither --since, --adopted nor --export");
    }
    if (!given().isEmpty() || witnesses.areGiven()) {
      throw CommandFailure.usage("--format goes with neither --anchor, --witness nor --policy");
    }
    ForeignChain.requireFormat(format);
    return ForeignChain.verify(file, KeyRing.of(LogKeys.read(keys).all()), console(), row -> {})
        .report();
  }

  /** The report on this log, with what the file is to it. */
  private VerificationReport withAdopted(VerificationReport own, Path file) throws Exception {
    AdoptionCheck check;
    try (LedgerReader ledger = ledger()) {
      check = new AdoptionCheck(AdoptedChain.allIn(ledger));
    } catch (LedgerException e) {
      if (own.verdict() != Verdict.BROKEN) {
        throw e;
      }
      return own;
    }
    VerificationReport foreign =
        ForeignChain.verify(file, KeyRing.of(List.of()), console(), check::row).report();
    return with(own, check.finding(foreign));
  }

  private static VerificationReport with(VerificationReport report, Finding finding) {
    List<Finding> findings = new ArrayList<>(report.findings());
    boolean fault = finding.status() != Finding.Status.OK && finding.counts();
    findings.add(fault ? 0 : findings.size(), finding);
    long faults = report.faults() + (fault ? 1 : 0);
    return new VerificationReport(report.rows(), report.head(), findings, faults);
  }

  private VerificationReport verify(
      LedgerReader ledger, VerificationOptions accepted, Optional<WitnessPolicy> witnessed)
      throws CommandFailure {
    VerificationOptions started = started(accepted);
    try (Progress progress = new Progress(console(), "verified", toCheck(ledger, started))) {
      VerificationOptions options = started.progress(progress::at);
      return new Verifier(
              ledger, witnessed.isPresent() ? options.witnesses(witnessed.get()) : options)
          .verify();
    }
  }

  /**
   * A file so damaged that it does not even open is a broken chain, and not a question of usage.
   *
   * @throws LedgerException if it is not damaged, but out of reach
   */
  private static VerificationReport damaged(LedgerException e) throws LedgerException {
    if (!e.isDamaged()) {
      throw e;
    }
    Finding storage =
        new Finding("storage", Finding.Status.BROKEN, OptionalLong.empty(), e.getMessage());
    return new VerificationReport(0, Head.EMPTY, List.of(storage), 1);
  }

  /** How many rows there are from the first to check on; for the eye of a person. */
  private static long toCheck(LedgerReader ledger, VerificationOptions options) {
    try {
      long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      return Math.max(0, last - Math.max(options.since(), 1) + 1);
    } catch (LedgerException e) {
      // What is wrong is the verifier's to tell.
      return 0;
    }
  }

  /** From where on is checked: {@code --since}. */
  private VerificationOptions started(VerificationOptions options) throws CommandFailure {
    if (since.matches("-?[0-9]{1,18}")) {
      long sequence = Long.parseLong(since);
      if (sequence < 1) {
        throw CommandFailure.usage("--since " + since + ": rows are numbered from 1");
      }
      return options.since(sequence);
    }
    try {
      return options.since(SignedCheckpoint.parse(Files.readAllBytes(Path.of(since))));
    } catch (IOException | InvalidPathException e) {
      throw CommandFailure.usage(
          "--since %s: neither the number of a row nor a file with a checkpoint".formatted(since));
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage("--since %s: %s".formatted(since, e.getMessage()));
    }
  }

  static void printReport(Verb verb, VerificationReport report) {
    if (verb.json()) {
      verb.console().json(toJson(report));
    } else {
      printText(verb.console(), report);
    }
  }

  static void printText(Console console, VerificationReport report) {
    String verdict = label(report.verdict());
    console.line(
        console.bold(console.byMeaning(verdict, verdict))
            + "  %,d rows, head %d %s"
                .formatted(report.rows(), report.head().sequence(), report.head().hex()));
    List<Rows> told = Rows.of(report.findings());
    Table table = new Table("check", "status", "row", "");
    told.stream().limit(SHOWN).forEach(finding -> table.row(finding.cells(console)));
    table.print(console);
    long shown = told.stream().limit(SHOWN).mapToLong(Rows::findings).sum();
    long unnamed = report.faults() - told.stream().mapToLong(Rows::faults).sum();
    long more = report.findings().size() - shown + unnamed;
    if (more > 0) {
      console.line(
          "and %,d findings more; --output json shows up to %,d"
              .formatted(more, Verifier.MAX_FINDINGS));
    }
  }

  /**
   * The same of one row, or of several one behind the other, which a person need be told but once.
   *
   * @param first the first row's
   * @param findings how many rows
   */
  private record Rows(Finding first, long findings) {
    static List<Rows> of(List<Finding> findings) {
      List<Rows> all = new ArrayList<>();
      for (Finding finding : findings) {
        int last = all.size() - 1;
        if (last >= 0 && all.get(last).continuesWith(finding)) {
          all.set(last, new Rows(all.get(last).first, all.get(last).findings + 1));
        } else {
          all.add(new Rows(finding, 1));
        }
      }
      return all;
    }

    /** How many of them are counted as faults by the report. */
    long faults() {
      return first.status() == Finding.Status.OK || !first.counts() ? 0 : findings;
    }

    private boolean continuesWith(Finding next) {
      return first.sequence().isPresent()
          && next.sequence().equals(OptionalLong.of(first.sequence().getAsLong() + findings))
          && next.check().equals(first.check())
          && next.status() == first.status()
          && next.message().equals(first.message());
    }

    Table.Cell[] cells(Console console) {
      String status = label(first.status());
      return new Table.Cell[] {
        Table.Cell.of(first.check()),
        new Table.Cell(status, text -> console.byMeaning(text, status)),
        Table.Cell.of(rows()),
        Table.Cell.of(Console.printable(first.message()))
      };
    }

    private String rows() {
      if (first.sequence().isEmpty()) {
        return "";
      }
      long from = first.sequence().getAsLong();
      return findings == 1 ? Long.toString(from) : from + "-" + (from + findings - 1);
    }
  }

  private static CanonicalWriter toJson(VerificationReport report) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("faults", report.faults()).name("findings").beginArray();
    for (Finding finding : report.findings()) {
      out.element()
          .beginObject()
          .member("check", finding.check())
          .name("counts")
          .canonical(Boolean.toString(finding.counts()))
          .member("message", finding.message());
      finding.sequence().ifPresent(sequence -> out.member("sequence", sequence));
      out.member("status", label(finding.status())).endObject();
    }
    out.endArray();
    out.name("head").beginObject();
    out.member("hash", report.head().hex())
        .member("sequence", report.head().sequence())
        .endObject();
    return out.member("rows", report.rows()).member("verdict", label(report.verdict())).endObject();
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
