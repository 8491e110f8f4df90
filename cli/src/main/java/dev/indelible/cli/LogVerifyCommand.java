// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.aimemory.AdoptedChain;
import dev.indelible.aimemory.AdoptionCheck;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.fleet.Fleet;
import dev.indelible.fleet.FleetReport;
import dev.indelible.fleet.FleetVerifier;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.publish.ExportedLog;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.storage.VerifiableLedger;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = "Verify every row: its sequence, link, payload and signature.",
    footer = {
      "",
      "The data directory of a fleet: verifies the log of logs, every shard, and that",
      "they agree; --key, --anchor and --witness are about the log of logs.",
      "Exit status: 0 intact, 1 broken, 3 unknown.",
      "If the log was rolled back, or rebuilt with its own key, only an anchor file",
      "or witnesses that somebody else keeps can show it."
    })
final class LogVerifyCommand extends Verb {
  @Option(
      names = "--since",
      paramLabel = "SEQUENCE|FILE",
      defaultValue = "1",
      description =
          "verify from this row on and trust the row before it; or verify the rows after the"
              + " checkpoint in this file, which an earlier run verified")
  String since = "1";

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "accept signatures of this public key (a PEM file, a file of its 32 bytes, or a vkey) and"
              + " of the keys that follow it in the chain, instead of the keys in the data"
              + " directory; may be repeated. A vkey also states the name of the log")
  List<String> keys = new ArrayList<>();

  @Option(
      names = "--export",
      paramLabel = "DIR",
      description =
          "verify the log that 'log export' wrote to this directory, in place of the log in the data"
              + " directory; needs --key")
  @Nullable Path export;

  @Option(
      names = "--adopted",
      paramLabel = "FILE",
      description = "also compare this file with the chain that 'log adopt' recorded")
  @Nullable Path adopted;

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "verify FILE, another system's chain, in this format: ai-memory-0.7")
  @Nullable String format;

  @Parameters(
      paramLabel = "FILE",
      arity = "0..1",
      description =
          "verify this file, a copy of the database, in place of the log in the data directory;"
              + " needs --key; with --format, a file of another system")
  @Nullable Path file;

  @Option(
      names = "--anchor",
      paramLabel = "FILE",
      defaultValue = "${env:INDELIBLE_ANCHOR}",
      description =
          "compare the checkpoints in this file (an anchor file, or a checkpoint from a witness)"
              + " with the chain; may be repeated (default, for the log in the data directory:"
              + " $$INDELIBLE_ANCHOR, else none)")
  @Nullable List<Path> anchors;

  @Mixin WitnessOptions witnesses = new WitnessOptions();

  @Override
  public Integer call() throws Exception {
    VerificationReport report;
    if (format != null) {
      report = foreignChain(format, file);
    } else if (export != null) {
      report = exportedLog(export);
    } else if (file != null) {
      report = copiedLedger(file);
    } else if (isFleet()) {
      return fleet();
    } else {
      report = ownLog();
    }
    ReportPrinter.print(this, report);
    return exitCode(report.verdict());
  }

  private static int exitCode(Verdict verdict) {
    return switch (verdict) {
      case INTACT -> ExitCode.OK;
      case BROKEN -> ExitCode.FAILED;
      case UNKNOWN -> ExitCode.UNKNOWN;
    };
  }

  /** Verifies the log of logs and every shard. */
  private int fleet() throws Exception {
    CommandFailure.refuseIf(
        !since.equals("1") || adopted != null,
        "%s: is a fleet, whose logs are verified from their first rows: --since and --adopted"
            + " verify a single log",
        data().path());
    VerificationOptions options = withGiven(underKeys().anchors(anchors()));
    FleetReport report;
    FastSignatures.loadInBackground();
    try (Progress progress = new Progress(console(), "verified")) {
      report = new FleetVerifier(log(), new Fleet(data())).verify(options.progress(progress::at));
    }
    ReportPrinter.print(this, report);
    return exitCode(report.verdict());
  }

  private VerificationReport ownLog() throws Exception {
    requireDataDirectory();
    VerificationOptions options = withGiven(underKeys().anchors(anchors()));
    VerificationReport report;
    try (Progress progress = new Progress(console(), "verified", rowsToCheck(options))) {
      report = log().verify(options.progress(progress::at));
    }
    return adopted == null ? report : withAdopted(report, adopted);
  }

  private VerificationReport copiedLedger(Path database) throws Exception {
    CommandFailure.refuseIf(
        adopted != null, "log verify %s: --adopted cannot be combined with a file", database);
    CommandFailure.refuseIf(
        keys.isEmpty(),
        "log verify %s: name the log's public key with --key; or, for another system's"
            + " chain, its format with --format",
        database);
    try (SqliteLedger ledger = SqliteLedger.open(database)) {
      return verifyCopy(ledger, underKeys());
    } catch (LedgerException e) {
      return VerificationReport.ofDamage(e);
    }
  }

  private VerificationReport exportedLog(Path directory) throws Exception {
    CommandFailure.refuseIf(
        adopted != null || file != null, "--export cannot be combined with --adopted or a file");
    TrustedKeys given = LogKeys.read(keys);
    CommandFailure.refuseIf(
        given.isEmpty(),
        "--export: name the log's public key with --key; a key in the directory itself proves"
            + " nothing");
    try (ExportedLog log = ExportedLog.open(directory)) {
      return verifyCopy(
          log,
          VerificationOptions.of(KeyRing.of(given.of(log.origin())))
              .origins(given.origins())
              .secondKeys(mlDsa44(given)));
    } catch (LedgerException e) {
      return VerificationReport.ofDamage(e);
    }
  }

  private VerificationReport verifyCopy(VerifiableLedger ledger, VerificationOptions accepted)
      throws CommandFailure {
    VerificationOptions options = withGiven(accepted.anchors(namedAnchors()).ofCopy());
    try (Progress progress = new Progress(console(), "verified", rowsToCheck(ledger, options))) {
      return new Verifier(ledger, options.progress(progress::at)).verify();
    }
  }

  private VerificationReport foreignChain(String format, @Nullable Path file) throws Exception {
    if (file == null) {
      throw CommandFailure.usage("--format %s: name the file to check after it", format);
    }
    CommandFailure.refuseIf(
        !since.equals("1") || adopted != null || export != null,
        "--format cannot be combined with --since, --adopted or --export");
    CommandFailure.refuseIf(
        !namedAnchors().isEmpty() || witnesses.areGiven(),
        "--format cannot be combined with --anchor, --witness or --policy");
    ForeignChain.requireFormat(format);
    return ForeignChain.verify(file, KeyRing.of(LogKeys.read(keys).all()), console(), row -> {})
        .report();
  }

  /** Adds a finding to a report: a file compared with the chains that this log adopted. */
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
    return own.with(check.finding(foreign));
  }

  /** Returns options with the keys of {@code --key}, if any are given. */
  private VerificationOptions underKeys() throws Exception {
    TrustedKeys given = LogKeys.read(keys);
    CommandFailure.refuseIf(
        given.origins().size() > 1,
        "--key: vkeys of several logs, %s; give only those of one log",
        given.origins());
    return given.isEmpty()
        ? VerificationOptions.of(KeyRing.of(List.of()))
        : VerificationOptions.rootedIn(KeyRing.of(given.all()))
            .origins(given.origins())
            .secondKeys(mlDsa44(given));
  }

  private static Set<MlDsa44Key> mlDsa44(TrustedKeys given) {
    return given.mlDsa44().stream()
        .map(VerifierKey::key)
        .map(MlDsa44Key.class::cast)
        .collect(Collectors.toSet());
  }

  /** Adds the witnesses of the command line, and {@code --since}, to options. */
  private VerificationOptions withGiven(VerificationOptions options) throws CommandFailure {
    VerificationOptions started = started(options);
    return witnesses.policy().map(started::witnesses).orElse(started);
  }

  private VerificationOptions started(VerificationOptions options) throws CommandFailure {
    if (since.matches("-?[0-9]{1,18}")) {
      long sequence = Long.parseLong(since);
      CommandFailure.refuseIf(sequence < 1, "--since %s: rows are numbered from 1", since);
      return options.since(sequence);
    }
    try {
      return options.since(SignedCheckpoint.parse(Files.readAllBytes(Path.of(since))));
    } catch (IOException | InvalidPathException e) {
      throw CommandFailure.usage(
          "--since %s: neither the number of a row nor a file with a checkpoint", since);
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage("--since %s: %s", since, e.getMessage());
    }
  }

  private List<Path> anchors() {
    return anchors == null
        ? List.of()
        : anchors.stream().filter(anchor -> !anchor.toString().isEmpty()).toList();
  }

  /**
   * Returns the anchors on the command line. The anchor in the environment belongs to the log in
   * the data directory, so it is not compared with a copy.
   */
  private List<Path> namedAnchors() {
    return Objects.requireNonNull(spec).commandLine().getParseResult().hasMatchedOption("--anchor")
        ? anchors()
        : List.of();
  }

  private long rowsToCheck(VerificationOptions options) throws CommandFailure {
    try (LedgerReader ledger = ledger()) {
      return rowsToCheck(ledger, options);
    } catch (LedgerException e) {
      // The verifier reports the error.
      return 0;
    }
  }

  /** Returns the number of rows to check, for the progress bar. */
  private static long rowsToCheck(LedgerReader ledger, VerificationOptions options) {
    try {
      long last = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      long rows = Math.max(0, last - Math.max(options.since(), 1) + 1);
      if (rows >= FastSignatures.WORTH_ROWS) {
        FastSignatures.loadInBackground();
      }
      return rows;
    } catch (LedgerException e) {
      // The verifier reports the error.
      return 0;
    }
  }
}
