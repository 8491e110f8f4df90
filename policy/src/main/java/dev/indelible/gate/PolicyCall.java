// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import dev.indelible.action.AgentAction;
import dev.indelible.base.Text;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.event.SystemEvent;
import dev.indelible.policy.Agent;
import dev.indelible.policy.Policy;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.DeferredAuditQueue;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A policy in force. Calls the policy and fails closed: an exception, a null or a timeout refuses
 * the action. Safe for use by any number of threads.
 */
final class PolicyCall {
  private static final Logger LOG = LoggerFactory.getLogger(PolicyCall.class);

  /**
   * Maximum number of concurrent calls to a policy with a time limit; further calls are refused.
   */
  private static final int MAX_CALLS = 64;

  /** Maximum number of characters of a failure's message in a reason. */
  private static final int MAX_FAILURE_CHARS = 500;

  private final Gate.Admitted admitted;
  private final Policy policy;

  /** Threads of a policy with a time limit; a policy without one runs on its caller's thread. */
  private final Optional<ExecutorService> threads;

  private final long limitNanos;

  /** True once the text is on record. The thread that records it writes, any thread reads. */
  private volatile boolean onRecord;

  /**
   * True if the text was recorded while the gate had no contact with the chain, and has to be
   * recorded again: from then on it replaces earlier policies on all hosts. Published as {@link
   * #onRecord}.
   */
  private volatile boolean withoutContact;

  /** The reason for which each action is refused; empty while the policy decides. */
  private final Optional<String> suspension;

  PolicyCall(Gate.Admitted admitted) {
    this(admitted, Optional.empty());
  }

  private PolicyCall(Gate.Admitted admitted, Optional<String> suspension) {
    this.suspension = suspension;
    this.admitted = admitted;
    this.policy = admitted.policy();
    this.onRecord = admitted.isOnRecord();
    Optional<Duration> limit = policy.timeLimit();
    // Saturates: a policy may state a limit whose nanoseconds do not fit into a long.
    this.limitNanos = limit.map(TimeUnit.NANOSECONDS::convert).orElse(0L);
    this.threads = limit.map(any -> threads());
  }

  private static ExecutorService threads() {
    return new ThreadPoolExecutor(
        0,
        MAX_CALLS,
        10,
        TimeUnit.SECONDS,
        new SynchronousQueue<>(),
        call -> {
          Thread thread = new Thread(call, "indelible-policy");
          thread.setDaemon(true);
          return thread;
        });
  }

  Policy policy() {
    return policy;
  }

  /** Returns this policy, which refuses every action instead of deciding. */
  PolicyCall suspended(String reason) {
    return new PolicyCall(admitted, Optional.of(reason));
  }

  /** Returns the operator's signature that admitted the policy. */
  Optional<Signature> signature() {
    return admitted.signature();
  }

  /**
   * Records the text of the policy, and the rules that it moves into or out of shadow mode, unless
   * they are on record. Two threads that call this at once may record it twice, which is harmless;
   * neither waits for the other.
   *
   * @param seen the time at which the gate had last read the chain, if it has no contact
   * @return true if the text is on record, or the policy has none or decides nothing; false if the
   *     queue rejected it, and then no decision of the policy may be recorded
   * @throws TextException if the policy fails to state its text; the next call asks again
   */
  boolean putOnRecord(DeferredAuditQueue queue, Clock clock, Optional<String> seen)
      throws TextException {
    if (suspension.isPresent()) {
      return true;
    }
    if (!onRecord) {
      Optional<PolicyText> text = text();
      onRecord = text.isEmpty() || submit(text.get(), queue, clock, seen) && recordModes(queue);
      withoutContact = seen.isPresent();
    } else if (withoutContact && seen.isEmpty()) {
      Optional<PolicyText> text = text();
      withoutContact = text.isPresent() && !submit(text.get(), queue, clock, seen);
    }
    return onRecord;
  }

  private boolean submit(
      PolicyText text, DeferredAuditQueue queue, Clock clock, Optional<String> seen) {
    return queue.submit(text.withSignature(admitted.signature()).toEvent(clock, seen));
  }

