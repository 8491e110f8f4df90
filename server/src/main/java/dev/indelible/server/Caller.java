// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

import java.util.Optional;
import java.util.Set;

/**
 * The caller of a request.
 *
 * @param roles the roles of the credential; {@link Role#AGENT} alone for a caller on this machine
 *     without one
 * @param principal the authenticated name; empty without a credential
 */
record Caller(Set<Role> roles, Optional<String> principal) {
  /** A caller on this machine without a credential. */
  static final Caller LOCAL = new Caller(Set.of(Role.AGENT), Optional.empty());

  Caller {
    roles = Set.copyOf(roles);
  }

  /** Returns true if the caller has a role. */
  boolean has(Role role) {
    return roles.contains(role);
  }
}
