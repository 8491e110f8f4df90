// SPDX-License-Identifier: Apache-2.0
package dev.indelible.cli;

import dev.indelible.Indelible;
import dev.indelible.mcp.McpClient;
import dev.indelible.mcp.McpServer;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Serves MCP on standard input and output. */
@Command(
    name = "mcp",
    description =
        "Offer the gate and the log to an agent as MCP tools, on standard input and output.",
    footer = {
      "",
      "Tools: gate_check, gate_explain, audit_query, audit_proof, audit_verify,",
      "audit_status. The daemon serves these tools at /mcp.",
      "Exit status: 0 all decisions are in the ledger; 5 all are in the journal, and",
      "some wait for the ledger; 2 the log cannot be used; 1 failure."
    })
final class McpCommand extends Verb {
  @Option(
      names = "--agent",
      paramLabel = "ID",
      description = "the client's agent: the client asks for it and reads its events")
  @Nullable String agent;

  @Option(names = "--reader", description = "let the client read and verify the whole log")
  boolean reader;

  @Mixin AnchorOption anchor = new AnchorOption();

  @Override
  public Integer call() throws Exception {
    McpClient client;
    try {
      client =
          new McpClient(
              Optional.ofNullable(agent), Optional.empty(), reader, (tool, arguments) -> {});
    } catch (IllegalArgumentException e) {
      throw CommandFailure.usage("--agent: %s", e.getMessage());
    }
    Indelible indelible = openLog(anchor.file(), Run.AGENT_SESSION);
    boolean written = false;
    try {
      new McpServer(indelible).serve(console().in(), console().out(), client);
    } catch (IOException e) {
      throw CommandFailure.unreadableInput(e);
    } finally {
      written = closeStream(indelible);
    }
    return written ? ExitCode.OK : ExitCode.WAITING;
  }
}
