// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.json.CanonicalWriter;

/**
 * What an agent wants to do: the closed set of things a gate decides about.
 *
 * <p>Every action is immutable and checked when it is made, so that whatever could be constructed
 * can also be recorded.
 */
public sealed interface AgentAction
    permits Bash, Custom, FilesystemWrite, NetworkRequest, ProcessSpawn, Read, ToolCall {

  /** The tag of this action in JSON, for example {@code bash}. */
  String kind();

  /** Writes this action as a canonical JSON object (RFC 8785). */
  void write(CanonicalWriter out);
}
