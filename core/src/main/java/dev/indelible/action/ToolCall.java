// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.base.Text;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.util.Objects;

/**
 * A tool call, for example over MCP.
 *
 * @param tool the tool's name
 * @param arguments the arguments of the call
 */
public record ToolCall(String tool, JsonValue arguments) implements AgentAction {
  public static final String KIND = "tool_call";

  public ToolCall {
    Text.requireWellFormed(tool, "tool");
    Objects.requireNonNull(arguments, "arguments is null");
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public void write(CanonicalWriter out) {
    out.beginObject().name("arguments").canonical(arguments.text());
    out.member("kind", KIND).member("tool", tool).endObject();
  }
}
