// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Custom;
import dev.indelible.decision.Decision;
import java.util.Objects;

/**
 * A gate as a hook. Records every decision that blocks. A decision that permits leaves no row and
 * is counted in the next {@code audit.tally}, unless {@link #recordPermitted} is on.
 *
 * <p>Never waits, and throws nothing.
 */
public final class GateHook implements PreWriteHook, PreActionHook {
  private final Gate gate;
  private final boolean recordPermitted;

  GateHook(Gate gate, boolean recordPermitted) {
    this.gate = gate;
    this.recordPermitted = recordPermitted;
  }

  /**
   * Returns a hook that, if {@code on} is true, also records decisions that permit, and refuses an
   * action whose record is not accepted, as {@link Gate#check} does.
   */
  public GateHook recordPermitted(boolean on) {
    return new GateHook(gate, on);
  }

  @Override
  public Decision beforeWrite(String agentId, Custom write) {
    return gate.consult(agentId, Objects.requireNonNull(write, "write is null"), recordPermitted);
  }

  @Override
  public Decision beforeAction(String agentId, AgentAction action) {
    return gate.consult(agentId, action, recordPermitted);
  }
}
