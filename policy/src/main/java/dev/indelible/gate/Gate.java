// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.encoding.AgentIds;
import dev.indelible.encoding.ClockException;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.DeferredAuditEvent.Provenance;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.ApprovalStore.Approval;
import dev.indelible.gate.ApprovalStore.Attempt;
import dev.indelible.gate.ApprovalStore.Claim;
import dev.indelible.policy.Agent;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.Redactor.Redacted;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.DeferredAuditQueue;
import java.time.Clock;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides about actions by a policy, and records the decisions through the deferred audit queue.
 * Thread-safe; never waits for the record.
 *
 * <p>Decides about the action as the agent wrote it. Before it records or returns anything, it
 * replaces the secrets in it: see {@link Redactor}.
 *
 * <p>Fails closed: an action whose decision cannot be recorded is refused.
 *
 * <p>The class is long because every way to ask ends in one method, which redacts, looks for an
 * approval and records.
 */
public final class Gate {
  /** The rule id of a refusal because the decision could not be recorded. */
  public static final String NOT_RECORDED = "indelible.not_recorded";

  /** The rule id of a refusal of an agent id that cannot be recorded. */
  public static final String BAD_AGENT_ID = "indelible.agent_id";

  /** The rule id of a refusal of input that cannot be read. */
  public static final String UNREADABLE = "indelible.unreadable";

  /** The rule named by a refusal because the policy failed or did not answer in time. */
  public static final String POLICY_FAILED = "indelible.policy_failed";

  /**
   * The rule id of a refusal because another host has put a later policy into force, which cannot
   * come into force here.
   */
  public static final String POLICY_SUPERSEDED = "indelible.policy_superseded";

  /** The rule id of an escalation because a tool's descriptor differs from the known one. */
  public static final String TOOL_CHANGED = "indelible.tool_changed";

  /** The rule id of an escalation because the called tool has no descriptor. */
  public static final String TOOL_UNLISTED = "indelible.tool_unlisted";

  /** The rule id of an escalation because the called tool is not known and cannot become known. */
  public static final String TOOL_UNKNOWN = "indelible.tool_unknown";

  private static final String SECRET_AGENT_ID =
      "the agent id has a secret in it; agent ids are names, and rows are found by them: give the"
          + " agent another one";

