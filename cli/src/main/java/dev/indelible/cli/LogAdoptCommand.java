// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.aimemory.AdoptedChain;
import dev.indelible.aimemory.Adoption;
import dev.indelible.aimemory.AdoptionException;
import dev.indelible.aimemory.AiMemoryVerifier;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "adopt",
    description = "Adopt another system's chain: verify it, and record its hashes in this log.",
    footer = {
      "",
      "The recorded event covers every row of the file, including the last, whose",
      "hash is in no later row. Keep the file: it is not copied. 'log verify",
      "--adopted FILE' compares it with the record.",
      "Exit status: 0 adopted; 1 not adopted, because the chain is broken; 3 not",
      "adopted, because a later version of ai-memory wrote some of its rows."
    })
final class LogAdoptCommand extends Verb {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      required = true,
      description = "the format of the file: ai-memory-0.7")
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
    Indelible log = openLog(anchor.file(), Run.NO_ACTION);
    boolean accepted;
    try {
      accepted = log.queue().submit(event);
    } finally {
      closeWritten(log);
    }
    if (!accepted) {
      throw CommandFailure.failed("the adoption was not recorded; 'indelible status' shows why");
    }
    print(event, chain);
    return ExitCode.OK;
  }

  /** Returns the chain of the file, if it can be adopted. */
  private AdoptedChain verified(KeyRing given) throws Exception {
    try (Progress progress = new Progress(console(), "verified")) {
      return Adoption.examine(file, given, row -> progress.at(row.sequence()));
    } catch (AdoptionException e) {
      if (e.report().isPresent()) {
        ReportPrinter.print(this, e.report().get());
      }
      String message = String.valueOf(e.getMessage());
      throw switch (e.reason()) {
        case BROKEN -> CommandFailure.failed(message);
        case UNKNOWN -> CommandFailure.unknown(message);
        case UNUSABLE -> CommandFailure.usage(message);
      };
    }
  }

  /** Refuses a chain that this log has adopted already. */
  private void requireNew(AdoptedChain chain) throws Exception {
    if (!data().mayHaveLedger()) {
      return;
    }
    try (LedgerReader ledger = ledger()) {
      for (Map.Entry<Long, AdoptedChain> adopted : AdoptedChain.allIn(ledger).entrySet()) {
        CommandFailure.refuseIf(
            adopted.getValue().root().equals(chain.root()),
            "%s: adopted already, by row %d; 'indelible log verify --adopted %s' checks it",
            file,
            adopted.getKey(),
            file);
      }
    }
  }

  private void print(SystemEvent event, AdoptedChain chain) throws Exception {
    long sequence = sequence(event);
    print(
        out -> {
          out.name("adopted").beginObject();
          chain.write(out);
          out.endObject().member("id", event.id()).member("sequence", sequence);
        },
        () -> printText(chain, sequence));
  }

  private long sequence(SystemEvent event) throws Exception {
    try (LedgerReader ledger = ledger()) {
      return ledger
          .row(event.id().toString())
          .orElseThrow(
              () ->
                  CommandFailure.failed(
                      "the event is a dead letter; 'indelible dlq list' shows why"))
          .sequence();
    }
  }

  private void printText(AdoptedChain chain, long sequence) {
    line(
        "%s  %,d rows, %s, by row %d",
        console().green("adopted"), chain.rows(), chain.verdict(), sequence);
    Table table = new Table("", "");
    table.row("last row's hash", chain.finalHash());
    table.row("root over all rows", chain.root());
    table.row("file", "sha256:" + chain.fileHash());
    table.print(console());
  }
}
