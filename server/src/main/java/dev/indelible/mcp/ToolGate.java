// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.Indelible;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Escalate;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.gate.ToolDescriptor;
import dev.indelible.hook.GateRequest;
import dev.indelible.mcp.KnownTools.Share;
import java.util.Optional;

/** A gate that also compares the descriptors of called tools with those that the log knows. */
public final class ToolGate {
  private static final ToolDescriptor UNLISTED =
      new ToolDescriptor(
          Optional.empty(),
          () ->
              Optional.of(
                  new Escalate(
                      Gate.TOOL_UNLISTED,
                      "the server does not list this tool with one descriptor that can be read, so"
                          + " nobody knows what the model takes it for; after a change of the tool,"
                          + " restart its client")));

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
    boolean hasCredential = asked.agent().principal().isPresent();
    return record(asked, hasCredential ? Share.ALL : Share.HALF);
  }

  /**
   * Decides and records as {@link #record(GateRequest)} does, but stores no new tool: a call of an
   * unknown tool escalates. Storing a tool syncs a file, and a list of requests can name many
   * tools.
   */
  public RecordedDecision recordOfMany(GateRequest asked) {
    return record(asked, Share.NONE);
  }

  private RecordedDecision record(GateRequest asked, Share share) {
    return asked.toolHash().isPresent() && asked.action() instanceof ToolCall call
        ? gate.recordCall(
            asked.agent(), call, descriptor(call.tool(), asked.toolHash().get(), share))
        : gate.record(asked.agent(), asked.action());
  }

  private ToolDescriptor descriptor(String tool, String hash, Share share) {
    return hash.equals(GateRequest.UNLISTED)
        ? UNLISTED
        : new ToolDescriptor(
            Optional.of(hash), () -> known.flatMap(tools -> tools.objection(tool, hash, share)));
  }

  /** Refuses a message that cannot be read, and records its size and digest. */
  RecordedDecision refuseUnreadable(byte[] input, long line, String problem) {
    return gate.refuseUnreadable(input, line, problem);
  }
}
