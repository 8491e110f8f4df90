// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.note.OperatorNote;
import dev.indelible.note.PolicyNote;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "sign",
    description = "Sign a policy for a log, or introduce the next operator's key to it.",
    footer = {
      "",
      "Works offline and without a data directory. The policy is loaded first: one with",
      "a mistake is not signed. The signature is written to policy.sig beside the",
      "rules, or to --out. The log refuses a number that is not above all earlier ones.",
      "",
      "  indelible policy sign rules/ --key operator.pem --origin example.com/log \\",
      "      --number 4",
      "  indelible policy sign --next-operator VKEY --key operator.pem \\",
      "      --origin example.com/log --out next.sig",
      "",
      "Exit status: 0 signed; 2 the policy does not load, or an argument is wrong."
    })
final class PolicySignCommand extends Verb {
  @Parameters(
      arity = "0..1",
      paramLabel = "PATH",
      description = "the policy: a file, or a directory of them")
  @Nullable Path policy;

  @Option(
      names = "--key",
      paramLabel = "FILE",
      required = true,
      description = "the operator's private key, see 'policy keygen'")
  Path key = Path.of("");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "the name of the key, if the file does not state it")
  @Nullable String name;

  @Option(
      names = "--origin",
      paramLabel = "ORIGIN",
      required = true,
      description = "the name of the log, as 'policy trust' and 'status' print it")
  String origin = "";

  @Option(
      names = "--number",
      paramLabel = "N",
      description = "the number of the policy, above those of all earlier ones")
  @Nullable Long number;

  @Option(
      names = "--next-operator",
      paramLabel = "VKEY",
      description = "sign this key as that of the next operator, in place of a policy")
  @Nullable String next;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "the file of the signature (default: policy.sig beside the rules)")
  @Nullable Path out;

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(
        !VerifierKey.isName(origin),
        "--origin: a log's name must not be empty or have a space or a +");
    CommandFailure.refuseIf(
        (policy == null) == (next == null), "give either a policy or --next-operator");
    NoteSigner signer = NamedKeyFile.read(key, name);
    if (next != null) {
      CommandFailure.refuseIf(out == null, "--out: name the file of the signature");
      return signNext(signer, operatorKey("--next-operator", next));
    }
    return signPolicy(signer, Path.of(String.valueOf(policy)));
  }

  /** Reads the vkey of an operator. */
  static VerifierKey operatorKey(String option, String vkey) throws CommandFailure {
    try {
      VerifierKey key = VerifierKey.parse(vkey.strip());
      CommandFailure.refuseIf(
          key.type() != SignatureType.ED25519,
          "%s: %s is the key of a witness; an operator's key is of type Ed25519",
          option,
          vkey.strip());
      return key;
    } catch (CheckpointParseException e) {
      throw CommandFailure.usage("%s: %s", option, e.getMessage());
    }
  }

  private int signPolicy(NoteSigner signer, Path path) throws CommandFailure, PolicyException {
    CommandFailure.refuseIf(number == null, "--number: give the number of the policy");
    RulePolicy loaded = RulePolicy.load(path);
    PolicyNote note;
    try {
      note = new PolicyNote(origin, number == null ? 0 : number, loaded.digest());
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--number: %s", e.getMessage());
    }
    Path file = out != null ? out : beside(path);
    write(file, note.sign(signer));
    print(
        out ->
            out.member("digest", note.digest())
                .member("file", file.toString())
                .member("number", note.number())
                .member("origin", origin),
        "%s: policy %s, number %s, for %s, signed by %s",
        file,
        note.digest(),
        note.number(),
        Console.printable(origin),
        Console.printable(signer.verifierKey().name()));
    return ExitCode.OK;
  }

  private static Path beside(Path policy) {
    return Files.isDirectory(policy)
        ? policy.resolve(RulePolicy.SIGNATURE_FILE)
        : policy.resolveSibling(RulePolicy.SIGNATURE_FILE);
  }

  private int signNext(NoteSigner signer, VerifierKey operator) throws CommandFailure {
    Path file = Path.of(String.valueOf(out));
    write(file, new OperatorNote(origin, operator).sign(signer));
    print(
        out ->
            out.member("file", file.toString())
                .member("key", operator.vkey())
                .member("origin", origin),
        "%s: introduces key %s to the log %s; record it there with 'indelible policy trust %s --signed %s'",
        file,
        operator,
        Console.printable(origin),
        operator,
        file);
    return ExitCode.OK;
  }

  /** Writes a signature, in place of an earlier one: a reader sees the one or the other. */
  private static void write(Path file, SignedNote note) throws CommandFailure {
    Path aside = file.resolveSibling("." + UUID.randomUUID() + ".sig");
    try {
      DurableFiles.replace(file, aside, note.bytes());
    } catch (IOException e) {
      throw CommandFailure.usage("%s: cannot be written: %s", file, DurableFiles.reason(e));
    }
  }
}
