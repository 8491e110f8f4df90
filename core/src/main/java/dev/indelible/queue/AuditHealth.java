// SPDX-License-Identifier: Apache-2.0
package dev.indelible.queue;

import java.util.Locale;

/**
 * How recording goes.
 *
 * @param state the state
 * @param reason why, for a person; empty when all is well
 */
public record AuditHealth(State state, String reason) {
  /** The states; those from {@link #CLOSED} on are final. */
  public enum State {
    /** Events reach the ledger. */
    RECORDING,
    /** Events wait: the ledger cannot be written just now, or its writer keeps failing. */
    DEGRADED,
    /** Closed by its owner. */
    CLOSED,
    /** The ledger's writer threw, more often in a row than its restart budget allows. */
    SINK_PANICKED,
    /** The ledger's writer reported failure, more often in a row than its budget allows. */
    SINK_FAILED;

    /** Whether nothing more will be recorded. */
    public boolean isTerminal() {
      return compareTo(CLOSED) >= 0;
    }

    /** The name in metrics and JSON, for example {@code sink_failed}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final AuditHealth RECORDING = new AuditHealth(State.RECORDING, "");
}
