// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.Indelible;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Escalate;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.gate.ToolDescriptor;
import dev.indelible.hook.GateRequest;
import java.util.Optional;

/** A gate that also compares the descriptors of called tools with those that the log knows. */
public final class ToolGate {
  private static final ToolDescriptor UNLISTED =
      new ToolDescriptor(
          Optional.empty(),
          Optional.of(
              new Escalate(
                  Gate.TOOL_UNLISTED,
                  "the server does not list this tool with a descriptor that can be read, so nobody"
                      + " knows what it does")));

  private final Gate gate;

  /** Empty for a log in memory, which knows no tools. */
  private final Optional<KnownTools> known;

  /** Creates the gate of an open log. */
  public ToolGate(Indelible log) {
    this.gate = log.gate();
    this.known = log.log().directory().map(KnownTools::new);
  }

  /** Decides about a request, and records the decision with the digest of the descriptor. */
  public RecordedDecision record(GateRequest asked) {
    return asked.toolHash().isPresent() && asked.action() instanceof ToolCall call
        ? gate.recordCall(asked.agent(), call, descriptor(call.tool(), asked.toolHash().get()))
        : gate.record(asked.agent(), asked.action());
  }

  private ToolDescriptor descriptor(String tool, String hash) {
    if (hash.equals(GateRequest.UNLISTED)) {
      return UNLISTED;
    }
    return known
        .map(tools -> tools.judge(tool, hash))
        .orElseGet(() -> new ToolDescriptor(Optional.of(hash), Optional.empty()));
  }

  /** Refuses a message that cannot be read, and records its size and digest. */
  void refuseUnreadable(byte[] input, long line, String problem) {
    gate.refuseUnreadable(input, line, problem);
  }
}
