// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** The options of every verb. */
@Command(
    name = "indelible",
    description = "Decides whether an AI agent may act, and records each decision.",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "VERB",
    scope = ScopeType.INHERIT)
final class Root implements Runnable {
  @Option(
      names = "--data",
      scope = ScopeType.INHERIT,
      paramLabel = "DIR",
      defaultValue = "${env:INDELIBLE_DATA:-indelible-data}",
      description = "the data directory (default: $$INDELIBLE_DATA, else indelible-data)")
  Path data = Path.of("indelible-data");

  @Option(
      names = "--ledger",
      scope = ScopeType.INHERIT,
      paramLabel = "URL",
      defaultValue = "${env:INDELIBLE_LEDGER}",
      description =
          "the ledger of a new data directory, as postgresql://HOST[:PORT]/DATABASE[?OPTIONS]; later"
              + " runs find it in the directory (default: $$INDELIBLE_LEDGER, else a file in the"
              + " directory)")
  @Nullable String ledger;

  @Option(
      names = "--output",
      scope = ScopeType.INHERIT,
      paramLabel = "text|json",
      defaultValue = "text",
      description =
          "text, or json: one object, or one object per line (default: text); log list: also csv")
  Output output = Output.text;

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "show the stack trace of a failure")
  boolean verbose;

  /** Set by picocli before the command runs. */
  @Spec @Nullable CommandSpec spec;

  final Console console;

  Root(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    Objects.requireNonNull(spec).commandLine().usage(console.out());
  }

  /** The forms of output. */
  enum Output {
    text,
    json,
    csv
  }
}
