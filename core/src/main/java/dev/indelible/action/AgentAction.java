// SPDX-License-Identifier: Apache-2.0
package dev.indelible.action;

import dev.indelible.json.CanonicalWriter;
import java.util.List;

/**
 * An action that an agent wants to take. The set of kinds is closed; a gate decides about each
 * kind.
 *
 * <p>Immutable. The constructor validates every part, so every existing action can be recorded.
 */
public sealed interface AgentAction
    permits Bash, Custom, FilesystemWrite, NetworkRequest, ProcessSpawn, Read, ToolCall {

  /** The kinds of actions, in alphabetical order. */
  List<String> KINDS =
      List.of(
          Bash.KIND,
          Custom.KIND,
          FilesystemWrite.KIND,
          NetworkRequest.KIND,
          ProcessSpawn.KIND,
          Read.KIND,
          ToolCall.KIND);

  /** Returns the tag of this action in JSON, for example {@code bash}. */
  String kind();

  /** Writes this action as a canonical JSON object (RFC 8785). */
  void write(CanonicalWriter out);
}
