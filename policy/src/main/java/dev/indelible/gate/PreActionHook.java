// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;

/**
 * What everything outside a storage layer asks before an agent acts: shells, tools, the network.
 */
@FunctionalInterface
public interface PreActionHook {
  /**
   * Decides about an action.
   *
   * @return the decision; the caller acts only if it {@linkplain Decision#isPermitted permits}
   */
  Decision beforeAction(String agentId, AgentAction action);
}
