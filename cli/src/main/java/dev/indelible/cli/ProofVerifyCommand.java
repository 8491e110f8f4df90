// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.checkpoint.WitnessPolicy.Witnessed;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.proof.Disclosure;
import dev.indelible.proof.DisclosureException;
import dev.indelible.proof.DisclosureVerifier;
import dev.indelible.proof.DisclosureVerifier.InFleet;
import dev.indelible.proof.ProvenDisclosure;
import dev.indelible.receipt.CoseReceipt;
import dev.indelible.receipt.ReceiptParseException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = "Verify a receipt: the proof that an event is in a log.",
    footer = {
      "",
      "Needs the receipt and a key, but not the log.",
      "Exit status: 0 proven, 1 refuted, 3 unknown: signed by none of the given keys,",
      "or cosigned by too few witnesses."
    })
final class ProofVerifyCommand extends Verb {
  private static final int WIDTH = 15;

  private static final String TLOG_PROOF = ".tlog-proof";

  /** The first byte of a COSE receipt: its tag. */
  private static final byte COSE_SIGN1 = (byte) 0xd2;

  /** The first second of the year 10000; from then on, times are printed as numbers. */
  private static final long YEAR_10000 = 253_402_300_800L;

  @Parameters(paramLabel = "FILE", description = "the receipt: a .tlog-proof, or a COSE receipt")
  Path file = Path.of("proof");

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "the log's public key, from someone you trust: a vkey, or a file of vkeys, of PEM keys, or"
              + " of its 32 bytes; may be repeated. A vkey also states the name of the log")
  List<String> keys = new ArrayList<>();

  @Mixin WitnessOptions witnesses = new WitnessOptions();

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description =
          "the file of the record, if it is not in the receipt (default for COSE: FILE.record)")
  @Nullable Path record;

  @Option(
      names = "--fleet",
      paramLabel = "FILE",
      description =
          "the second receipt of an event in a shard, FILE.fleet.tlog-proof; --key and --witness are"
              + " then about the log of logs")
  @Nullable Path fleet;

  /** Returns the file of the second receipt of an event in a shard of a fleet. */
  static Path fleetBeside(Path receipt) {
    String name = receipt.getFileName().toString();
    String stem =
        name.endsWith(TLOG_PROOF) ? name.substring(0, name.length() - TLOG_PROOF.length()) : name;
    return receipt.resolveSibling(stem + ".fleet" + TLOG_PROOF);
  }

  /** Returns the file with the record of a COSE receipt. */
  static Path recordBeside(Path receipt) {
    return receipt.resolveSibling(receipt.getFileName() + ".record");
  }

  @Override
  public Integer call() throws Exception {
    TrustedKeys trusted = LogKeys.read(keys);
    byte[] bytes = read(file);
    boolean cose = bytes.length > 0 && bytes[0] == COSE_SIGN1;
    String format = cose ? "cose" : "tlog";
    CommandFailure.refuseIf(
        cose && fleet != null, "%s: --fleet needs a receipt of the form tlog", file);
    try {
      if (fleet != null) {
        InFleet proven = inFleet(bytes, fleet, trusted);
        print(out -> write(out, format, proven), () -> print(proven));
        return ExitCode.OK;
      }
      ProvenDisclosure proven = cose ? cose(bytes, trusted) : tlog(bytes, trusted);
      print(out -> write(out, format, proven), () -> print(proven));
      return ExitCode.OK;
    } catch (DisclosureException e) {
      return notProven(format, e);
    }
  }

  private ProvenDisclosure tlog(byte[] bytes, TrustedKeys trusted)
      throws CommandFailure, DisclosureException {
    TlogProof proof = parse(file, bytes);
    return verifier(trusted).verify(proof, beside(proof));
  }

  private InFleet inFleet(byte[] bytes, Path second, TrustedKeys trusted)
      throws CommandFailure, DisclosureException {
    TlogProof proof = parse(file, bytes);
    TlogProof admission = parse(second, read(second));
    Disclosure admitted =
        Disclosure.of(
            admission
                .extra()
                .orElseThrow(() -> CommandFailure.usage("%s: contains no record", second)));
    return verifier(trusted).verify(proof, beside(proof), admission, admitted);
  }

  private static TlogProof parse(Path file, byte[] bytes) throws CommandFailure {
    try {
      return TlogProof.parse(bytes);
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage("%s: is not a receipt: %s", file, e.getMessage());
    }
  }

  private Disclosure beside(TlogProof proof) throws CommandFailure {
    return Disclosure.of(record != null ? read(record) : extra(proof));
  }

  private DisclosureVerifier verifier(TrustedKeys trusted) throws CommandFailure {
    WitnessPolicy policy = witnesses.policy().orElseGet(() -> WitnessPolicy.ofLogs(List.of()));
    CommandFailure.refuseIf(
        trusted.isEmpty() && policy.logs().isEmpty(),
        "--key: name the log's public key, or give a --policy that does");
    return new DisclosureVerifier(trusted, policy);
  }

  private byte[] extra(TlogProof proof) throws CommandFailure {
    return proof
        .extra()
        .orElseThrow(
            () ->
                CommandFailure.usage(
                    "%s: contains no record; name the file of the record with --record", file));
  }

  private ProvenDisclosure cose(byte[] bytes, TrustedKeys trusted)
      throws CommandFailure, DisclosureException {
    CoseReceipt receipt;
    try {
      receipt = CoseReceipt.parse(bytes);
    } catch (ReceiptParseException e) {
      throw CommandFailure.usage("%s: is not a receipt: %s", file, e.getMessage());
    }
    CommandFailure.refuseIf(
        witnesses.areGiven(),
        "%s: a COSE receipt has no cosignatures, so it cannot be combined with --witness"
            + " or --policy",
        file);
    CommandFailure.refuseIf(trusted.isEmpty(), "--key: name the log's public key");
    Disclosure beside = Disclosure.of(read(record != null ? record : recordBeside(file)));
    return new DisclosureVerifier(trusted).verify(receipt, beside);
  }

  private static byte[] read(Path file) throws CommandFailure {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(TlogProof.MAX_BYTES + 1);
      CommandFailure.refuseIf(
          bytes.length > TlogProof.MAX_BYTES,
          "%s: too long for a receipt: the limit is %d bytes",
          file,
          TlogProof.MAX_BYTES);
      return bytes;
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage("%s: no such file", file);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be read: %s", file, e.getMessage());
    }
  }

  private int notProven(String format, DisclosureException e) throws CommandFailure {
    String message = String.valueOf(e.getMessage());
    switch (e.reason()) {
      case AMBIGUOUS_KEYS -> throw CommandFailure.usage("--key: %s", message);
      case NOT_A_RECORD ->
          throw CommandFailure.usage(
              "%s: the log has this entry, but the entry is not the record of an event: %s",
              file, message);
      case REFUTED -> {
        report(format, "refuted", message);
        return ExitCode.FAILED;
      }
      default -> {
        report(format, "unknown", message);
        return ExitCode.UNKNOWN;
      }
    }
  }

  private void report(String format, String verdict, String message) {
    print(
        out ->
            out.member("file", file.toString())
                .member("format", format)
                .member("message", message)
                .member("verdict", verdict),
        "%s  %s",
        console().bold(console().byMeaning(verdict, verdict)),
        Console.printable(message));
  }

  private void write(CanonicalWriter out, String format, ProvenDisclosure proven) {
    Optional<Checkpoint> checkpoint = proven.witnessed().map(Witnessed::checkpoint);
    out.name("cosigned")
        .objects(
            cosigned(proven).entrySet(),
            entry ->
                out.member("name", entry.getKey().key().name()).member("time", entry.getValue()))
        .member("file", file.toString())
        .member("format", format)
        .member("origin", checkpoint.map(Checkpoint::origin))
        .name("row")
        .canonical(proven.row().toJson())
        .member("row_signature", proven.rowSignature().name().toLowerCase(Locale.ROOT))
        .member("signed_by", proven.signer().keyId());
    checkpoint.ifPresent(stated -> out.member("size", stated.size()));
    out.member("verdict", "proven");
  }

  private void write(CanonicalWriter out, String format, InFleet proven) {
    Optional<Checkpoint> admitted = proven.admission().witnessed().map(Witnessed::checkpoint);
    out.name("event").beginObject();
    write(out, format, proven.event());
    out.endObject().name("fleet").beginObject();
    write(out, format, proven.admission());
    out.endObject()
        .member("origin", admitted.map(Checkpoint::origin))
        .member("shard", proven.shard())
        .member("verdict", "proven");
  }

  private void print(InFleet proven) {
    print(proven.event());
    field("shard", proven.shard());
    field(
        "admitted by",
        "row %d%s, signed by key %s"
            .formatted(
                proven.admission().row().sequence(),
                place(proven.admission()),
                proven.admission().signer().keyId()));
    field("admitted at", proven.admission().row().timestamp());
    printCosigned(proven.admission());
  }

  private void print(ProvenDisclosure proven) {
    ChainRow row = proven.row();
    line(
        "%s  event %s is row %d%s",
        console().bold(console().byMeaning("proven", "proven")),
        Console.printable(row.id()),
        row.sequence(),
        place(proven));
    field("agent", row.agentId());
    field("type", row.eventType());
    field("time", row.timestamp());
    row.payload()
        .ifPresentOrElse(
            payload -> PayloadSummary.of(payload).print(console(), WIDTH),
            () ->
                field(
                    "payload",
                    "not shown; SHA-256 " + HexFormat.of().formatHex(row.payloadHash())));
    field("row signed by", rowSigner(proven));
    field("signed by", "key " + proven.signer().keyId());
    printCosigned(proven);
  }

  private void printCosigned(ProvenDisclosure proven) {
    cosigned(proven)
        .forEach(
            (witness, time) -> field("cosigned by", witness.key().name() + " at " + shown(time)));
  }

  private void field(String name, String value) {
    console().field(WIDTH, name, value);
  }

  private static Map<WitnessPolicy.Witness, Long> cosigned(ProvenDisclosure proven) {
    return proven.witnessed().map(Witnessed::cosigned).orElse(Map.of());
  }

  private static String place(ProvenDisclosure proven) {
    return proven
        .witnessed()
        .map(Witnessed::checkpoint)
        .map(
            stated ->
                " of the %d in %s".formatted(stated.size(), Console.printable(stated.origin())))
        .orElse(" of the log of this key");
  }

  private static String rowSigner(ProvenDisclosure proven) {
    String key = "key " + proven.row().keyId().orElse("");
    return switch (proven.rowSignature()) {
      case OK -> key;
      case UNSIGNED -> "(unsigned; the log's signature covers it)";
      case UNKNOWN -> key + ", which was not given: not checked";
    };
  }

  private static String shown(long time) {
    return time < YEAR_10000 ? Instant.ofEpochSecond(time).toString() : time + " s since 1970";
  }
}
