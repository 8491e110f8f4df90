// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.Custom;
import dev.indelible.decision.Decision;

/**
 * Decides before a storage layer writes, inside the transaction and under the locks of that layer.
 *
 * <p>An implementation MUST NOT use the database of the caller, block, or throw: it answers from
 * memory, and a refusal reaches the log later, through the queue.
 */
@FunctionalInterface
public interface PreWriteHook {
  /**
   * Decides about a write.
   *
   * @param agentId the agent that writes
   * @param write the write; its payload has {@code namespace}, and {@code title} if there is one
   * @return the decision; the caller writes only if it {@linkplain Decision#isPermitted permits}
   */
  Decision beforeWrite(String agentId, Custom write);
}
