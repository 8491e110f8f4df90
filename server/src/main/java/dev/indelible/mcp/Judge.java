// SPDX-License-Identifier: Apache-2.0
package dev.indelible.mcp;

import dev.indelible.hook.GateRequest;
import dev.indelible.hook.Wording;
import java.io.IOException;
import java.util.Optional;

/** Decides for a gateway, either with a log that this process has open or by asking the daemon. */
public interface Judge {
  /**
   * Decides about a request and records the decision.
   *
   * @throws IOException if there is no decision; the request must not go ahead
   */
  Verdict decide(GateRequest asked) throws IOException;

  /**
   * Records that a message could not be read and was refused.
   *
   * @param input the message, or the beginning of a long one
   * @param line the number of the message, from 1
   * @param problem why it cannot be read
   * @throws IOException if it cannot be recorded
   */
  void refuseUnreadable(byte[] input, long line, String problem) throws IOException;

  /**
   * A recorded decision.
   *
   * @param decision the tag of the decision
   * @param eventId the event that records it; empty if it is not recorded
   */
  record Verdict(
      String decision, Optional<String> eventId, Optional<String> ruleId, Optional<String> reason) {
    /** Returns true if the action may go ahead: it is permitted, and on record. */
    boolean permits() {
      return (decision.equals("allow") || decision.equals("warn")) && eventId.isPresent();
    }

    /** Returns the decision in words, for a person or a model. */
    String text() {
      return Wording.of(decision, ruleId, reason, eventId);
    }
  }
}