  /** The longest reason to which a problem is added; a quarter of the limit, which is in bytes. */
  private static final int MAX_REASON_CHARS = 4_096;

  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);

  /** Decides if a policy may come into force in a log. Safe for use by any number of threads. */
  @FunctionalInterface
  public interface Admission {
    /** Admits every policy: the log has no operator's key. */
    Admission FREE = policy -> Optional.empty();

    /**
     * Admits a policy.
     *
     * @return the operator's signature, to be recorded with the text of the policy; empty if none
     *     is needed
     * @throws PolicyException if the policy may not come into force
     */
    Optional<Signature> admit(Policy policy) throws PolicyException;

    /**
     * Returns the time at which the gate last read the policies of the chain, in the form of {@link
     * dev.indelible.encoding.PolicySeen}, if it has no contact with the chain now; empty otherwise.
     * Called for each decision, so it must not wait.
     */
    default Optional<String> policySeen() {
      return Optional.empty();
    }
  }

  /**
   * A policy that was admitted.
   *
   * @param policy the policy
   * @param signature the operator's signature, to be recorded with its text; empty without an
   *     operator's key
   * @param isOnRecord true if the log has the text on record as that of the last policy
   * @param before the policy before it, whose modes are compared; empty if it is unknown
   */
  public record Admitted(
      Policy policy,
      Optional<Signature> signature,
      boolean isOnRecord,
      Optional<RulePolicy> before) {
    public Admitted {
      Objects.requireNonNull(policy, "policy is null");
    }

    /** Returns a policy whose text is not recorded. */
    static Admitted onRecord(Policy policy) {
      return new Admitted(policy, Optional.empty(), true, Optional.empty());
    }
  }

  /**
   * Set by {@link #use}, guarded by this; a decision reads it once and uses that policy to the end.
   */
  private volatile PolicyCall inForce;

  private final DeferredAuditQueue queue;
  private final Redactor redactor;
  private final Admission admission;
  private final ApprovalStore approvals;
  private final Clock clock;
  private final DecisionCounters counters = new DecisionCounters();

  /**
   * Creates a gate that redacts secrets by {@link Redactor#ofDefaults}. Does not record the text of
   * the policy; {@link #use} does.
   *
   * @param policy makes the decisions
   * @param queue records them
   */
  public Gate(Policy policy, DeferredAuditQueue queue) {
    this(policy, queue, Redactor.ofDefaults());
  }

  /** Creates a gate as {@link #Gate(Policy, DeferredAuditQueue)} does, with a redactor. */
  public Gate(Policy policy, DeferredAuditQueue queue, Redactor redactor) {
    this(Admitted.onRecord(policy), queue, redactor, Admission.FREE, Clock.systemUTC());
  }

  Gate(Policy policy, DeferredAuditQueue queue, Clock clock) {
    this(Admitted.onRecord(policy), queue, Redactor.ofDefaults(), Admission.FREE, clock);
  }

  private Gate(
      Admitted policy,
      DeferredAuditQueue queue,
      Redactor redactor,
      Admission admission,
      Clock clock) {
    this.inForce = new PolicyCall(policy);
    this.queue = Objects.requireNonNull(queue, "queue is null");
    this.redactor = Objects.requireNonNull(redactor, "redactor is null");
    this.admission = Objects.requireNonNull(admission, "admission is null");
    this.approvals = ApprovalStore.NONE;
    this.clock = clock;
  }

  /**
   * Returns a gate of a log. A policy that is not on record yet is submitted before the first
   * decision that is recorded.
   *
   * @param admission decides about the next policies
   */
  public static Gate of(
      Admitted policy, DeferredAuditQueue queue, Redactor redactor, Admission admission) {
    return new Gate(policy, queue, redactor, admission, Clock.systemUTC());
  }

  private Gate(Gate other, ApprovalStore approvals) {
    this.inForce = other.inForce;
    this.queue = other.queue;
    this.redactor = other.redactor;
    this.admission = other.admission;
    this.approvals = Objects.requireNonNull(approvals, "approvals is null");
    this.clock = other.clock;
  }

  /**
   * Returns a gate to use in place of this one, with a store of approvals: an action that the
   * policy escalates is permitted once if a person has approved it.
   */
  public Gate withApprovals(ApprovalStore store) {
    return new Gate(this, store);
  }

  /**
   * Puts a policy into force: records its text, and decides by it from then on. A decision in
   * progress ends under the policy with which it began.
   *
   * <p>No decision of the policy is recorded before its text. If the queue rejects the text, the
   * gate submits it again before it records the next decision, and refuses that action if the text
   * is rejected again. If the policy throws instead of returning its text, the gate asks again
   * before it records the next decision, and refuses that action if the policy throws again ({@link
   * #POLICY_FAILED}).
   *
   * <p>The policy stays in force until the next call of this method, or until the log puts the
   * rules in its data directory into force: when their content changes, or on {@code
   * Indelible.reloadPolicy}.
   *
   * <p>Of several calls at once, the policy that was admitted last is in force afterwards.
   *
   * @throws PolicyException if the log has an operator's key, and the operator did not sign the
   *     policy; the policy in force stays
   */
  public synchronized void use(Policy next) throws PolicyException {
    Objects.requireNonNull(next, "next is null");
    Optional<RulePolicy> before =
        policy() instanceof RulePolicy rules ? Optional.of(rules) : Optional.empty();
    PolicyCall call = new PolicyCall(new Admitted(next, admission.admit(next), false, before));
    try {
      call.putOnRecord(queue, clock, admission.policySeen());
    } catch (ClockException | PolicyCall.TextException e) {
      LOG.warn("the policy is in force and not on record yet: {}", e.getMessage());
    }
    inForce = call;
  }

  /**
   * Refuses every action ({@link #POLICY_SUPERSEDED}) until {@link #use} puts a policy into force.
   * Has no effect if another policy is in force than the given one.
   *
   * @param reason the reason of the refusals
   */
  public synchronized void suspend(Policy superseded, String reason) {
    if (policy() == superseded) {
      inForce = inForce.suspended(reason);
    }
  }

  /** Returns the policy in force. */
  public Policy policy() {
    return inForce.policy();
  }

  /** Returns the operator's signature that admitted the policy in force; empty without one. */
  public Optional<Signature> signature() {
    return inForce.signature();
  }

  /**
   * Decides about an action, and records every decision: the audited path.
   *
   * @throws IllegalArgumentException if the agent id cannot be recorded, or is reserved for the log
   *     itself
   */
  public Decision check(String agentId, AgentAction action) {
    return record(agentId, action).decision();
  }

  /** Decides and records as {@link #check} does, and returns the id of the event as well. */
  public RecordedDecision record(String agentId, AgentAction action) {
    return record(Agent.claimed(agentId), action);
  }

  /** Decides and records as {@link #record(String, AgentAction)} does, with a credential. */
  public RecordedDecision record(Agent agent, AgentAction action) {
    long start = System.nanoTime();
    require(agent, action);
    PolicyCall policy = inForce;
    return record(policy, agent, action, policy.decide(agent, action), start);
  }

  /**
   * Decides about and records a tool call as {@link #record(Agent, AgentAction)} does, taking the
   * tool's descriptor into account.
   */
  public RecordedDecision recordCall(Agent agent, ToolCall action, ToolDescriptor descriptor) {
    long start = System.nanoTime();
    require(agent, action);
    Objects.requireNonNull(descriptor, "descriptor is null");
    PolicyCall policy = inForce;
    ExplainedDecision decided = policy.decide(agent, action);
    if (decided.decision().isPermitted()) {
      Explanation explanation = decided.explanation();
      decided =
          descriptor
              .objection()
              .get()
              .map(objection -> new ExplainedDecision(objection, explanation))
              .orElse(decided);
    }
    return record(policy, agent, action, decided, descriptor.hash(), approvals, start);
  }

  /** Decides and explains as {@link #record(Agent, AgentAction)} does, and records nothing. */
  public ExplainedDecision explain(Agent agent, AgentAction action) {
    require(agent, action);
    return redactor.redact(action, inForce.decide(agent, action)).decision();
  }

  /**
   * Records a decision that somebody else made; refuses if it cannot be recorded. No approval
   * changes the decision.
   */
  public RecordedDecision record(String agentId, AgentAction action, Decision decision) {
    Agent agent = Agent.claimed(agentId);
    require(agent, action);
    Objects.requireNonNull(decision, "decision is null");
    return recordFinal(agent, action, unexplained(decision));
  }

  private RecordedDecision recordFinal(
      Agent agent, AgentAction action, ExplainedDecision decision) {
    return record(
        inForce, agent, action, decision, Optional.empty(), ApprovalStore.NONE, System.nanoTime());
  }

  private static ExplainedDecision unexplained(Decision decision) {
    return new ExplainedDecision(decision, Explanation.NONE);
  }

  private static void require(Agent agent, AgentAction action) {
    Objects.requireNonNull(agent, "agent is null");
    Objects.requireNonNull(agent.id(), "agentId is null");
    Objects.requireNonNull(action, "action is null");
    AgentIds.require(agent.id());
  }

  /**
   * Refuses input that cannot be read as an action, and records its size and digest. The agent is
   * unknown, so the record names {@link AgentIds#UNREADABLE_INPUT}.
   *
   * @param line the line of the input in its stream
   * @param problem the reason of the refusal
   */
  public RecordedDecision refuseUnreadable(byte[] input, long line, String problem) {
    return refuseUnreadable(Agent.claimed(AgentIds.UNREADABLE_INPUT), input, line, problem);
  }

  /** Refuses input as {@link #refuseUnreadable(byte[], long, String)} does, with a credential. */
  public RecordedDecision refuseUnreadableOf(String principal, byte[] input, String problem) {
    Agent agent = Agent.claimed(AgentIds.UNREADABLE_INPUT).withPrincipal(Optional.of(principal));
    return refuseUnreadable(agent, input, 1, problem);
  }

  private RecordedDecision refuseUnreadable(Agent agent, byte[] input, long line, String problem) {
    return recordFinal(
        agent,
        DeferredAuditEvent.unreadableInput(input, line),
        unexplained(new Refuse(UNREADABLE, Redactor.scrub(problem))));
  }

  /** Returns the counters of this gate's answers. */
  public DecisionCounters counters() {
    return counters;
  }

  /** Returns the hook for a storage layer; it records only decisions that block. */
  public GateHook preWriteHook() {
    return new GateHook(this, false);
  }

  /** Returns the hook for everything else; it records only decisions that block. */
  public GateHook preActionHook() {
    return new GateHook(this, false);
  }

  /**
   * Decides for a hook; never throws. Records a permitting decision only if {@code
   * recordPermitted}.
   */
  Decision consult(@Nullable String agentId, AgentAction action, boolean recordPermitted) {
    long start = System.nanoTime();
    if (agentId == null) {
      return unrecorded(
          action, new Refuse(BAD_AGENT_ID, "agentId is null; name the agent that acts"), start);
    }
    try {
      AgentIds.require(agentId);
    } catch (IllegalArgumentException e) {
      return unrecorded(action, new Refuse(BAD_AGENT_ID, e.getMessage()), start);
    }
    PolicyCall policy = inForce;
    Agent agent = Agent.claimed(agentId);
    ExplainedDecision decision = policy.decide(agent, action);
    return decision.decision().isPermitted() && !recordPermitted
        ? unrecorded(action, answer(action, decision), start)
        : record(policy, agent, action, decision, start).decision();
  }

  /** Returns the decision as the caller gets it. Without a reason, there is nothing to redact. */
  private Decision answer(AgentAction action, ExplainedDecision decided) {
    return decided.decision().reason().isEmpty()
        ? decided.decision()
        : redactor.redact(action, decided).decision().decision();
  }

  private RecordedDecision record(
      PolicyCall policy, Agent agent, AgentAction action, ExplainedDecision decided, long start) {
    return record(policy, agent, action, decided, Optional.empty(), approvals, start);
  }

  private RecordedDecision record(
      PolicyCall policy,
      Agent agent,
      AgentAction action,
      ExplainedDecision decided,
      Optional<String> toolHash,
      ApprovalStore approvals,
      long start) {
    ExplainedDecision decision = decided;
    DeferredAuditEvent event;
    boolean onRecord = true;
    try {
      Optional<String> digest = Optional.empty();
      Optional<String> seen = admission.policySeen();
      try {
        onRecord = policy.putOnRecord(queue, clock, seen);
        digest = policy.digest();
      } catch (PolicyCall.TextException e) {
        // Recorded without the digest: in the chain, a digest must follow the text that it
        // identifies.
        decision = e.refusal();
      }
      String agentId = nameOf(agent.id());
      if (!agentId.equals(agent.id())) {
        decision = unexplained(new Refuse(BAD_AGENT_ID, SECRET_AGENT_ID));
      }
      // The decision is made; from here on, nobody sees its secrets.
      Redacted redacted = redactor.redact(action, decision);
      decision = redacted.decision();
      event =
          DeferredAuditEvent.of(agentId, redacted.action(), decision, digest, clock)
              .redacted(redacted.redactions())
              .seen(seen)
              .from(
                  new Provenance(agent.principal(), agent.session().map(redactor::name), toolHash));
      if (event.decision() instanceof Escalate escalated && onRecord) {
        event = withApproval(event, escalated, action, policy, approvals);
        decision = new ExplainedDecision(event.decision(), decision.explanation());
      }
    } catch (ClockException e) {
      Decision refused = unrecorded(action, new Refuse(NOT_RECORDED, e.getMessage()), start);
      return new RecordedDecision(refused, Optional.empty(), Explanation.NONE);
    }
    boolean accepted = onRecord ? queue.submit(event) : queue.reject(event);
    Decision answer = counted(action, accepted ? decision.decision() : notRecorded(), start);
    Optional<UUID> id = accepted ? Optional.of(event.id()) : Optional.empty();
    return new RecordedDecision(answer, id, decision.explanation());
  }

  /** Returns an agent id as it is recorded; a secret in it is replaced. */
  private String nameOf(String agentId) {
    String name = redactor.name(agentId);
    try {
      return name.equals(agentId) ? name : AgentIds.require(name);
    } catch (IllegalArgumentException e) {
      return AgentIds.UNREADABLE_INPUT; // With the marker it is too long.
    }
  }

  /**
   * Returns an escalation as it is after a claim of an approval: permitted, or still escalated, if
   * need be with the reason that the approval cannot be used. Looks for an approval of the action
   * as it is recorded, so that an auditor can compare the two.
   */
  private DeferredAuditEvent withApproval(
      DeferredAuditEvent event,
      Escalate escalated,
      AgentAction action,
      PolicyCall policy,
      ApprovalStore approvals) {
    if (approvals == ApprovalStore.NONE) {
      return event;
    }
    String rule = escalated.rule();
    Claim claim;
    try {
      Optional<ApprovalSubject> subject = ApprovalSubject.of(event.canonicalBytes());
      claim =
          subject.isEmpty()
              ? Claim.NONE
              : approvals.claim(
                  new Attempt(
                      subject.get(), event.id().toString(), event.timestamp(), policy.approvers()));
      if (claim.approval().isPresent()) {
        return approved(event, rule, action, claim.approval().get());
      }
    } catch (Throwable e) { // An error must not permit the action.
      claim = Claim.unusable(Redactor.scrub(String.valueOf(e)));
    }
    return claim
        .problem()
        .map(Redactor::scrub)
        .map(problem -> event.escalated(new Escalate(rule, unusable(escalated, problem))))
        .orElse(event);
  }

  /** Returns an escalation as it is if it is approved; the approver's words may have a secret. */
  private DeferredAuditEvent approved(
      DeferredAuditEvent event, String rule, AgentAction action, Approval approval) {
    Warn permitted =
        new Warn(rule, "approved by %s: %s".formatted(approval.by(), approval.reason()));
    Redacted redacted = redactor.redact(action, new ExplainedDecision(permitted, Explanation.NONE));
    String reason = redacted.decision().decision().reason().orElseThrow();
    return event.approved(new Warn(rule, reason), approval.event(), redacted.redactions());
  }

  private static String unusable(Escalate escalated, String problem) {
    String reason = escalated.cause() + " (an approval cannot be used: " + problem + ")";
    // A reason that is almost too long stays as it is.
    return reason.length() <= MAX_REASON_CHARS ? reason : escalated.cause();
  }

  /** Counts a decision that has no event; the next tally includes it. */
  private Decision unrecorded(AgentAction action, Decision answer, long start) {
    queue.countUnrecorded(answer);
    return counted(action, answer, start);
  }

  private Decision counted(AgentAction action, Decision answer, long start) {
    counters.count(action, answer, System.nanoTime() - start);
    return answer;
  }

  private static Refuse notRecorded() {
    return new Refuse(
        NOT_RECORDED,
        "the audit queue accepts no more events, and no action is allowed without a record");
  }
}
