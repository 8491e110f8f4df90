// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.Custom;
import dev.indelible.decision.Decision;

/**
 * What a storage layer asks before it writes, inside its own transaction and under its own locks.
 *
 * <p>An implementation MUST NOT touch the database that asks, block, or throw: it answers from
 * memory, and a refusal reaches the log later, through the queue.
 */
@FunctionalInterface
public interface PreWriteHook {
  /**
   * Decides about a write.
   *
   * @param agentId who wants to write
   * @param write what; its payload carries {@code namespace}, and {@code title} where there is one
   * @return the decision; the caller writes only if it {@linkplain Decision#isPermitted permits}
   */
  Decision beforeWrite(String agentId, Custom write);
}
