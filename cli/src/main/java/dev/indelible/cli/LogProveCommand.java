// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.crypto.SigningKey;
import dev.indelible.fleet.Fleet;
import dev.indelible.fleet.FleetProof;
import dev.indelible.note.ShardException;
import dev.indelible.proof.Disclosure;
import dev.indelible.proof.ProvenRow;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "prove",
    description = "Write a receipt: a proof that an event is in the log.",
    footer = {
      "",
      "tlog: a C2SP tlog-proof with the event's record, under the last signed",
      "checkpoint with the cosignatures of the witnesses in the file 'witnesses' of",
      "the data directory.",
      "cose: an RFC 9942 receipt, and the record in FILE.record beside it. Needs the",
      "log's private key. The receipt has neither the log's name nor cosignatures.",
      "In the data directory of a fleet: a second tlog-proof, FILE.fleet.tlog-proof,",
      "shows that the log of logs has admitted the checkpoint of the shard.",
      "Both state how many rows the log had. 'indelible proof verify' verifies either",
      "without the log."
    })
final class LogProveCommand extends Verb {
  /** The form of a UUID. Only an event id of this form becomes the name of a file. */
  private static final String PLAIN_NAME = "[0-9a-f-]{36}";

  @Parameters(paramLabel = "EVENT-ID", description = "the id of the event")
  String id = "";

  @Option(
      names = "--payload",
      description = "include the payload (what was decided), not only its hash")
  boolean withPayload;

  @Option(
      names = "--format",
      paramLabel = "tlog|cose",
      defaultValue = "tlog",
      description = "tlog, or cose (default: tlog)")
  Format format = Format.tlog;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the new file (default: EVENT-ID.tlog-proof or EVENT-ID.cose)")
  @Nullable Path out;

  enum Format {
    tlog("tlog-proof"),
    cose("cose");

    private final String suffix;

    Format(String suffix) {
      this.suffix = suffix;
    }
  }

  @Override
  public Integer call() throws Exception {
    if (isFleet()) {
      return proveInFleet();
    }
    ProvenRow proven = log().prove(id);
    Disclosure beside = withPayload ? proven.recordAndPayload() : proven.record();
    print(proven, write(proven, beside));
    if (format == Format.tlog && proven.leftOut() > 0) {
      warn(
          "%s: %s signature lines in the ledger are not in the receipt, because this file lacks their keys"
              .formatted(data().witnesses(), proven.leftOut()));
    }
    return ExitCode.OK;
  }

  /** Writes the receipt of the event, and beside it that of the checkpoint in the log of logs. */
  private int proveInFleet() throws Exception {
    CommandFailure.refuseIf(
        format != Format.tlog, "--format %s: the receipts of a fleet are of the form tlog", format);
    FleetProof proven;
    try {
      proven = FleetProof.of(new Fleet(data()), log(), id);
    } catch (ShardException e) {
      throw FleetCommand.refused(e);
    }
    ProvenRow event = proven.event();
    Path file = write(event, withPayload ? event.recordAndPayload() : event.record());
    Path beside = ProofVerifyCommand.fleetBeside(file);
    try {
      NewFile.write(
          beside, proven.admission().tlogProof(proven.admission().recordAndPayload()).bytes());
    } catch (Exception e) {
      Files.deleteIfExists(file);
      throw e;
    }
    print(
        out ->
            out.member("file", file.toString())
                .member("fleet_file", beside.toString())
                .member("id", event.row().id())
                .member("origin", event.checkpoint().origin())
                .member("payload", withPayload)
                .member("sequence", event.row().sequence())
                .member("shard", proven.shard())
                .member("size", event.checkpoint().size()),
        "%s  row %,d of %,d in %s, %s its payload\n%s  row %,d of %,d in %s, which admits that checkpoint",
        file,
        event.row().sequence(),
        event.checkpoint().size(),
        Console.printable(event.checkpoint().origin()),
        withPayload ? "with" : "without",
        beside,
        proven.admission().row().sequence(),
        proven.admission().checkpoint().size(),
        Console.printable(proven.admission().checkpoint().origin()));
    return ExitCode.OK;
  }

  /** Writes the receipt; returns its file. */
  private Path write(ProvenRow proven, Disclosure beside) throws Exception {
    Path file = out != null ? out : Path.of(name());
    if (format == Format.tlog) {
      NewFile.write(file, proven.tlogProof(beside).bytes());
      return file;
    }
    SigningKey key = data().keys().open();
    Path record = ProofVerifyCommand.recordBeside(file);
    NewFile.write(record, beside.bytes());
    try {
      NewFile.write(file, proven.coseReceipt(key).bytes());
    } catch (Exception e) {
      Files.deleteIfExists(record);
      throw e;
    }
    return file;
  }

  private String name() throws CommandFailure {
    CommandFailure.refuseIf(
        !id.matches(PLAIN_NAME), "%s: cannot be the name of a file; name one with --out", id);
    return id + "." + format.suffix;
  }

  private void print(ProvenRow proven, Path file) {
    print(
        out ->
            out.member("file", file.toString())
                .member("format", format.name())
                .member("id", proven.row().id())
                .member("origin", proven.checkpoint().origin())
                .member("payload", withPayload)
                .member("sequence", proven.row().sequence())
                .member("size", proven.checkpoint().size()),
        "%s  row %,d of %,d in %s, %s its payload",
        file,
        proven.row().sequence(),
        proven.checkpoint().size(),
        Console.printable(proven.checkpoint().origin()),
        withPayload ? "with" : "without");
  }
}
