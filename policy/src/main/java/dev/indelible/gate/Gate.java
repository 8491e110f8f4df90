// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AgentIds;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.policy.Policy;
import dev.indelible.queue.DeferredAuditQueue;
import java.util.Optional;

/**
 * Decides about actions by a policy, and puts its decisions on record through the deferred audit
 * queue. Safe for use by any number of threads; never waits for the record.
 *
 * <p>Fails closed: what cannot be recorded is refused.
 */
public final class Gate {
  /** The rule named by a refusal for want of a record. */
  public static final String NOT_RECORDED = "indelible.not_recorded";

  /** The rule named by a refusal of an agent id that cannot go on record. */
  public static final String BAD_AGENT_ID = "indelible.agent_id";

  private final Policy policy;
  private final DeferredAuditQueue queue;
  private final DecisionBooks books = new DecisionBooks();

  /**
   * A gate.
   *
   * @param policy decides
   * @param queue takes what is to be recorded
   */
  public Gate(Policy policy, DeferredAuditQueue queue) {
    this.policy = policy;
    this.queue = queue;
  }

  /**
   * The audited path: decides, and records the decision whatever it is.
   *
   * @throws IllegalArgumentException if the agent id cannot go on record
   */
  public Decision check(String agentId, AgentAction action) {
    return record(agentId, action).decision();
  }

  /** As {@link #check}, with the id of the event that records it. */
  public RecordedDecision record(String agentId, AgentAction action) {
    long start = System.nanoTime();
    return record(agentId, action, policy.decide(action), start);
  }

  /** Records a decision that was made elsewhere; refuses if it cannot be recorded. */
  public RecordedDecision record(String agentId, AgentAction action, Decision decision) {
    return record(agentId, action, decision, System.nanoTime());
  }

  /** What was decided so far. */
  public DecisionBooks books() {
    return books;
  }

  /** The hook of a storage layer: records what blocks. */
  public PreWriteHook preWriteHook() {
    return this::consult;
  }

  /** The hook of everything else: records what blocks. */
  public PreActionHook preActionHook() {
    return this::consult;
  }

  /** The hook path: decides, records what blocks, and throws nothing. */
  private Decision consult(String agentId, AgentAction action) {
    long start = System.nanoTime();
    try {
      AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      return unrecorded(action, new Refuse(BAD_AGENT_ID, e.getMessage()), start);
    }
    Decision decision = policy.decide(action);
    return decision.isPermitted()
        ? unrecorded(action, decision, start)
        : record(agentId, action, decision, start).decision();
  }

  private RecordedDecision record(
      String agentId, AgentAction action, Decision decision, long start) {
    DeferredAuditEvent event =
        DeferredAuditEvent.of(agentId, action, decision, Optional.of(policy.digest()));
    boolean accepted = queue.submit(event);
    Decision answer = told(action, accepted ? decision : notRecorded(), start);
    return new RecordedDecision(answer, accepted ? Optional.of(event.id()) : Optional.empty());
  }

  /** What leaves no event is in the tally all the same. */
  private Decision unrecorded(AgentAction action, Decision answer, long start) {
    queue.countUnrecorded(answer);
    return told(action, answer, start);
  }

  /** Counts an answer on its way to the caller. */
  private Decision told(AgentAction action, Decision answer, long start) {
    books.count(action, answer, System.nanoTime() - start);
    return answer;
  }

  private static Refuse notRecorded() {
    return new Refuse(
        NOT_RECORDED, "the audit queue takes no more events; what leaves no record is not allowed");
  }
}
