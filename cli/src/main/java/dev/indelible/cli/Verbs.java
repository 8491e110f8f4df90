// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.HelpCommand;

/** The verbs of the command, keyed by name, in the order in which {@code --help} lists them. */
final class Verbs {
  private static final Map<String, Class<?>> ALL = new LinkedHashMap<>();

  static {
    ALL.put("demo", DemoCommand.class);
    ALL.put("check", CheckCommand.class);
    ALL.put("gate", GateCommand.class);
    ALL.put("serve", ServeCommand.class);
    ALL.put("policy", VerbGroup.Policies.class);
    ALL.put("hook", VerbGroup.Hook.class);
    ALL.put("mcp", McpCommand.class);
    ALL.put("mcp-gateway", McpGatewayCommand.class);
    ALL.put("tool", ToolCommand.class);
    ALL.put("approvals", ApprovalsCommand.class);
    ALL.put("log", VerbGroup.Log.class);
    ALL.put("proof", VerbGroup.Proof.class);
    ALL.put("dlq", DlqCommand.class);
    ALL.put("keys", KeysCommand.class);
    ALL.put("api-keys", ApiKeysCommand.class);
    ALL.put("witness", WitnessCommand.class);
    ALL.put("fleet", FleetCommand.class);
    ALL.put("gates", GatesCommand.class);
    ALL.put("ledger-writer", LedgerWriterCommand.class);
    ALL.put("status", StatusCommand.class);
    ALL.put("bench", VerbGroup.Bench.class);
    ALL.put("help", HelpCommand.class);
  }

  /** Arguments that ask for the list of all verbs. */
  private static final List<String> HELP = List.of("help", "--help", "-h");

  private Verbs() {}

  /**
   * Adds to a command the verbs that its arguments name, or every verb if they name none or ask for
   * help. Reading the annotations of every verb takes longer than a decision.
   */
  static void addNamed(CommandLine command, String... args) {
    List<String> given = List.of(args);
    Collection<String> named = ALL.keySet().stream().filter(given::contains).toList();
    boolean every = named.isEmpty() || given.stream().anyMatch(HELP::contains);
    ALL.forEach(
        (name, verb) -> {
          if (every || named.contains(name)) {
            command.addSubcommand(name, verb);
          }
        });
  }
}
