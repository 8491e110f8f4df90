// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import java.time.Duration;

/**
 * Times after which a server that does not answer counts as unreachable, in whole seconds. An
 * option of the ledger's URL takes precedence.
 *
 * @param connect the time to connect to one host
 * @param login the time to connect and log in, with all hosts
 * @param answer the longest wait for the next bytes of an answer
 */
record Patience(Duration connect, Duration login, Duration answer) {
  /** For a connection whose statements may read a whole chain before they answer. */
  static final Patience FULL =
      new Patience(Duration.ofSeconds(5), Duration.ofSeconds(10), Duration.ofSeconds(120));

  /** For the reads that a gate makes before its first decision. */
  static final Patience BRIEF =
      new Patience(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofSeconds(2));
}
