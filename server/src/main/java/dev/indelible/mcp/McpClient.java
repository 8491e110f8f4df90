// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.encoding.AgentIds;
import java.util.Optional;

/**
 * The client of the MCP server.
 *
 * @param agentId the agent that the client is; empty if it only claims to be one
 * @param isReader true if the client may read the whole log
 */
public record McpClient(Optional<String> agentId, boolean isReader) {
  /**
   * Creates a client.
   *
   * @throws IllegalArgumentException if the agent id cannot be recorded
   */
  public McpClient {
    agentId.ifPresent(AgentIds::require);
  }
}
