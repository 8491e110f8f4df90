// SPDX-License-Identifier: Apache-2.0
package dev.indelible.hook;

import dev.indelible.json.CanonicalWriter;
import java.util.function.Consumer;

/**
 * An answer in an agent's form. A hook over HTTP sends {@code out} with status 200; a hook that is
 * a command writes {@code out} to standard output and {@code err} to standard error, and ends with
 * the status.
 *
 * @param exitStatus the exit status of a hook that is a command
 * @param out a JSON object in UTF-8, or nothing
 * @param err text for standard error; empty for none
 */
public record HookAnswer(int exitStatus, byte[] out, String err) {
  /** The exit status after which most agents do not act, whatever else the hook printed. */
  public static final int BLOCKED = 2;

  /** Returns an answer without content, which leaves the decision to the agent's own rules. */
  static HookAnswer noOpinion() {
    return new HookAnswer(0, new byte[0], "");
  }

  /** Returns an answer with a JSON object. */
  static HookAnswer json(Consumer<CanonicalWriter> members) {
    CanonicalWriter out = new CanonicalWriter().beginObject();
    members.accept(out);
    return new HookAnswer(0, out.endObject().toBytes(), "");
  }

  /** Returns this answer with the exit status of a failed hook, for agents that read the status. */
  HookAnswer failed(String reason) {
    return new HookAnswer(BLOCKED, out, reason);
  }
}
