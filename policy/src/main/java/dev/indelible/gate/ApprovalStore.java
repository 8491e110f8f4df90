// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.event.ApprovalSubject;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * The approvals of escalated actions. Each permits one action once. Any number of threads and
 * processes may claim one approval at the same time; exactly one of them gets it.
 */
@FunctionalInterface
public interface ApprovalStore {
  /** The store without approvals. */
  ApprovalStore NONE = attempt -> Claim.NONE;

  /**
   * Claims an approval of an action. If this method returns an approval, no later call returns it
   * again, even if the caller dies before it records the action.
   *
   * <p>Must answer within a fraction of a second, and at once if there is no approval.
   */
  Claim claim(Attempt attempt);

  /**
   * An action that is permitted if it is approved.
   *
   * @param subject the action
   * @param event the id of the event that records it
   * @param time the time of that event
   * @param approvers the keys of the approvers whom the policy in force names
   */
  record Attempt(ApprovalSubject subject, String event, Instant time, List<String> approvers) {}

  /**
   * Result of a claim.
   *
   * @param approval the approval; empty if there is none, and the action stays escalated
   * @param problem the reason that an existing approval cannot be used, for example that it
   *     expired; empty if there is none
   */
  record Claim(Optional<Approval> approval, Optional<String> problem) {
    /** The result if there is no approval. */
    public static final Claim NONE = new Claim(Optional.empty(), Optional.empty());

    /** Returns the result for an approval that cannot be used. */
    public static Claim unusable(String problem) {
      return new Claim(Optional.empty(), Optional.of(problem));
    }
  }

  /**
   * An approval that was claimed.
   *
   * @param event the id of its event
   * @param by the name of the approver
   * @param reason the reason of the approver
   */
  record Approval(String event, String by, String reason) {}
}
