// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.drain.DeferredAudit;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonValue;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.EventBatch;
import dev.indelible.pending.MemoryStore;
import dev.indelible.policy.Agent;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.queue.DrainSettings;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.NullAndEmptySource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gate on a queue whose ledger is a list (promise D10). After every test the counters must
 * reconcile; see {@link #countersReconcile}.
 */
class GateTest {
  private static final String RULES =
      """
      version: 1
      rules:
        - id: T1
          severity: refuse
          reason: no deletes
          match: {kind: bash, command_substring: delete}
        - id: T2
          severity: escalate
          reason: ask first
          match: {kind: tool_call, tool: pay}
        - id: T3
          severity: warn
          reason: careful
          match: {kind: filesystem_write, path_glob: /etc/**}
        - id: T4
          severity: refuse
          reason: not this namespace
          match: {kind: custom, namespace_glob: secret}
      """;

  private static final AgentAction ALLOWED = new Bash("ls");
  private static final AgentAction REFUSED = new Bash("delete everything");

  /** The events that reached the ledger, in order. */
  private final List<AuditEvent> ledger = new CopyOnWriteArrayList<>();

  /** Blocks the drainer until the test releases it. */
  private final CountDownLatch open = new CountDownLatch(1);

  private Optional<DeferredAudit> running = Optional.empty();

  @AfterEach
  void countersReconcile() {
    open.countDown();
    running.ifPresent(
        audit -> {
          assertThat(audit.closeAndFlush().isComplete()).isTrue();
          assertThat(audit.queue().metrics().isBalanced()).isTrue();
          assertThat(audit.queue().metrics().appended()).isEqualTo(ledger.size());
        });
  }

  static Stream<AgentAction> oneActionOfEachVerdict() {
    return Stream.of(
        ALLOWED,
        REFUSED,
        new ToolCall("pay", json("{\"amount\":3}")),
        new FilesystemWrite("/etc/passwd"));
  }

  @Test
  void countersHaveEveryKindAndVerdict() throws Exception {
    List<Object> kinds = new ArrayList<>();
    for (Class<?> kind : AgentAction.class.getPermittedSubclasses()) {
      kinds.add(kind.getField("KIND").get(null));
    }
    assertThat(AgentAction.KINDS)
        .containsExactlyInAnyOrderElementsOf(kinds.stream().map(String::valueOf).toList());
    assertThat(DecisionCounters.VERDICTS)
        .containsExactly(
            new Allow().verdict(),
            new Warn("R", "why").verdict(),
            new Refuse("R", "why").verdict(),
            new Escalate("R", "why").verdict())
        .hasSize(
            (int)
                Stream.of(Decision.class.getPermittedSubclasses())
                    .flatMap(
                        c -> c.isSealed() ? Stream.of(c.getPermittedSubclasses()) : Stream.of(c))
                    .count());
  }

  /** Every recorded decision becomes one row. */
  @ParameterizedTest
  @MethodSource("oneActionOfEachVerdict")
  void everyCheckRecordsOneRow(AgentAction action) {
    Gate gate = gate(1_000);

    Decision decision = gate.check("agent:alice", action);

    awaitRows(1);
    DeferredAuditEvent row = row(0);
    assertThat(row.decision()).isEqualTo(decision);
    assertThat(row.action()).isEqualTo(action);
    assertThat(row.agentId()).isEqualTo("agent:alice");
  }

  /** Blocks are recorded as refusals, permissions as checks. */
  @Test
  void blocksAreRefusalsAndPermissionsAreChecks() {
    Gate gate = gate(1_000);

    oneActionOfEachVerdict().forEach(action -> gate.check("agent:alice", action));

    awaitRows(4);
    assertThat(ledger)
        .extracting(AuditEvent::eventType)
        .containsExactly(
            "governance.check", "governance.refusal", "governance.refusal", "governance.check");
  }

  @Test
  void verdictsFollowTheRules() {
    Gate gate = gate(1_000);

    assertThat(oneActionOfEachVerdict().map(action -> gate.check("agent:alice", action)))
        .containsExactly(
            new Allow(),
            new Refuse("T1", "no deletes"),
            new Escalate("T2", "ask first"),
            new Warn("T3", "careful"));
  }

  /** The id that the caller gets is the id in the record (D4). */
  @Test
  void returnedEventIdIsRecorded() {
    RecordedDecision recorded = gate(1_000).record("agent:alice", REFUSED);

    awaitRows(1);
    assertThat(recorded.eventId()).contains(row(0).id());
  }

  /** Rows are found by agent ids, so a secret in one is not recorded, and the action is refused. */
  @Test
  void agentIdWithASecretIsRefused() {
    String secret = "ghp_" + "a1B".repeat(12);
    Gate gate = gate(1_000);

    RecordedDecision recorded = gate.record("agent:" + secret, ALLOWED);
    gate.record(Agent.claimed("agent:a").inSession(Optional.of(secret)), ALLOWED);

    assertThat(recorded.decision().ruleId()).contains("indelible.agent_id");
    awaitRows(2);
    assertThat(row(0).agentId()).startsWith("agent:REDACTED-github_token-");
    assertThat(row(1).agentId()).isEqualTo("agent:a");
    String payload = new String(row(1).canonicalBytes(), StandardCharsets.UTF_8);
    assertThat(ledger.toString() + payload).doesNotContain(secret);
    assertThat(payload).contains("\"session\":\"REDACTED-github_token-");
  }

  /** Two submissions of equal content are two rows (D4). */
  @Test
  void twoEqualChecksAreTwoRows() {
    Gate gate = gate(1_000);

    gate.check("agent:alice", REFUSED);
    gate.check("agent:alice", REFUSED);

    awaitRows(2);
    assertThat(row(0).id()).isNotEqualTo(row(1).id());
  }

  @Test
  void digestOfThePolicyIsInThePayload() {
    Policy policy = policy();
    gate(policy, 1_000).check("agent:alice", ALLOWED);

    awaitRows(1);
    assertThat(row(0).policy()).contains(policy.digest());
    assertThat(new String(row(0).canonicalBytes(), StandardCharsets.UTF_8))
        .contains("\"policy\":\"" + policy.digest() + "\"");
  }

  /** A check does not wait for the record (D1). */
  @Test
  void checkAnswersWhileTheLedgerIsBlocked() {
    Gate gate = gate(1_000);

    for (int i = 0; i < 50; i++) {
      assertThat(gate.check("agent:alice", REFUSED)).isInstanceOf(Refuse.class);
    }
    assertThat(ledger).isEmpty();
    open.countDown();

    awaitRows(50);
  }

  @Test
  void actionHookRecordsOnlyWhatBlocks() {
    PreActionHook hook = gate(1_000).preActionHook();

    List<Decision> decisions =
        oneActionOfEachVerdict().map(action -> hook.beforeAction("agent:alice", action)).toList();

    awaitRows(2);
    assertThat(ledger)
        .extracting(event -> ((DeferredAuditEvent) event).decision())
        .containsExactly(decisions.get(1), decisions.get(2));
  }

  @Test
  void writeHookRecordsOnlyWhatBlocks() {
    PreWriteHook hook = gate(1_000).preWriteHook();
    Custom secret = new Custom("write", json("{\"namespace\":\"secret\"}"));
    Custom open = new Custom("write", json("{\"namespace\":\"open\"}"));

    assertThat(hook.beforeWrite("agent:alice", open)).isEqualTo(new Allow());
    assertThat(hook.beforeWrite("agent:alice", secret))
        .isEqualTo(new Refuse("T4", "not this namespace"));

    awaitRows(1);
    assertThat(row(0).action()).isEqualTo(secret);
  }

  @Test
  void hookRecordsPermittedActionsOnRequest() {
    Gate gate = gate(1_000);
    Custom open = new Custom("write", json("{\"namespace\":\"open\"}"));

    assertThat(gate.preWriteHook().recordPermitted(true).beforeWrite("agent:alice", open))
        .isEqualTo(new Allow());
    assertThat(gate.preActionHook().recordPermitted(true).beforeAction("agent:bob", ALLOWED))
        .isEqualTo(new Allow());
    gate.preWriteHook().recordPermitted(true).recordPermitted(false).beforeWrite("agent:no", open);

    awaitRows(2);
    assertThat(row(0).action()).isEqualTo(open);
    assertThat(row(1).action()).isEqualTo(ALLOWED);
  }

  /** An action that must be recorded, but cannot be, is refused (D1). */
  @Test
  void recordingHookRefusesUnrecordableActions() {
    Gate gate = gate(1_000);
    audit().queue().close();
    Custom open = new Custom("write", json("{\"namespace\":\"open\"}"));

    assertThat(gate.preWriteHook().beforeWrite("agent:alice", open).isPermitted()).isTrue();
    assertThat(gate.preWriteHook().recordPermitted(true).beforeWrite("agent:a", open).ruleId())
        .contains("indelible.not_recorded");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "agent\u001b[31m", "agent\ud800", "agent\nforged"})
  void hooksRefuseAnInvalidAgentId(String agentId) {
    Gate gate = gate(1_000);
    Custom write = new Custom("write", json("{\"namespace\":\"secret\"}"));

    assertThat(gate.preActionHook().beforeAction(agentId, REFUSED).ruleId())
        .contains("indelible.agent_id");
    assertThat(gate.preWriteHook().beforeWrite(agentId, write).ruleId())
        .contains("indelible.agent_id");
  }

  @ParameterizedTest
  @NullAndEmptySource
  void permittedActionAlsoNeedsAnAgentId(@Nullable String agentId) {
    Gate gate = gate(1_000);
    Custom write = new Custom("write", json("{\"namespace\":\"open\"}"));

    assertThat(gate.preActionHook().beforeAction(agentId, ALLOWED).ruleId())
        .contains("indelible.agent_id");
    assertThat(gate.preWriteHook().beforeWrite(agentId, write))
        .asString()
        .contains("name the agent that acts");
  }

  @Test
  void hooksRefuseALongAgentId() {
    Decision decision = gate(1_000).preActionHook().beforeAction("a".repeat(2_000), REFUSED);

    assertThat(decision)
        .isEqualTo(new Refuse("indelible.agent_id", "agent_id is 2000 bytes; at most 1024"));
  }

  @Test
  void badAgentIdIsNamedInTheMessage() {
    Gate gate = gate(1_000);

    assertThatThrownBy(() -> gate.check("", ALLOWED))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("agent_id is empty; name the agent that acts");
  }

  /** An action that cannot be recorded is refused (D1). */
  @Test
  void closedQueueMakesTheGateRefuse() {
    Gate gate = gate(1_000);
    audit().queue().close();

    RecordedDecision recorded = gate.record("agent:alice", ALLOWED);

    assertThat(recorded.decision().ruleId()).contains("indelible.not_recorded");
    assertThat(recorded.decision().isBlocking()).isTrue();
    assertThat(recorded.eventId()).isEmpty();
  }

  /** An action that cannot be recorded is refused (D1). */
  @Test
  void fullStoreMakesTheGateRefuse() {
    Gate gate = gate(3);
    for (int i = 0; i < 3; i++) {
      assertThat(gate.check("agent:alice", ALLOWED)).isEqualTo(new Allow());
    }

    assertThat(gate.check("agent:alice", ALLOWED).ruleId()).contains("indelible.not_recorded");
    assertThat(audit().queue().metrics().sendFailures()).isEqualTo(1);
  }

  /** Actions are refused only while the store is full (D1). */
  @Test
  void gateAllowsAgainOnceStoreHasSpace() {
    Gate gate = gate(1);
    gate.check("agent:alice", ALLOWED);
    assertThat(gate.check("agent:alice", ALLOWED)).isInstanceOf(Refuse.class);
    open.countDown();
    awaitRows(1);

    await().untilAsserted(() -> assertThat(audit().queue().metrics().pending()).isZero());
    assertThat(gate.check("agent:alice", ALLOWED)).isEqualTo(new Allow());
  }

  @Test
  void refusalStandsEvenIfItCannotBeRecorded() {
    Gate gate = gate(1_000);
    audit().queue().close();

    assertThat(gate.preActionHook().beforeAction("agent:alice", REFUSED).ruleId())
        .contains("indelible.not_recorded");
  }

  /** A refusal without a record states a reason that a person can act on. */
  @Test
  void refusalWithoutRecordHasAReason() {
    Gate gate = gate(1_000);
    audit().queue().close();

    assertThat(gate.check("agent:alice", ALLOWED).reason())
        .contains(
            "the audit queue accepts no more events, and no action is allowed without a record");
  }

  @Test
  void givenDecisionIsRecordedUnchanged() {
    Refuse elsewhere = new Refuse("elsewhere", "said so");

    gate(1_000).record("agent:alice", ALLOWED, elsewhere);

    awaitRows(1);
    assertThat(row(0).decision()).isEqualTo(elsewhere);
  }

  /** A decision whose time cannot be recorded becomes a refusal. */
  @Test
  void wrongClockRefusesWithAReason() {
    gate(1_000);
    Clock wrong = Clock.fixed(Instant.parse("+12345-01-01T00:00:00Z"), ZoneOffset.UTC);
    Gate gate = new Gate(RulePolicy.starter(), running.orElseThrow().queue(), wrong);

    RecordedDecision recorded = gate.record("agent:alice", ALLOWED);

    assertThat(recorded.eventId()).isEmpty();
    assertThat(recorded.decision().ruleId()).contains(Gate.NOT_RECORDED);
    assertThat(recorded.decision().reason().orElse(""))
        .startsWith("the clock of this machine shows +12345-01-01T00:00:00Z")
        .endsWith("set the clock");
  }

  @Test
  void policyThatThrowsRefusesAndIsRecorded() {
    Gate gate =
        gate(
            deciding(
                Optional.empty(),
                () -> {
                  throw new IllegalStateException("no connection");
                }),
            1_000);

    Decision decision = gate.check("agent:alice", ALLOWED);

    assertThat(decision.ruleId()).contains(Gate.POLICY_FAILED);
    assertThat(decision.reason().orElse("")).contains("no connection");
    awaitRows(1);
    assertThat(row(0).decision()).isEqualTo(decision);
  }

  @Test
  void policyThatReturnsNullRefuses() {
    Decision decision =
        gate(deciding(Optional.of(Duration.ofMinutes(1)), () -> null), 1_000)
            .check("agent:alice", ALLOWED);

    assertThat(decision.ruleId()).contains(Gate.POLICY_FAILED);
  }

  @Test
  void policyThatDoesNotAnswerInTimeRefuses() {
    CountDownLatch never = new CountDownLatch(1);
    Gate gate =
        gate(
            deciding(
                Optional.of(Duration.ofMillis(20)),
                () -> {
                  never.await();
                  return new Allow();
                }),
            1_000);

    Decision decision = gate.check("agent:alice", ALLOWED);

    assertThat(decision.ruleId()).contains(Gate.POLICY_FAILED);
    assertThat(decision.reason().orElse("")).contains("no decision within PT0.02S");
  }

  /** A limit beyond the range of nanoseconds is valid and does not make the gate fail. */
  @Test
  void policyMayHaveALimitOfAnyLength() {
    Policy patient = deciding(Optional.of(ChronoUnit.FOREVER.getDuration()), Allow::new);

    assertThat(gate(patient, 1_000).check("agent:alice", ALLOWED).isPermitted()).isTrue();
  }

  /** A hook throws nothing, and a decision is recorded even if the digest is unusable. */
  @ParameterizedTest
  @MethodSource("unusableDigests")
  void decisionWithoutUsableDigestIsRecorded(Supplier<String> digest) {
    Policy own =
        new Policy() {
          @Override
          public Decision decide(String agentId, AgentAction action) {
            return new Refuse("own", "never");
          }

          @Override
          public String digest() {
            return digest.get();
          }
        };

    Decision decision = gate(own, 1_000).preActionHook().beforeAction("agent:alice", ALLOWED);

    assertThat(decision.ruleId()).contains("own");
    awaitRows(1);
    assertThat(row(0).policy()).isEmpty();
  }

  private static Stream<Supplier<String>> unusableDigests() {
    return Stream.of(
        () -> "sha256:" + "0".repeat(1_000),
        () -> "\ud800",
        () -> {
          throw new NoClassDefFoundError("test digest");
        });
  }

  @Test
  void policyWithUndescribableExceptionRefuses() {
    Policy own =
        deciding(
            Optional.empty(),
            () -> {
              throw new IllegalStateException() {
                @Override
                public String toString() {
                  throw new IllegalStateException("test");
                }
              };
            });

    assertThat(gate(own, 1_000).check("agent:alice", ALLOWED).ruleId())
        .contains(Gate.POLICY_FAILED);
  }

  @Test
  void ownPolicyDecidesByAgent() {
    Policy own =
        new Policy() {
          @Override
          public Decision decide(String agentId, AgentAction action) {
            return agentId.equals("agent:alice") ? new Allow() : new Refuse("own", "not alice");
          }

          @Override
          public String digest() {
            return "sha256:" + "0".repeat(64);
          }
        };
    Gate gate = gate(own, 1_000);

    assertThat(gate.check("agent:alice", ALLOWED).isPermitted()).isTrue();
    assertThat(gate.check("agent:bob", ALLOWED).ruleId()).contains("own");
  }

  /** Returns a policy that calls a function to decide. */
  private static Policy deciding(Optional<Duration> limit, Callable<Decision> call) {
    return new Policy() {
      @Override
      public Decision decide(String agentId, AgentAction action) {
        try {
          return call.call();
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      }

      @Override
      public String digest() {
        return "sha256:" + "0".repeat(64);
      }

      @Override
      public Optional<Duration> timeLimit() {
        return limit;
      }
    };
  }

  @Test
  void policyIsRecordedBeforeItsDecisions() throws Exception {
    Gate gate = gate(10);
    gate.check("agent:a", REFUSED);
    RulePolicy next = RulePolicy.parse("version: 1\nrules: []\n", "next");
    gate.use(next);
    assertThat(gate.check("agent:a", REFUSED).isPermitted()).isTrue();
    assertThat(gate.policy()).isSameAs(next);

    awaitRows(3);
    assertThat(row(0).policy()).contains(policy().digest());
    assertThat(loaded(1)).isEqualTo(next.digest());
    assertThat(row(2).policy()).contains(next.digest());
  }

  /** A decision is never in the chain before the text of its policy. */
  @Test
  void rejectedPolicyBlocksItsDecisions() throws Exception {
    Gate gate = gate(1);
    gate.check("agent:a", REFUSED);
    RulePolicy next = RulePolicy.parse("version: 1\nrules: []\n", "next");
    gate.use(next);

    RecordedDecision blocked = gate.record("agent:a", ALLOWED);
    assertThat(blocked.decision().ruleId()).contains(Gate.NOT_RECORDED);
    assertThat(blocked.eventId()).isEmpty();
    assertThat(audit().queue().metrics().sendFailures()).isEqualTo(3);

    awaitRows(1);
    await().until(() -> audit().queue().metrics().pending() == 0);
    await().until(() -> gate.check("agent:a", ALLOWED).isPermitted());
    await().until(() -> ledger.size() >= 3);
    assertThat(loaded(1)).isEqualTo(next.digest());
    assertThat(row(2).policy()).contains(next.digest());
  }

  @Test
  void runningDecisionKeepsItsPolicy() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch swapped = new CountDownLatch(1);
    Policy slow =
        new Policy() {
          @Override
          public Decision decide(String agentId, AgentAction action) {
            asked.countDown();
            try {
              swapped.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            return new Refuse("OLD", "decided by the old policy");
          }

          @Override
          public String digest() {
            return "sha256:" + "0".repeat(64);
          }

          @Override
          public Optional<Duration> timeLimit() {
            return Optional.empty();
          }
        };
    Gate gate = gate(slow, 10);
    CompletableFuture<Decision> decision =
        CompletableFuture.supplyAsync(() -> gate.check("agent:a", ALLOWED));
    asked.await();
    gate.use(policy());
    swapped.countDown();

    assertThat(decision.get().ruleId()).contains("OLD");
    awaitRows(2);
    assertThat(loaded(0)).isEqualTo(policy().digest());
    assertThat(row(1).policy()).contains(slow.digest());
  }

  /** The policy that is admitted last is in force, whichever thread is faster after that. */
  @Test
  void policyThatIsAdmittedLastIsInForce() throws Exception {
    Policy earlier = policy();
    Policy later = RulePolicy.parse("version: 1\nrules: []\n", "test");
    CountDownLatch admitted = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    gate(10);
    Gate gate =
        Gate.of(
            Gate.Admitted.onRecord(earlier),
            audit().queue(),
            Redactor.ofDefaults(),
            policy -> {
              if (policy == earlier) {
                admitted.countDown();
                awaitUninterruptibly(goOn);
              }
              return Optional.empty();
            });
    Thread first = new Thread(() -> use(gate, earlier));
    first.start();
    admitted.await();
    Thread second = new Thread(() -> use(gate, later));
    second.start();
    await()
        .until(
            () ->
                second.getState() == Thread.State.BLOCKED
                    || second.getState() == Thread.State.TERMINATED);
    goOn.countDown();
    first.join();
    second.join();

    assertThat(gate.policy()).isSameAs(later);
    awaitRows(2);
  }

  private static void use(Gate gate, Policy policy) {
    try {
      gate.use(policy);
    } catch (PolicyException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** An approval that another release appended may have a secret in its reason. */
  @Test
  void secretInTheReasonOfAnApprovalIsNotRecorded() {
    String secret = "ghp_" + "a1B".repeat(12);
    String approval = "0198c7e2-0000-7000-8000-000000000001";
    Gate gate =
        gate(10)
            .withApprovals(
                attempt ->
                    new ApprovalStore.Claim(
                        Optional.of(
                            new ApprovalStore.Approval(approval, "bob", "use token " + secret)),
                        Optional.empty()));

    Decision decision = gate.check("agent:a", new ToolCall("pay", json("{}")));

    assertThat(decision).isInstanceOf(Warn.class);
    assertThat(decision.reason().orElseThrow()).doesNotContain(secret).contains("approved by bob");
    awaitRows(1);
    assertThat(row(0).decision()).isEqualTo(decision);
    assertThat(row(0).approval()).contains(approval);
    assertThat(row(0).redactions())
        .singleElement()
        .satisfies(each -> assertThat(each.path()).isEqualTo("/decision/reason"));
  }

  /**
   * Returns the digest in a {@code policy.loaded} event. Requires that the recorded text has this
   * digest.
   */
  private String loaded(int index) throws Exception {
    SystemEvent event = (SystemEvent) ledger.get(index);
    assertThat(event.eventType()).isEqualTo(SystemEvent.POLICY_LOADED);
    PolicyText.Recorded recorded =
        PolicyText.read(JsonFields.of(event.details().tree(), "details"));
    assertThat(recorded.isProven()).isTrue();
    return recorded.digest();
  }

  private Gate gate(long capacity) {
    return gate(policy(), capacity);
  }

  private Gate gate(Policy policy, long capacity) {
    DeferredAudit audit =
        DeferredAudit.start(
            new MemoryStore(capacity),
            () -> this::append,
            new AuditCounters(),
            DrainSettings.ofDefaults());
    running = Optional.of(audit);
    DeferredAuditQueue queue = audit.queue();
    return new Gate(policy, queue);
  }

  private List<AppendOutcome> append(EventBatch batch) {
    try {
      open.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    ledger.addAll(batch.events());
    return batch.events().stream().map(event -> AppendOutcome.APPENDED).toList();
  }

  private DeferredAudit audit() {
    return running.orElseThrow();
  }

  private void awaitRows(int rows) {
    open.countDown();
    await().atMost(Duration.ofSeconds(10)).until(() -> ledger.size() == rows);
  }

  private DeferredAuditEvent row(int index) {
    return (DeferredAuditEvent) ledger.get(index);
  }

  private static Policy policy() {
    try {
      return RulePolicy.parse(RULES, "test");
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonValue json(String text) {
    try {
      return JsonValue.parse(text);
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }
}
