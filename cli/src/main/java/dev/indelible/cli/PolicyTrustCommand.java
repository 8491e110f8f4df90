// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.append.OperatorEvents.Trusted;
import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.note.PolicySignatureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "trust",
    description =
        "Record an operator's key: from then on only policies that it signed come into force.",
    footer = {
      "",
      "The rules in the data directory are accepted as they are, without a signature.",
      "Running processes demand a signature from the next change of their policy on.",
      "Another operator's key needs a signature of the one before: see 'policy sign",
      "--next-operator'. Nothing takes the demand back.",
      "",
      "Exit status: 0 recorded; 2 refused, and the chain has a row about that."
    })
final class PolicyTrustCommand extends Verb {
  @Parameters(
      paramLabel = "VKEY|FILE",
      description = "the operator's public key, as 'policy keygen' prints it, or a file with it")
  String key = "";

  @Option(
      names = "--signed",
      paramLabel = "NOTE",
      description = "the file with which the operator before introduces this key")
  @Nullable Path signed;

  @Override
  public Integer call() throws Exception {
    VerifierKey operator = PolicySignCommand.operatorKey("VKEY", vkey());
    Optional<String> introduction =
        signed == null ? Optional.empty() : Optional.of(read(signed, "--signed"));
    requireDataDirectory();
    Trusted trusted;
    try {
      trusted = data().trustOperator(operator, introduction);
    } catch (PolicySignatureException e) {
      throw CommandFailure.usage(
          "key %s does not become the operator's: %s; the refusal is recorded",
          operator, e.getMessage());
    }
    String sign =
        "indelible policy sign DIR --key FILE --origin %s --number %s"
            .formatted(trusted.origin(), trusted.next());
    print(
        out ->
            out.member("key", operator.vkey())
                .member("next_number", trusted.next())
                .member("origin", trusted.origin())
                .member("recorded", trusted.recorded())
                .member("sign", sign),
        "%s %s\nthe log is %s, and its next policy has number %s or more:\n  %s",
        operator,
        trusted.recorded() ? "is the operator's key from now on" : "is the operator's key already",
        Console.printable(trusted.origin()),
        trusted.next(),
        Console.printable(sign));
    return ExitCode.OK;
  }

  private String vkey() throws CommandFailure {
    try {
      Path file = Path.of(key);
      return Files.isRegularFile(file) ? read(file, "FILE") : key;
    } catch (InvalidPathException e) {
      return key;
    }
  }

  private static String read(Path file, String option) throws CommandFailure {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw CommandFailure.usage("%s: %s cannot be read: %s", option, file, DurableFiles.reason(e));
    }
  }
}
