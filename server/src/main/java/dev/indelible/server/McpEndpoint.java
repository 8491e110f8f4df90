// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.access.Role;
import dev.indelible.mcp.McpClient;
import dev.indelible.mcp.McpHttp;
import dev.indelible.mcp.McpServer;
import java.util.Map;
import java.util.Optional;

/** The endpoint of MCP over Streamable HTTP. */
final class McpEndpoint {
  private final McpHttp mcp;
  private final Optional<ReadRecord> reads;

  /**
   * Creates the endpoint.
   *
   * @param reads records reads of the log; empty for none
   */
  McpEndpoint(Indelible log, Optional<ReadRecord> reads) {
    this.mcp = new McpHttp(new McpServer(log));
    this.reads = reads;
  }

  /** Answers {@code POST /mcp}. */
  Response answer(Request request) {
    Caller caller = request.caller();
    McpClient client =
        new McpClient(
            caller.agentId(),
            caller.principal(),
            caller.has(Role.READER),
            (tool, arguments) ->
                record(request.withParameters(arguments).withParameters(Map.of("tool", tool))));
    McpHttp.Answer answer = mcp.answer(request.body(), request::header, client);
    return answer.body().length == 0
        ? new Response(answer.status(), Map.of(), answer.body())
        : new Response(answer.status(), Map.of("Content-Type", Response.JSON), answer.body());
  }

  /**
   * Records a read of the log.
   *
   * @throws IllegalStateException if it cannot be recorded, and so must not be answered
   */
  private void record(Request read) {
    if (reads.isPresent() && !reads.get().add(read)) {
      throw new IllegalStateException(ReadRecord.REFUSAL.detail());
    }
  }
}
