// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AgentIds;
import dev.indelible.event.ClockException;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.policy.Policy;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

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

  /** The rule named by a refusal of input that cannot be read. */
  public static final String UNREADABLE = "indelible.unreadable";

  /** The rule named by a refusal because the policy failed or did not answer in time. */
  public static final String POLICY_FAILED = "indelible.policy_failed";

  private final PolicyCall policy;
  private final DeferredAuditQueue queue;
  private final Clock clock;
  private final DecisionCounters counters = new DecisionCounters();

  /**
   * A gate.
   *
   * @param policy decides
   * @param queue takes what is to be recorded
   */
  public Gate(Policy policy, DeferredAuditQueue queue) {
    this(policy, queue, Clock.systemUTC());
  }

  Gate(Policy policy, DeferredAuditQueue queue, Clock clock) {
    this.policy = new PolicyCall(Objects.requireNonNull(policy, "policy is null"));
    this.queue = Objects.requireNonNull(queue, "queue is null");
    this.clock = clock;
  }

  /**
   * The audited path: decides, and records the decision whatever it is.
   *
   * @throws IllegalArgumentException if the agent id cannot go on record, or is reserved for the
   *     log itself
   */
  public Decision check(String agentId, AgentAction action) {
    return record(agentId, action).decision();
  }

  /** As {@link #check}, with the id of the event that records it. */
  public RecordedDecision record(String agentId, AgentAction action) {
    long start = System.nanoTime();
    requirePresent(agentId, action);
    AgentIds.require(agentId);
    return record(agentId, action, policy.decide(agentId, action), start);
  }

  /** Records a decision that was made elsewhere; refuses if it cannot be recorded. */
  public RecordedDecision record(String agentId, AgentAction action, Decision decision) {
    requirePresent(agentId, action);
    Objects.requireNonNull(decision, "decision is null");
    AgentIds.require(agentId);
    return record(agentId, action, decision, System.nanoTime());
  }

  private static void requirePresent(String agentId, AgentAction action) {
    Objects.requireNonNull(agentId, "agentId is null");
    Objects.requireNonNull(action, "action is null");
  }

  /**
   * Refuses input that cannot be read as an action, and records that by the input's size and
   * digest: who wanted to act is not known, so the log itself is named.
   *
   * @param line which line of a stream it was
   * @param problem why it cannot be read
   */
  public RecordedDecision refuseUnreadable(byte[] input, long line, String problem) {
    return record(
        AgentIds.UNREADABLE_INPUT,
        DeferredAuditEvent.unreadableInput(input, line),
        new Refuse(UNREADABLE, problem),
        System.nanoTime());
  }

  /** What was decided so far. */
  public DecisionCounters counters() {
    return counters;
  }

  /** The hook of a storage layer: records what blocks, unless told to record everything. */
  public GateHook preWriteHook() {
    return new GateHook(this, false);
  }

  /** The hook of everything else: records what blocks, unless told to record everything. */
  public GateHook preActionHook() {
    return new GateHook(this, false);
  }

  /** The hook path: decides, records what blocks or everything, and throws nothing. */
  Decision consult(@Nullable String agentId, AgentAction action, boolean recordPermitted) {
    long start = System.nanoTime();
    if (agentId == null) {
      return unrecorded(action, new Refuse(BAD_AGENT_ID, "agentId is null; say who acts"), start);
    }
    try {
      AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      return unrecorded(action, new Refuse(BAD_AGENT_ID, e.getMessage()), start);
    }
    Decision decision = policy.decide(agentId, action);
    return decision.isPermitted() && !recordPermitted
        ? unrecorded(action, decision, start)
        : record(agentId, action, decision, start).decision();
  }

  private RecordedDecision record(
      String agentId, AgentAction action, Decision decision, long start) {
    DeferredAuditEvent event;
    try {
      event = DeferredAuditEvent.of(agentId, action, decision, policy.digest(), clock);
    } catch (ClockException e) {
      Decision refused = unrecorded(action, new Refuse(NOT_RECORDED, e.getMessage()), start);
      return new RecordedDecision(refused, Optional.empty());
    }
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
    counters.count(action, answer, System.nanoTime() - start);
    return answer;
  }

  private static Refuse notRecorded() {
    return new Refuse(
        NOT_RECORDED, "the audit queue takes no more events; what leaves no record is not allowed");
  }
}
