// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.Indelible;
import dev.indelible.access.Role;
import dev.indelible.mcp.McpClient;
import dev.indelible.mcp.McpHttp;
import dev.indelible.mcp.McpServer;
import java.util.Map;

/** The endpoint of MCP over Streamable HTTP. */
final class McpEndpoint {
  private final McpHttp mcp;

  McpEndpoint(Indelible log) {
    this.mcp = new McpHttp(new McpServer(log));
  }

  /** Answers {@code POST /mcp}. */
  Response answer(Request request) {
    McpClient client = new McpClient(request.caller().agentId(), request.caller().has(Role.READER));
    McpHttp.Answer answer = mcp.answer(request.body(), request::header, client);
    return answer.body().length == 0
        ? new Response(answer.status(), Map.of(), answer.body())
        : new Response(answer.status(), Map.of("Content-Type", Response.JSON), answer.body());
  }
}
