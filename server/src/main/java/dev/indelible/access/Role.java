// SPDX-License-Identifier: Apache-2.0
package dev.indelible.access;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A permission of a caller. An endpoint names the role that it needs. Each credential has the role
 * {@link #AGENT}; {@link #ADMIN} includes every other role; {@link #READER}, {@link #OPERATOR} and
 * {@link #APPROVER} do not include each other.
 */
public enum Role {
  /** Asks for decisions, and reads health, metrics and capabilities. */
  AGENT,

  /** Reads and verifies the log. */
  READER,

  /** Reloads the policy and replays dead letters. */
  OPERATOR,

  /**
   * Reads the requests for approval, and answers those of others. A credential never answers a
   * request that was made with it or by the agent that it belongs to.
   */
  APPROVER,

  /** Everything. */
  ADMIN;

  /** Returns the name in files, settings and messages. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the role of a name; empty if there is none. */
  public static Optional<Role> named(String label) {
    return Arrays.stream(values()).filter(role -> role.label().equals(label)).findFirst();
  }

  /** Returns every name, for a message. */
  public static String labels() {
    return Arrays.stream(values()).map(Role::label).collect(Collectors.joining(", "));
  }
}
