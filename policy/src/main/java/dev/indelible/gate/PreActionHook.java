// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;

/** Decides before an agent acts outside of a storage layer: in a shell, by a tool, on a network. */
@FunctionalInterface
public interface PreActionHook {
  /**
   * Decides about an action.
   *
   * @return the decision; the caller acts only if it {@linkplain Decision#isPermitted permits}
   */
  Decision beforeAction(String agentId, AgentAction action);
}
