// SPDX-License-Identifier: Apache-2.0
package dev.indelible.postgres;

import java.time.Duration;

/**
 * Times after which a server that does not answer counts as unreachable, in whole seconds. An
 * option of the ledger's URL takes precedence.
 */
enum Patience {
  /** For a connection whose statements may read a whole chain before they answer. */
  FULL(3, 5, 120),

  /** For a drainer, which tries again, and whose batches are small. */
  DRAINER(2, 5, 60),

  /** For the reads that a gate makes before its first decision. */
  BRIEF(1, 3, 2);

  private final Duration connect;
  private final Duration login;
  private final Duration answer;

  Patience(long connect, long login, long answer) {
    this.connect = Duration.ofSeconds(connect);
    this.login = Duration.ofSeconds(login);
    this.answer = Duration.ofSeconds(answer);
  }

  /** Returns the time to connect to one host. */
  Duration connect() {
    return connect;
  }

  /** Returns the time to connect and log in, with all hosts. */
  Duration login() {
    return login;
  }

  /** Returns the longest wait for the next bytes of an answer. */
  Duration answer() {
    return answer;
  }
}
