// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.ApprovalException.Reason;
import dev.indelible.Approvals.Request;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Read;
import dev.indelible.base.Text;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.policy.PolicyException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Decides if an answer to a request may enter the chain. Used by one thread. */
final class AnswerCheck {
  /** The action beside which a reason is searched for secrets. */
  private static final AgentAction NO_ACTION = new Read("approval");

  /** The longest reason, in bytes. */
  private static final int MAX_REASON_BYTES = 1_000;

  private final ApprovalChain chain;
  private final DataDirectory data;
  private final Optional<String> policy;
  private final Instant now;

  /**
   * Creates a check.
   *
   * @param policy the digest of the policy in force, if it is known
   * @param now the time with which the validity of an approval is compared
   */
  AnswerCheck(ApprovalChain chain, DataDirectory data, Optional<String> policy, Instant now) {
    this.chain = chain;
    this.data = data;
    this.policy = policy;
    this.now = now;
  }

  /** Requires that nobody has answered a request, and that it is neither old nor outdated. */
  void requirePending(Request request) throws ApprovalException {
    if (request.resolution().isPresent()) {
      throw resolved(request.resolution().get());
    }
    if (request.state() == State.EXPIRED) {
      throw new ApprovalException(
          Reason.TOO_OLD,
          "event %s is from %s, and a request is answered within %s hours only; a retry of the agent is a new request"
              .formatted(request.id(), request.time(), Approvals.MAX_AGE.toHours()));
    }
    if (request.state() == State.OUTDATED) {
      throw new ApprovalException(
          Reason.OTHER_POLICY,
          "event %s was escalated by policy %s, and policy %s is in force now; a retry of the agent is a new request"
              .formatted(request.id(), request.subject().policy(), policy.orElse("")));
    }
  }

  /** Requires that an answer is well-formed, and that its approver may give it. */
  void require(ApprovalNote answer, Request request) throws ApprovalException, LedgerException {
    requireReason(answer.reason());
    if (answer.isGranted()) {
      Duration validity = Duration.between(now, answer.expires().orElse(now));
      // The clock of a remote signer may be a little ahead.
      if (validity.compareTo(Approvals.MAX_VALIDITY.plus(Approvals.MAX_CLOCK_DIFFERENCE)) > 0
          || validity.isNegative()) {
        throw new ApprovalException(
            Reason.BAD_VALIDITY,
            "the approval expires at %s; an approval is valid for at most %s hours from now"
                .formatted(answer.expires().orElse(now), Approvals.MAX_VALIDITY.toHours()));
      }
    }
    ApprovalSubject subject = request.subject();
    if (answer.by().equals(subject.agentId())
        || answer.by().equals(subject.principal().orElse(""))) {
      throw ownRequest(answer.by());
    }
    if (answer.note().isPresent()) {
      requireNote(answer, request);
    }
  }

  private void requireReason(String reason) throws ApprovalException, LedgerException {
    try {
      Text.requireAtMost(MAX_REASON_BYTES, reason, "reason");
    } catch (IllegalArgumentException e) {
      throw new ApprovalException(Reason.BAD_REASON, String.valueOf(e.getMessage()));
    }
    if (reason.isBlank() || !Text.isPrintable(reason)) {
      throw new ApprovalException(
          Reason.BAD_REASON,
          "the reason is empty or has an invisible character; state it as plain text");
    }
    if (hasSecret(reason)) {
      throw new ApprovalException(
          Reason.BAD_REASON,
          "the reason has a secret in it, which would stay in the chain; state it without");
    }
  }

  /** Returns true for a text with a secret. It is not replaced, because a key may have signed. */
  private boolean hasSecret(String text) throws LedgerException {
    try {
      List<String> texts = List.of(text);
      return !data.redactor().texts(NO_ACTION, texts).equals(texts);
    } catch (PolicyException | KeyException e) {
      throw new LedgerException("the reason cannot be searched for secrets: " + e.getMessage());
    }
  }

  private void requireNote(ApprovalNote answer, Request request)
      throws ApprovalException, LedgerException {
    List<VerifierKey> approvers = chain.approvers(request.subject().policy());
    if (approvers.stream().noneMatch(key -> key.name().equals(answer.by()))) {
      throw new ApprovalException(
          Reason.NOT_AN_APPROVER,
          "the policy in force names no approver %s; it names %s"
              .formatted(
                  Text.printable(answer.by(), 60),
                  approvers.isEmpty()
                      ? "none"
                      : approvers.stream()
                          .map(VerifierKey::name)
                          .collect(Collectors.joining(", "))));
    }
    boolean isHere =
        answer.request().equals(request.id()) && answer.subject().equals(request.subject());
    Optional<String> fault =
        isHere
            ? answer.noteFault(approvers, request.origin()::equals)
            : Optional.of("the note is about another request, action, agent or policy");
    if (fault.isPresent()) {
      throw new ApprovalException(Reason.BAD_NOTE, fault.get());
    }
  }

  /** Returns the refusal of a request that has an answer. */
  static ApprovalException resolved(Resolution before) {
    return new ApprovalException(
        Reason.ALREADY_RESOLVED,
        "row %s: %s by %s already; a retry of the agent is a new request"
            .formatted(before.sequence(), before.isGranted() ? "approved" : "denied", before.by()));
  }

  /**
   * Returns the refusal of an answer by whoever asked.
   *
   * @param name the agent or principal that asked
   */
  static ApprovalException ownRequest(String name) {
    return new ApprovalException(
        Reason.OWN_REQUEST, name + " asked for this action, and cannot answer its own request");
  }
}
