// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.adopt.AdoptedChain;
import dev.indelible.adopt.AiMemoryVerifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.sqlite.AiMemoryFile;
import dev.indelible.verify.VerificationReport;
import dev.indelible.verify.VerificationReport.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "adopt",
    description = "Take over another system's chain: check it, and put what it is on record.",
    footer = {
      "",
      "The event covers every row of the file, and its last one, which nothing covered before.",
      "Keep the file: it is not copied. 'log verify --adopted FILE' checks it against the record.",
      "Exit status: 0 on record; not adopted: 1 the chain is broken, 3 it could not be told because a",
      "later version of ai-memory wrote rows of it."
    })
final class LogAdoptCommand extends Verb {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description = "how the file is written: ai-memory-0.7")
  String format = AiMemoryVerifier.FORMAT;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "a public key that signed its rows: a PEM file, a file of the 32 bytes, or a vkey; may be"
              + " repeated")
  List<String> keys = new ArrayList<>();

  @Parameters(paramLabel = "FILE", description = "the SQLite file; nothing may be writing to it")
  Path file = Path.of("ai-memory.db");

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    ForeignChain.requireFormat(format);
    KeyRing given = KeyRing.of(LogKeys.read(keys).all());
    AdoptedChain chain = verified(given);
    requireNew(chain);
    SystemEvent event = chain.toEvent();
    Indelible log = openLog(anchor.file(), false);
    boolean accepted;
    try {
      accepted = log.queue().submit(event);
    } finally {
      closeWritten(log);
    }
    if (!accepted) {
      throw CommandFailure.failed("the event was not accepted; 'indelible status' says why");
    }
    print(event, chain);
    return ExitCode.OK;
  }

  /** The chain as it is now, if it can be adopted. */
  private AdoptedChain verified(KeyRing given) throws Exception {
    requireUnused();
    String digest = Files.isRegularFile(file) ? digest() : "";
    AiMemoryVerifier verifier = ForeignChain.verify(file, given, console(), row -> {});
    VerificationReport report = verifier.report();
    if (report.verdict() == Verdict.BROKEN) {
      ReportPrinter.print(this, report);
      throw CommandFailure.failed(file + ": the chain is broken, and was not adopted");
    }
    if (verifier.hasLaterRows()) {
      ReportPrinter.print(this, report);
      throw CommandFailure.unknown(
          file
              + ": whether the chain holds cannot be told: a later version of ai-memory wrote rows of it; the chain was not adopted");
    }
    if (!verifier.isUnambiguous()) {
      ReportPrinter.print(this, report);
      throw CommandFailure.failed(
          file + ": a row can be read as another with the same hash; the chain was not adopted");
    }
    if (verifier.rows() == 0) {
      throw CommandFailure.usage(file + ": no rows in it, and so nothing to adopt");
    }
    requireUnused();
    if (!digest.equals(digest())) {
      throw CommandFailure.usage(file + ": changed while it was read; stop its writer first");
    }
    return new AdoptedChain(
        format,
        verifier.rows(),
        verifier.head().hex(),
        verifier.root().hex(),
        digest,
        report.verdict().name().toLowerCase(Locale.ROOT));
  }

  private void requireUnused() throws Exception {
    if (AiMemoryFile.isInUse(file)) {
      throw CommandFailure.usage(
          file
              + ": part of the database is in a file beside it; stop its writer, then run: sqlite3 FILE 'PRAGMA wal_checkpoint(TRUNCATE)'");
    }
  }

  private String digest() throws IOException, GeneralSecurityException {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** A chain is adopted once: a second time would say nothing new. */
  private void requireNew(AdoptedChain chain) throws Exception {
    if (!Files.exists(data().database())) {
      return;
    }
    Optional<Long> already;
    try (LedgerReader ledger = ledger()) {
      already =
          ForeignChain.adopted(ledger).entrySet().stream()
              .filter(entry -> entry.getValue().root().equals(chain.root()))
              .map(Map.Entry::getKey)
              .findFirst();
    }
    if (already.isPresent()) {
      throw CommandFailure.usage(
          "%s: adopted already, by row %d; 'indelible log verify --adopted %s' checks it"
              .formatted(file, already.get(), file));
    }
  }

  private void print(SystemEvent event, AdoptedChain chain) throws Exception {
    long sequence;
    try (LedgerReader ledger = ledger()) {
      sequence =
          ledger
              .row(event.id().toString())
              .orElseThrow(() -> CommandFailure.failed("the event is among the dead letters"))
              .sequence();
    }
    if (json()) {
      CanonicalWriter out = new CanonicalWriter().beginObject();
      out.name("adopted").beginObject();
      chain.write(out);
      out.endObject().member("id", event.id()).member("sequence", sequence);
      console().json(out.endObject());
    } else {
      console()
          .line(
              console().green("adopted")
                  + "  %,d rows, %s, by row %d".formatted(chain.rows(), chain.verdict(), sequence));
      Table table = new Table("", "");
      table.row(Table.Cell.of("last row's hash"), Table.Cell.of(chain.finalHash()));
      table.row(Table.Cell.of("root over all rows"), Table.Cell.of(chain.root()));
      table.row(Table.Cell.of("file"), Table.Cell.of("sha256:" + chain.fileHash()));
      table.print(console());
    }
  }
}
