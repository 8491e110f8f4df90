// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.checkpoint.VerifierKey;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "keygen",
    description =
        "Create the private key of an operator or an approver, and print its public half.",
    footer = {
      "",
      "Run this on a machine without agents, and keep the file there: whoever has it",
      "decides which policies come into force. An existing file is not overwritten.",
      "",
      "  indelible policy keygen operator.pem --name ops.example.com"
    })
final class PolicyKeygenCommand extends Verb {
  @Parameters(paramLabel = "FILE", description = "the new file; only its owner can read it")
  Path file = Path.of("");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      required = true,
      description = "the name of the key; without spaces and without +")
  String name = "";

  @Override
  public Integer call() throws Exception {
    CommandFailure.refuseIf(
        !VerifierKey.isName(name), "--name: a key's name must not be empty or have a space or a +");
    String vkey = NamedKeyFile.create(file, name).vkey();
    print(out -> out.member("file", file.toString()).member("vkey", vkey), "%s", vkey);
    return ExitCode.OK;
  }
}
