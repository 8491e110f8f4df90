// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Grant;
import dev.indelible.access.Role;
import dev.indelible.gate.Gate;
import dev.indelible.gate.RecordedDecision;
import dev.indelible.hook.GateRequest;
import dev.indelible.policy.Agent;
import java.util.Optional;
import java.util.Set;

/**
 * The caller of a request.
 *
 * @param principal the authenticated name; empty without a credential
 * @param grant the permissions of the caller
 */
record Caller(Optional<String> principal, Grant grant) {
  /** A caller on this machine without a credential. */
  static final Caller LOCAL = new Caller(Optional.empty(), Grant.of(Set.of(), Optional.empty()));

  /** A caller on another machine without a credential, or an unidentified caller. */
  static final Caller NOBODY = new Caller(Optional.empty(), new Grant(Set.of(), Optional.empty()));

  /** Returns the caller with a credential. */
  static Caller named(String principal, Grant grant) {
    return new Caller(Optional.of(principal), grant);
  }

  /** Returns true if the caller has a role. */
  boolean has(Role role) {
    return grant.includes(role);
  }

  /** Returns the agent that the credential belongs to; empty if each request names its agent. */
  Optional<String> agentId() {
    return grant.agentId();
  }

  /**
   * Returns the gate request with this caller's principal.
   *
   * @throws ForbiddenException if the credential belongs to another agent
   */
  GateRequest ask(GateRequest question) throws ForbiddenException {
    if (agentId().isPresent() && !agentId().get().equals(question.agentId())) {
      throw new ForbiddenException(
          "the credential belongs to the agent %s, and the request names another one"
              .formatted(agentId().get()));
    }
    return question.by(question.agent().withPrincipal(principal));
  }

  /**
   * Returns a question in which the credential's agent, if it has one, replaces the named agent.
   */
  GateRequest askAsOwn(GateRequest question) {
    String agentId = agentId().orElse(question.agentId());
    return question.by(new Agent(agentId, principal, question.agent().session()));
  }

  /** Refuses content that cannot be read, and records the refusal. */
  RecordedDecision refuseUnreadable(Gate gate, byte[] content, String problem) {
    return principal.isPresent()
        ? gate.refuseUnreadableOf(principal.get(), content, problem)
        : gate.refuseUnreadable(content, 1, problem);
  }
}
