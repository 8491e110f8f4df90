// SPDX-License-Identifier: Apache-2.0
package dev.indelible.policy;

import dev.indelible.event.DeferredAuditEvent.Provenance;
import java.util.Optional;

/**
 * An agent that asks for a decision.
 *
 * @param id the id of the agent: a claim, unless the credential belongs only to this agent
 * @param principal the name that a credential proves, for example {@code key:ci}; empty without a
 *     credential
 * @param session the session in which the agent acts, as the caller names it: always a claim
 */
public record Agent(String id, Optional<String> principal, Optional<String> session) {
  /**
   * Checks the session.
   *
   * @throws IllegalArgumentException if it cannot be recorded
   */
  public Agent {
    session.ifPresent(Provenance::requireSession);
  }

  /** Returns an agent without a credential or a session. */
  public static Agent claimed(String id) {
    return new Agent(id, Optional.empty(), Optional.empty());
  }

  /** Returns this agent with the name that its credential proves. */
  public Agent withPrincipal(Optional<String> name) {
    return new Agent(id, name, session);
  }

  /** Returns this agent in a session. */
  public Agent inSession(Optional<String> name) {
    return new Agent(id, principal, name);
  }
}
