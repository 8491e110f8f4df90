// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import dev.indelible.access.Grant;
import dev.indelible.access.Role;
import java.util.Optional;
import java.util.Set;

/**
 * The caller of a request.
 *
 * @param principal the authenticated name; empty without a credential
 * @param grant what the caller may do
 */
record Caller(Optional<String> principal, Grant grant) {
  /** A caller on this machine without a credential. */
  static final Caller LOCAL = new Caller(Optional.empty(), Grant.of(Set.of(), Optional.empty()));

  /** A caller on another machine without a credential, or one that is not identified. */
  static final Caller NOBODY = new Caller(Optional.empty(), new Grant(Set.of(), Optional.empty()));

  /** Returns the caller with a credential. */
  static Caller named(String principal, Grant grant) {
    return new Caller(Optional.of(principal), grant);
  }

  /** Returns true if the caller has a role. */
  boolean has(Role role) {
    return grant.includes(role);
  }

  /** Returns the agent that the credential belongs to; empty if the caller names the agents. */
  Optional<String> agentId() {
    return grant.agentId();
  }
}
