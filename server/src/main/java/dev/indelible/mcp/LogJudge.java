// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.Indelible;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import java.io.IOException;
import java.util.UUID;

/** Decides with a log that this process has open. */
public final class LogJudge implements Judge {
  private final ToolGate gate;

  /** Creates a judge of an open log; the caller closes the log. */
  public LogJudge(Indelible log) {
    this.gate = new ToolGate(log);
  }

  @Override
  public Verdict decide(GateRequest asked) {
    RecordedDecision decided = gate.record(asked);
    return new Verdict(
        decided.decision().verdict(),
        decided.eventId().map(UUID::toString),
        decided.decision().ruleId(),
        decided.decision().reason());
  }

  @Override
  public void refuseUnreadable(byte[] input, long line, String problem) throws IOException {
    if (gate.refuseUnreadable(input, line, problem).eventId().isEmpty()) {
      throw new IOException("the audit queue accepts no more events");
    }
  }
}
