// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.adopt.AdoptedChain;
import dev.indelible.adopt.AdoptionCheck;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import dev.indelible.verify.Verifier;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
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
      "What it cannot see by itself (the log set back, or rebuilt with its own key) it sees with an",
      "anchor file, or witnesses, that somebody else keeps."
    })
final class LogVerifyCommand extends Verb {
  /** Findings shown to a person before the rest are only counted; JSON has more. */
  private static final int SHOWN = 20;

  @Option(
      names = "--since",
      paramLabel = "SEQUENCE",
      defaultValue = "1",
      description = "check from this row on and trust the one before it")
  long since = 1;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "accept signatures of this public key, a PEM file, a file of its 32 bytes, or a vkey, and of"
              + " those that it introduces in the chain, instead of those in the data directory; may be"
              + " repeated")
  List<String> keys = new ArrayList<>();

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
      description = "with --format: the file that the chain is in")
  @Nullable Path file;

  @Option(
      names = "--anchor",
      paramLabel = "FILE",
      description =
          "hold the checkpoints in this file against the chain: an anchor file, or a checkpoint that"
              + " a witness showed; may be repeated")
  List<Path> anchors = new ArrayList<>();

  @Mixin WitnessOptions witnesses = new WitnessOptions();

  @Override
  public Integer call() throws Exception {
    if (since < 1) {
      throw CommandFailure.usage("--since " + since + ": rows are numbered from 1");
    }
    VerificationReport report =
        format == null && file == null ? ownChain() : foreignChain(format, file);
    printReport(this, report);
    return switch (report.verdict()) {
      case INTACT -> ExitCode.OK;
      case BROKEN -> ExitCode.FAILED;
      case UNKNOWN -> ExitCode.UNKNOWN;
    };
  }

  private VerificationReport ownChain() throws Exception {
    requireDataDirectory();
    VerificationReport report =
        verify(
            keys.isEmpty()
                ? VerificationOptions.of(data().keys().accepted())
                : VerificationOptions.rootedIn(given(keys)));
    return adopted == null ? report : withAdopted(report, adopted);
  }

  private VerificationReport foreignChain(@Nullable String format, @Nullable Path file)
      throws Exception {
    if (format == null || file == null) {
      throw CommandFailure.usage(
          format == null
              ? "log verify %s: say how it is written, with --format".formatted(file)
              : "--format %s: name the file to check behind it".formatted(format));
    }
    if (since > 1 || adopted != null) {
      throw CommandFailure.usage("--format goes with neither --since nor --adopted");
    }
    if (!anchors.isEmpty() || witnesses.areGiven()) {
      throw CommandFailure.usage("--format goes with neither --anchor, --witness nor --policy");
    }
    ForeignChain.requireFormat(format);
    return ForeignChain.verify(file, given(keys), console(), row -> {}).report();
  }

  /** The report on this log, with what the file is to it. */
  private VerificationReport withAdopted(VerificationReport own, Path file) throws Exception {
    AdoptionCheck check;
    try (LedgerReader ledger = ledger()) {
      check = new AdoptionCheck(adopted(ledger));
    } catch (LedgerException e) {
      if (own.verdict() != Verdict.BROKEN) {
        throw e;
      }
      return own;
    }
    VerificationReport foreign =
        ForeignChain.verify(file, KeyRing.of(List.of()), console(), check::row).report();
    Finding finding = check.finding(foreign);
    List<Finding> findings = new ArrayList<>(own.findings());
    findings.add(finding.status() == Finding.Status.OK ? findings.size() : 0, finding);
    long faults = own.faults() + (finding.status() == Finding.Status.OK ? 0 : 1);
    return new VerificationReport(own.rows(), own.head(), findings, faults);
  }

  /** The chains that a ledger has adopted, by the row that says so. */
  static Map<Long, AdoptedChain> adopted(LedgerReader ledger) throws LedgerException {
    Map<Long, AdoptedChain> adopted = new TreeMap<>();
    ledger.forEachRow(
        RowQuery.ofType(AdoptedChain.EVENT_TYPE),
        row -> {
          AdoptedChain.read(row).ifPresent(chain -> adopted.put(row.sequence(), chain));
          return true;
        });
    return adopted;
  }

  private VerificationReport verify(VerificationOptions accepted)
      throws LedgerException, CommandFailure {
    try (LedgerReader ledger = ledger();
        Progress progress = new Progress(console(), "verified")) {
      VerificationOptions options = accepted.since(since).progress(progress::at).anchors(anchors);
      Optional<WitnessPolicy> witnessed = witnesses.policy();
      return new Verifier(
              ledger, witnessed.isPresent() ? options.witnesses(witnessed.get()) : options)
          .verify();
    } catch (LedgerException e) {
      if (!e.isDamaged()) {
        throw e;
      }
      return damaged(e);
    }
  }

  /**
   * A file so damaged that it does not even open is a broken chain, and not a question of usage.
   */
  private static VerificationReport damaged(LedgerException e) {
    Finding storage =
        new Finding("storage", Finding.Status.BROKEN, OptionalLong.empty(), e.getMessage());
    return new VerificationReport(0, Head.EMPTY, List.of(storage), 1);
  }

  /** The keys that were named. */
  static KeyRing given(List<String> keys) throws KeyException, CommandFailure {
    List<VerificationKey> ring = new ArrayList<>();
    for (String key : keys) {
      ring.add(read(key));
    }
    return KeyRing.of(ring);
  }

  private static VerificationKey read(String key) throws KeyException, CommandFailure {
    if (!isFile(key)) {
      if (key.split("\\+", 3).length < 3) {
        throw CommandFailure.usage(
            "--key " + key + ": no such file, and not a vkey of the form name+hash+key either");
      }
      return VerificationKey.fromVkey(key);
    }
    try {
      byte[] bytes = Files.readAllBytes(Path.of(key));
      return bytes.length == VerificationKey.KEY_BYTES
          ? VerificationKey.of(bytes)
          : VerificationKey.fromPem(new String(bytes, StandardCharsets.UTF_8), key);
    } catch (IOException | IllegalArgumentException e) {
      throw CommandFailure.usage(key + ": cannot be read as a public key: " + e.getMessage());
    }
  }

  private static boolean isFile(String key) {
    try {
      return Files.exists(Path.of(key));
    } catch (InvalidPathException e) {
      return false;
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
    Table table = new Table("check", "status", "row", "");
    report.findings().stream().limit(SHOWN).forEach(finding -> table.row(cells(console, finding)));
    table.print(console);
    long more = report.findings().size() - SHOWN;
    if (more > 0) {
      console.line(
          "and %,d findings more; --output json shows up to %,d"
              .formatted(Math.max(more, report.faults() - SHOWN), Verifier.MAX_FINDINGS));
    }
  }

  private static Table.Cell[] cells(Console console, Finding finding) {
    String status = label(finding.status());
    return new Table.Cell[] {
      Table.Cell.of(finding.check()),
      new Table.Cell(status, text -> console.byMeaning(text, status)),
      Table.Cell.of(finding.sequence().isPresent() ? finding.sequence().getAsLong() : ""),
      Table.Cell.of(Console.printable(finding.message()))
    };
  }

  private static CanonicalWriter toJson(VerificationReport report) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.member("faults", report.faults()).name("findings").beginArray();
    for (Finding finding : report.findings()) {
      out.element()
          .beginObject()
          .member("check", finding.check())
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