  private boolean recordModes(DeferredAuditQueue queue) {
    Optional<SystemEvent> moved =
        policy instanceof RulePolicy rules && admitted.before().isPresent()
            ? rules.modeChange(admitted.before().get())
            : Optional.empty();
    return moved.isEmpty() || queue.submit(moved.get());
  }

  private Optional<PolicyText> text() throws TextException {
    try {
      return Objects.requireNonNull(policy.text(), "its text is null");
    } catch (Throwable e) { // An error must not let decisions go on record without the text.
      throw new TextException("it did not return its text: " + describe(e));
    }
  }

  /** Returns the keys of the approvers whom the policy names; none if it fails to name them. */
  List<String> approvers() {
    try {
      return text().map(PolicyText::approvers).orElse(List.of());
    } catch (TextException e) {
      LOG.warn("the policy has no approvers: {}", e.getMessage());
      return List.of();
    }
  }

  /** Thrown if a policy fails to state its text, so that no decision of it may be recorded. */
  static final class TextException extends Exception {
    private static final long serialVersionUID = 1;

    private TextException(String failure) {
      super(failure);
    }

    /** Returns the refusal that replaces the policy's decision. */
    ExplainedDecision refusal() {
      return failed(String.valueOf(getMessage()));
    }
  }

  /** Decides about an action; refuses if the policy fails or is suspended. */
  ExplainedDecision decide(Agent agent, AgentAction action) {
    if (suspension.isPresent()) {
      return new ExplainedDecision(
          new Refuse(Gate.POLICY_SUPERSEDED, suspension.get()), Explanation.NONE);
    }
    ExplainedDecision decision;
    try {
      decision =
          threads.isPresent()
              ? limited(threads.get(), agent, action)
              : policy.explain(agent, action);
    } catch (TimeoutException e) {
      return failed("no decision within " + Duration.ofNanos(limitNanos));
    } catch (RejectedExecutionException e) {
      return failed("%s decisions are waiting for it already".formatted(MAX_CALLS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return failed("interrupted before it decided");
    } catch (ExecutionException e) {
      return failed(describe(e.getCause()));
    } catch (Throwable e) { // An error must not permit the action.
      return failed(describe(e));
    }
    return decision == null ? failed("it returned null") : decision;
  }

  private ExplainedDecision limited(ExecutorService threads, Agent agent, AgentAction action)
      throws TimeoutException, InterruptedException, ExecutionException {
    Future<ExplainedDecision> answer = threads.submit(() -> policy.explain(agent, action));
    try {
      return answer.get(limitNanos, TimeUnit.NANOSECONDS);
    } finally {
      answer.cancel(true);
    }
  }

  /**
   * Returns the digest of the policy that decides; empty if the policy returns none that can be
   * recorded, or is suspended.
   */
  Optional<String> digest() {
    if (suspension.isPresent()) {
      return Optional.empty();
    }
    try {
      String digest = policy.digest();
      return digest == null
          ? Optional.empty()
          : Optional.of(
              Text.requireAtMost(DeferredAuditEvent.MAX_POLICY_BYTES, digest, "its digest"));
    } catch (Throwable e) { // The decision is made; without a digest it is still recorded.
      LOG.warn("the policy has no digest: {}", describe(e));
      return Optional.empty();
    }
  }

  /** Describes a failure of a policy, whose exceptions may fail to describe themselves. */
  private static String describe(Throwable failure) {
    try {
      return failure.toString();
    } catch (Throwable unspeakable) {
      return failure.getClass().getName();
    }
  }

  private static ExplainedDecision failed(String failure) {
    String reason =
        "the policy failed, so the action is refused: "
            + failure.substring(0, Math.min(failure.length(), MAX_FAILURE_CHARS));
    // Encoding replaces half a surrogate pair, which no record could hold.
    return new ExplainedDecision(
        new Refuse(
            Gate.POLICY_FAILED,
            new String(reason.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8)),
        Explanation.NONE);
  }
}
