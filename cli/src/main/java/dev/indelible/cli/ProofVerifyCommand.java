// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.checkpoint.WitnessPolicy.Witnessed;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SignatureKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.RowFault;
import dev.indelible.publish.Disclosure;
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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "verify",
    description = "Check a receipt: that an event is in a log. Needs the file, a key, and no log.",
    footer = {
      "",
      "Exit status: 0 proven, 1 refuted, 3 it could not be told: signed by none of these keys, or",
      "not cosigned by enough."
    })
final class ProofVerifyCommand extends Verb {
  /** The first byte of a COSE receipt: its tag. */
  private static final byte COSE_SIGN1 = (byte) 0xd2;

  /** The first second of the year 10000, from where a time is shown as a number. */
  private static final long YEAR_10000 = 253_402_300_800L;

  @Parameters(paramLabel = "FILE", description = "the receipt: a .tlog-proof, or a COSE receipt")
  Path file = Path.of("proof");

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "the log's public key, from someone you trust: a vkey, or a file of vkeys, of PEM keys, or"
              + " of its 32 bytes; may be repeated. A vkey also says which log it has to be")
  List<String> keys = new ArrayList<>();

  @Mixin WitnessOptions witnesses = new WitnessOptions();

  @Option(
      names = "--record",
      paramLabel = "FILE",
      description =
          "the record, if the receipt has none in it (default for a COSE receipt: FILE.record)")
  @Nullable Path record;

  /**
   * What a receipt proved.
   *
   * @param index the record's place in the log, from 0
   * @param signer the key that signed
   * @param checkpoint what a tlog-proof has more than that: the log's name, its size, its witnesses
   */
  private record Proven(long index, SignatureKey signer, Optional<Witnessed> checkpoint) {}

  /** The file with the record that goes along with a COSE receipt. */
  static Path recordBeside(Path receipt) {
    return receipt.resolveSibling(receipt.getFileName() + ".record");
  }

  @Override
  public Integer call() throws Exception {
    LogKeys trusted = LogKeys.read(keys);
    byte[] bytes = read(file);
    return bytes.length > 0 && bytes[0] == COSE_SIGN1 ? cose(bytes, trusted) : tlog(bytes, trusted);
  }

  private int tlog(byte[] bytes, LogKeys trusted) throws CommandFailure {
    TlogProof proof;
    try {
      proof = TlogProof.parse(bytes);
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage(file + ": " + e.getMessage());
    }
    Disclosure beside = Disclosure.of(record != null ? read(record) : extra(proof));
    Optional<WitnessPolicy> asked = witnesses.policy();
    WitnessPolicy policy = asked.orElse(WitnessPolicy.ofLogs(List.of()));
    if (trusted.isEmpty() && policy.logs().isEmpty()) {
      throw CommandFailure.usage("--key: name the log's public key, or give a --policy that does");
    }
    String origin = proof.checkpoint().unverified().origin();
    try {
      Set<VerifierKey> logs = logs(trusted, origin);
      policy.logs().forEach(log -> logs.remove(log.key()));
      policy = policy.alsoTrusting(logs);
      Witnessed witnessed = proof.verify(beside.record(), policy);
      List<VerificationKey> rowKeys = new ArrayList<>(trusted.all());
      policy.logs().stream()
          .map(WitnessPolicy.Log::key)
          .filter(key -> key.name().equals(origin))
          .map(VerifierKey::key)
          .filter(VerificationKey.class::isInstance)
          .forEach(key -> rowKeys.add((VerificationKey) key));
      return judge(
          "tlog",
          beside,
          new Proven(proof.index(), witnessed.log().key(), Optional.of(witnessed)),
          KeyRing.of(rowKeys));
    } catch (VerificationException e) {
      return notProven("tlog", e);
    }
  }

  private static Set<VerifierKey> logs(LogKeys trusted, String origin)
      throws VerificationException {
    try {
      return trusted.under(origin);
    } catch (IllegalArgumentException e) {
      throw new VerificationException(Reason.UNKNOWN_ORIGIN, String.valueOf(e.getMessage()));
    }
  }

  private byte[] extra(TlogProof proof) throws CommandFailure {
    return proof
        .extra()
        .orElseThrow(
            () ->
                CommandFailure.usage(
                    file + ": has no record in it; name the file that has, with --record"));
  }

  private int cose(byte[] bytes, LogKeys trusted) throws CommandFailure {
    CoseReceipt receipt;
    try {
      receipt = CoseReceipt.parse(bytes);
    } catch (ReceiptParseException e) {
      throw CommandFailure.usage(file + ": " + e.getMessage());
    }
    if (witnesses.areGiven()) {
      throw CommandFailure.usage(
          file + ": a COSE receipt has no cosignatures; --witness and --policy are for others");
    }
    if (trusted.isEmpty()) {
      throw CommandFailure.usage("--key: name the log's public key");
    }
    Disclosure beside = Disclosure.of(read(record != null ? record : recordBeside(file)));
    try {
      VerificationKey signer = signer(receipt, beside.record(), trusted.all());
      Proven proven = new Proven(receipt.proof().index(), signer, Optional.empty());
      return judge("cose", beside, proven, KeyRing.of(trusted.all()));
    } catch (VerificationException e) {
      return notProven("cose", e);
    }
  }

  /** Which of the keys signed it. */
  private static VerificationKey signer(
      CoseReceipt receipt, byte[] record, Set<VerificationKey> keys) throws VerificationException {
    VerificationException unknown = null;
    for (VerificationKey key : keys) {
      try {
        receipt.verify(record, key);
        return key;
      } catch (VerificationException e) {
        if (e.reason() != Reason.NO_KNOWN_SIGNATURE) {
          throw e;
        }
        unknown = e;
      }
    }
    throw unknown == null
        ? new VerificationException(Reason.NO_KNOWN_SIGNATURE, "no key to check it with")
        : unknown;
  }

  private static byte[] read(Path file) throws CommandFailure {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(TlogProof.MAX_BYTES + 1);
      if (bytes.length > TlogProof.MAX_BYTES) {
        throw CommandFailure.usage(
            "%s: longer than any receipt: the limit is %d bytes"
                .formatted(file, TlogProof.MAX_BYTES));
      }
      return bytes;
    } catch (NoSuchFileException e) {
      throw CommandFailure.usage(file + ": no such file");
    } catch (IOException e) {
      throw CommandFailure.usage(file + ": cannot be read: " + e.getMessage());
    }
  }

  /** Says what was proven, once the record is known to be in the log and so may be believed. */
  private int judge(String format, Disclosure beside, Proven proven, KeyRing keys)
      throws CommandFailure {
    List<RowFault> faults;
    ChainRow row;
    try {
      faults = beside.faults(proven.index(), keys);
      row = beside.row();
    } catch (JsonFormatException e) {
      throw CommandFailure.usage(
          "%s: the log has this entry, and it is not the record of an event: %s"
              .formatted(file, e.getMessage()));
    }
    Optional<RowFault> wrong = faults.stream().filter(RowFault::proven).findFirst();
    if (wrong.isPresent()) {
      report(format, "refuted", "%s: %s".formatted(wrong.get().check(), wrong.get().message()));
      return ExitCode.FAILED;
    }
    String signature =
        row.attestLevel().equals(ChainRow.UNSIGNED)
            ? "unsigned"
            : faults.isEmpty() ? "ok" : "unknown";
    if (json()) {
      console().json(toJson(format, row, signature, proven));
    } else {
      print(row, signature, proven);
    }
    return ExitCode.OK;
  }

  private int notProven(String format, VerificationException e) throws CommandFailure {
    String message = String.valueOf(e.getMessage());
    switch (e.reason()) {
      case AMBIGUOUS_KEYS -> throw CommandFailure.usage("--key: " + message);
      case BAD_SIGNATURE, NOT_INCLUDED -> {
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
    if (json()) {
      console()
          .json(
              new CanonicalWriter()
                  .beginObject()
                  .member("file", file.toString())
                  .member("format", format)
                  .member("message", message)
                  .member("verdict", verdict)
                  .endObject());
    } else {
      console()
          .line(
              console().bold(console().byMeaning(verdict, verdict))
                  + "  "
                  + Console.printable(message));
    }
  }

  private CanonicalWriter toJson(String format, ChainRow row, String signature, Proven proven) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    out.name("cosigned").beginArray();
    cosigned(proven)
        .forEach(
            (witness, time) ->
                out.element()
                    .beginObject()
                    .member("name", witness.key().name())
                    .member("time", time)
                    .endObject());
    out.endArray().member("file", file.toString()).member("format", format);
    proven
        .checkpoint()
        .ifPresent(witnessed -> out.member("origin", witnessed.checkpoint().origin()));
    out.name("row").canonical(row.toJson()).member("row_signature", signature);
    out.member("signed_by", proven.signer().keyId());
    proven.checkpoint().ifPresent(witnessed -> out.member("size", witnessed.checkpoint().size()));
    return out.member("verdict", "proven").endObject();
  }

  private void print(ChainRow row, String signature, Proven proven) {
    console()
        .line(
            console().bold(console().byMeaning("proven", "proven"))
                + "  event %s is row %d%s"
                    .formatted(Console.printable(row.id()), row.sequence(), place(proven)));
    field("agent", row.agentId());
    field("type", row.eventType());
    field("time", row.timestamp());
    if (row.payload().isPresent()) {
      print(PayloadSummary.of(row.payload().get()));
    } else {
      field("payload", "not shown; SHA-256 " + HexFormat.of().formatHex(row.payloadHash()));
    }
    field("row signed by", rowSigner(row, signature));
    field("signed by", "key " + proven.signer().keyId());
    cosigned(proven)
        .forEach(
            (witness, time) -> field("cosigned by", witness.key().name() + " at " + shown(time)));
  }

  private static Map<WitnessPolicy.Witness, Long> cosigned(Proven proven) {
    return proven.checkpoint().map(Witnessed::cosigned).orElse(Map.of());
  }

  private static String place(Proven proven) {
    return proven
        .checkpoint()
        .map(
            witnessed ->
                " of the %d in %s"
                    .formatted(
                        witnessed.checkpoint().size(),
                        Console.printable(witnessed.checkpoint().origin())))
        .orElse(" of the log of this key");
  }

  private static String rowSigner(ChainRow row, String signature) {
    return switch (signature) {
      case "ok" -> "key " + row.keyId().orElse("");
      case "unsigned" -> "(nobody; the log's signature covers it)";
      default -> "key " + row.keyId().orElse("") + ", which is none of those given: not checked";
    };
  }

  private void print(PayloadSummary summary) {
    if (!summary.verdict().isEmpty()) {
      field("decision", summary.verdict());
    }
    if (!summary.rule().isEmpty()) {
      field("rule", summary.rule());
      field("reason", summary.reason());
    }
    field("action", summary.action());
  }

  private static String shown(long time) {
    return time < YEAR_10000 ? Instant.ofEpochSecond(time).toString() : time + " s since 1970";
  }

  private void field(String name, String value) {
    console().line(console().faint("%-15s".formatted(name)) + Console.printable(value));
  }
}
