// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.encoding.AgentIds;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;

/**
 * The client of the MCP server.
 *
 * @param agentId the agent that the client is; empty if it only claims to be one
 * @param principal the authenticated name; empty without a credential
 * @param isReader true if the client may read the whole log
 * @param reading called with the name of a tool and its arguments before it reads events
 */
public record McpClient(
    Optional<String> agentId,
    Optional<String> principal,
    boolean isReader,
    BiConsumer<String, Map<String, String>> reading) {
  /**
   * Creates a client.
   *
   * @throws IllegalArgumentException if the agent id cannot be recorded
   */
  public McpClient {
    agentId.ifPresent(AgentIds::require);
  }

  /** Creates a client on the standard streams of this process, whose reads are not recorded. */
  public McpClient(Optional<String> agentId, boolean isReader) {
    this(agentId, Optional.empty(), isReader, (tool, arguments) -> {});
  }
}
