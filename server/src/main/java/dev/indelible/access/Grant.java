// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import dev.indelible.encoding.AgentIds;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The permissions of a credential.
 *
 * @param roles the roles, in order
 * @param agentId the agent that the credential belongs to; empty if its holder names the agents
 */
public record Grant(Set<Role> roles, Optional<String> agentId) {
  /**
   * Creates a grant.
   *
   * @throws IllegalArgumentException if the agent id cannot be recorded
   */
  public Grant {
    EnumSet<Role> sorted = EnumSet.noneOf(Role.class);
    sorted.addAll(roles);
    roles = Collections.unmodifiableSet(sorted);
    agentId.ifPresent(AgentIds::require);
  }

  /**
   * Returns the grant of a credential: some roles, and {@link Role#AGENT}, which each credential
   * has.
   *
   * @throws IllegalArgumentException if the agent id cannot be recorded
   */
  public static Grant of(Set<Role> roles, Optional<String> agentId) {
    EnumSet<Role> all = EnumSet.of(Role.AGENT);
    all.addAll(roles);
    return new Grant(all, agentId);
  }

  /** Returns true if this grant includes a role. */
  public boolean includes(Role role) {
    return roles.contains(role) || roles.contains(Role.ADMIN);
  }

  /** Returns the names of the roles, in order. */
  public List<String> labels() {
    return roles.stream().map(Role::label).toList();
  }

  /** Writes the member {@code agent_id}; it is absent if the holder names the agents. */
  void writeAgent(CanonicalWriter out) {
    out.member("agent_id", agentId);
  }

  /** Writes the member {@code roles}. */
  void writeRoles(CanonicalWriter out) {
    out.name("roles").strings(labels());
  }

  /** Reads the members that {@link #writeAgent} and {@link #writeRoles} write. */
  static Grant read(JsonFields fields) throws JsonFormatException {
    EnumSet<Role> roles = EnumSet.noneOf(Role.class);
    for (String label : fields.strings("roles")) {
      roles.add(
          Role.named(label)
              .orElseThrow(
                  () ->
                      new JsonFormatException(
                          "%s.roles: \"%s\" is not one of %s"
                              .formatted(fields.where(), label, Role.labels()))));
    }
    try {
      return of(roles, fields.optionalString("agent_id"));
    } catch (IllegalArgumentException e) {
      throw new JsonFormatException(fields.where() + "." + e.getMessage());
    }
  }
}
