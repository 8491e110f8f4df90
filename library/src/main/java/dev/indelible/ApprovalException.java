// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import java.util.Objects;

/** Thrown if a request cannot be approved or denied in this way; nothing was recorded. */
public final class ApprovalException extends Exception {
  private static final long serialVersionUID = 1;

  /** The reason of a refusal. */
  public enum Reason {
    /** The chain has no event with this id. */
    UNKNOWN_REQUEST,
    /** The event is no escalation; a refusal is never approved. */
    NOT_AN_ESCALATION,
    /** The payload was erased, so nothing identifies the action any more. */
    ERASED,
    /** The action was recorded as a stub, or without a policy, so nothing identifies it. */
    NOT_IDENTIFIED,
    /** The row does not verify: it was forged or altered. */
    FORGED,
    /** The request is older than {@link Approvals#MAX_AGE}. */
    TOO_OLD,
    /** Another policy is in force than the one that escalated the action. */
    OTHER_POLICY,
    /** The request was approved or denied before. */
    ALREADY_RESOLVED,
    /** The approver is the agent or the principal that asked. */
    OWN_REQUEST,
    /** The policy does not name this key as that of an approver. */
    NOT_AN_APPROVER,
    /** The signed note is invalid, or is about another request, action, policy or log. */
    BAD_NOTE,
    /** The validity is not positive, or over {@link Approvals#MAX_VALIDITY}. */
    BAD_VALIDITY,
    /** The reason is empty, too long, or not plain text. */
    BAD_REASON
  }

  private final Reason reason;

  ApprovalException(Reason reason, String message) {
    super(message);
    this.reason = Objects.requireNonNull(reason, "reason is null");
  }

  /** Returns the reason of the refusal. */
  public Reason reason() {
    return reason;
  }
}
