// SPDX-License-Identifier: Apache-2.0
package dev.indelible.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.indelible.action.Bash;
import dev.indelible.action.Custom;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.NetworkRequest;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.action.Read;
import dev.indelible.action.ToolCall;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Refuse;
import dev.indelible.encoding.AgentIds;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.pending.MemoryStore;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.DeferredAuditQueue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Errors about an argument name its parameter. */
class ArgumentsTest {
  private static final JsonValue EMPTY =
      JsonValue.of(new CanonicalWriter().beginObject().endObject());
  private static final Optional<String> NONE = Optional.empty();

  private Gate gate;

  @BeforeEach
  void makeGate() throws Exception {
    gate =
        new Gate(
            RulePolicy.parse("version: 1\nrules: []\n", "test"),
            new DeferredAuditQueue(new MemoryStore(), new AuditCounters()));
  }

  static Stream<Arguments> nulls() {
    return Stream.of(
        nullArgument("command", () -> new Bash(null)),
        nullArgument("cwd", () -> new Bash("ls", null)),
        nullArgument("path", () -> new FilesystemWrite(null, OptionalLong.empty())),
        nullArgument("byteEstimate", () -> new FilesystemWrite("/a", null)),
        nullArgument("host", () -> new NetworkRequest(null, "https", OptionalInt.empty(), NONE)),
        nullArgument("scheme", () -> new NetworkRequest("a", null, OptionalInt.empty(), NONE)),
        nullArgument("port", () -> new NetworkRequest("a", "https", null, NONE)),
        nullArgument("path", () -> new NetworkRequest("a", "https", OptionalInt.empty(), null)),
        nullArgument("binary", () -> new ProcessSpawn(null, List.of())),
        nullArgument("args", () -> new ProcessSpawn("a", null)),
        nullArgument("tool", () -> new ToolCall(null, EMPTY)),
        nullArgument("arguments", () -> new ToolCall("a", null)),
        nullArgument("surface", () -> new Read(null, NONE, NONE)),
        nullArgument("namespace", () -> new Read("a", null, NONE)),
        nullArgument("query", () -> new Read("a", NONE, null)),
        nullArgument("customKind", () -> new Custom(null, EMPTY)),
        nullArgument("payload", () -> new Custom("a", null)),
        nullArgument("rule", () -> new Refuse(null, "no")),
        nullArgument("cause", () -> new Refuse("R1", null)),
        nullArgument(
            "agentId", () -> DeferredAuditEvent.of(null, new Bash("ls"), new Allow(), NONE)),
        nullArgument("action", () -> DeferredAuditEvent.of("a", null, new Allow(), NONE)),
        nullArgument("decision", () -> DeferredAuditEvent.of("a", new Bash("ls"), null, NONE)),
        nullArgument("policy", () -> DeferredAuditEvent.of("a", new Bash("ls"), new Allow(), null)),
        nullArgument("policy", () -> new Gate(null, null)));
  }

  private static Arguments nullArgument(String name, ThrowingCallable call) {
    return Arguments.of(name, call);
  }

  @ParameterizedTest
  @MethodSource("nulls")
  void nullIsNamedByItsParameter(String name, ThrowingCallable call) {
    assertThatNullPointerException().isThrownBy(call).withMessage(name + " is null");
  }

  @Test
  void gateAndHooksNameNulls() {
    Bash ls = new Bash("ls");
    assertThatNullPointerException()
        .isThrownBy(() -> gate.check(null, ls))
        .withMessage("agentId is null");
    assertThatNullPointerException()
        .isThrownBy(() -> gate.check("agent:a", null))
        .withMessage("action is null");
    assertThatNullPointerException()
        .isThrownBy(() -> gate.record("agent:a", ls, null))
        .withMessage("decision is null");
    assertThat(gate.preActionHook().beforeAction(null, ls).ruleId()).contains(Gate.BAD_AGENT_ID);
    assertThatNullPointerException()
        .isThrownBy(() -> gate.preWriteHook().beforeWrite("agent:a", null))
        .withMessage("write is null");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"indelible", "Indelible:x", "INDELIBLE", "indelibles", AgentIds.UNREADABLE_INPUT})
  void reservedAgentIdRecordsNothing(String agentId) {
    Bash ls = new Bash("ls");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gate.check(agentId, ls))
        .withMessageContaining("reserved for the log itself");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> gate.record(agentId, ls, new Refuse("R1", "no")));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> DeferredAuditEvent.of(agentId, ls, new Allow(), NONE));
    assertThat(gate.preActionHook().beforeAction(agentId, ls).ruleId()).contains(Gate.BAD_AGENT_ID);
  }

  @ParameterizedTest
  @ValueSource(strings = {"agent:indelible", "indelib", "\u0456ndelible"})
  void otherAgentIdsAreNotReserved(String agentId) {
    assertThat(gate.record(agentId, new Bash("ls")).eventId()).isPresent();
  }

  @Test
  void unreadableInputIsRecordedByTheLogItself() {
    RecordedDecision recorded = gate.refuseUnreadable(new byte[] {'{'}, 7, "not JSON");
    assertThat(recorded.eventId()).isPresent();
    assertThat(recorded.decision()).isEqualTo(new Refuse(Gate.UNREADABLE, "not JSON"));
  }
}
