// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import java.util.Optional;

/**
 * An agent that asks for a decision.
 *
 * @param id the id of the agent: a claim, unless the credential belongs only to this agent
 * @param principal the name that a credential proves, for example {@code key:ci}; empty without a
 *     credential
 */
public record Agent(String id, Optional<String> principal) {
  /** Returns an agent without a credential. */
  public static Agent claimed(String id) {
    return new Agent(id, Optional.empty());
  }
}
