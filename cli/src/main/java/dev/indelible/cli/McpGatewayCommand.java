// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.mcp.DaemonJudge;
import dev.indelible.mcp.Gateway;
import dev.indelible.mcp.Judge;
import dev.indelible.mcp.LogJudge;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stands between an MCP client and an MCP server. */
@Command(
    name = "mcp-gateway",
    description =
        "Start an MCP server, and ask the gate before tools are called or resources read.",
    footer = {
      "",
      "The client starts this command in place of the server, and speaks MCP on",
      "standard input and output. The gateway decides with the log in the data",
      "directory, even while the daemon uses it, or, with --socket, asks the daemon.",
      "A refused call does not reach the server; the model gets the reason.",
      "",
      "  indelible mcp-gateway --name files -- \\",
      "    npx -y @modelcontextprotocol/server-filesystem .",
      "",
      "Exit status: 0 the client closed its stream, and all decisions are in the",
      "ledger; 5 all are in the journal, and some wait for the ledger; 1 the server",
      "ended; 2 wrong usage, or a log or server that cannot be used."
    })
final class McpGatewayCommand extends Verb {
  @Option(
      names = "--name",
      required = true,
      paramLabel = "NAME",
      description = "the server's name in rules and records: its tools are mcp__NAME__TOOL")
  String name = "";

  @Option(
      names = "--agent",
      paramLabel = "ID",
      description = "the agent in the records (default: mcp: and the name that the client states)")
  @Nullable String agent;

  @Option(
      names = "--socket",
      paramLabel = "FILE",
      description = "ask the daemon that listens on this Unix socket, with --owner")
  @Nullable Path socket;

  @Option(
      names = "--owner",
      paramLabel = "USER",
      description = "the user that runs the daemon; a socket of another user is not asked")
  @Nullable String owner;

  @Option(
      names = "--http",
      paramLabel = "URL",
      description = "a server that is reached over Streamable HTTP, in place of COMMAND")
  @Nullable URI http;

  @Option(
      names = "--token-env",
      paramLabel = "VARIABLE",
      description = "the environment variable with the bearer token for --http")
  @Nullable String tokenEnv;

  @Parameters(paramLabel = "COMMAND", arity = "0..*", description = "the server and its arguments")
  List<String> command = List.of();

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    Gateway.Settings settings;
    try {
      settings = new Gateway.Settings(name, Optional.ofNullable(agent));
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--name or --agent: %s", e.getMessage());
    }
    CommandFailure.refuseIf(
        (socket == null) != (owner == null), "--socket, --owner: give both or none of them");
    CommandFailure.refuseIf(
        (http == null) == command.isEmpty(), "give either COMMAND or --http URL");
    if (socket != null && owner != null) {
      return run(settings, new DaemonJudge(socket, owner));
    }
    Indelible indelible = openLog(anchor.file(), Run.AGENT_SESSION);
    boolean written = false;
    int status = ExitCode.FAILED;
    try {
      status = run(settings, new LogJudge(indelible));
    } finally {
      written = closeStream(indelible);
    }
    return status == ExitCode.OK && !written ? ExitCode.WAITING : status;
  }

  private int run(Gateway.Settings settings, Judge judge) throws CommandFailure {
    Gateway gateway = new Gateway(settings, judge, console().in(), console().out());
    for (String signal : List.of("TERM", "INT")) {
      Signals.handle(signal, gateway::stop);
    }
    Gateway.Ending ending;
    try {
      ending = http == null ? gateway.run(command) : gateway.run(http, token());
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--http: %s", e.getMessage());
    } catch (IOException e) {
      throw CommandFailure.usage("the server cannot be started: %s", e.getMessage());
    }
    if (ending.byServer()) {
      warn(ending.reason());
      return ExitCode.FAILED;
    }
    return ExitCode.OK;
  }

  private Optional<String> token() throws CommandFailure {
    if (tokenEnv == null) {
      return Optional.empty();
    }
    String token = System.getenv().getOrDefault(tokenEnv, "");
    CommandFailure.refuseIf(token.isEmpty(), "--token-env: %s is not set", tokenEnv);
    return Optional.of(token);
  }
}
