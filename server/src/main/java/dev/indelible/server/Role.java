// SPDX-License-Identifier: Apache-2.0
package dev.indelible.server;

/** A permission of a caller. An endpoint names the role that it needs. */
enum Role {
  /** Asks for decisions, and reads health, metrics and capabilities. */
  AGENT,

  /** Reads and verifies the log. */
  READER,

  /** Reloads the policy and replays dead letters. */
  OPERATOR,

  /** Manages credentials. */
  ADMIN
}
