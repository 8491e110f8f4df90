// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import dev.indelible.action.ActionsOfAllKinds;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Bash;
import dev.indelible.action.FilesystemWrite;
import dev.indelible.action.ProcessSpawn;
import dev.indelible.decision.Allow;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.encoding.AgentIds;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.event.DeferredAuditEvent.Provenance;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The bytes of events, and the parts that an event rejects. */
class EventTest {
  private static final UUID ID = UUID.fromString("0198c7e2-0000-7000-8000-000000000001");
  private static final Instant TIME = Instant.parse("2026-11-23T01:02:03.456789Z");
  private static final Decision NO = new Refuse("R001", "no recursive delete at the root");

  @Test
  void payloadEqualsTheDocumentedExample() {
    DeferredAuditEvent event =
        new DeferredAuditEvent(
            ID, "agent:alice", new Bash("rm -rf /"), NO, Optional.of("sha256:00"), TIME);
    assertThat(new String(event.content().payload(new byte[16]), UTF_8))
        .isEqualTo(
            "{\"action\":{\"command\":\"rm -rf /\",\"kind\":\"bash\"},\"agent_id\":\"agent:alice\","
                + "\"decision\":{\"decision\":\"refuse\",\"reason\":\"no recursive delete at the root\","
                + "\"rule_id\":\"R001\"},\"id\":\"0198c7e2-0000-7000-8000-000000000001\","
                + "\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"policy\":\"sha256:00\","
                + "\"timestamp\":\"2026-11-23T01:02:03.456789Z\"}");
  }

  /** A payload with optional members also has a version. Its other members do not change. */
  @Test
  void optionalMembersAreInThePayload() throws Exception {
    Explanation explanation =
        new Explanation(
            List.of("R001", "R002"), List.of("deletes / recursively"), Optional.of("rm -rf /"));
    DeferredAuditEvent event =
        new DeferredAuditEvent(
            ID,
            "agent:alice",
            new Bash("sudo rm -rf /", Optional.of("/srv"), Optional.of("/root"), Optional.of("sh")),
            NO,
            Optional.of("sha256:00"),
            TIME,
            explanation,
            new Provenance(
                Optional.of("cert:CN=\"nonce\":\"a"),
                Optional.of("s-\u20ac\"nonce\":\""),
                Optional.of("sha256:11")),
            List.of(new Redaction("/action/command", "github_token", "0a1b", 40)),
            Optional.of("0198c7e2-0000-7000-8000-000000000002"),
            Optional.of(PolicySeen.NEVER));
    byte[] payload = event.content().payload(new byte[16]);
    assertThat(new String(payload, UTF_8))
        .isEqualTo(
            "{\"action\":{\"command\":\"sudo rm -rf /\",\"cwd\":\"/srv\",\"home\":\"/root\","
                + "\"kind\":\"bash\",\"shell\":\"sh\"},\"agent_id\":\"agent:alice\","
                + "\"approval\":\"0198c7e2-0000-7000-8000-000000000002\","
                + "\"decision\":{\"decision\":\"refuse\",\"reason\":\"no recursive delete at the root\","
                + "\"rule_id\":\"R001\"},\"effective_command\":\"rm -rf /\","
                + "\"facts\":[\"deletes / recursively\"],\"id\":\"0198c7e2-0000-7000-8000-000000000001\","
                + "\"matched\":[\"R001\",\"R002\"],\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAA\","
                + "\"policy\":\"sha256:00\",\"policy_seen\":\"never\",\"principal\":\"cert:CN=\\\"nonce\\\":\\\"a\","
                + "\"redactions\":[{\"detector\":\"github_token\",\"digest\":\"0a1b\","
                + "\"length\":40,\"path\":\"/action/command\"}],"
                + "\"session\":\"s-\u20ac\\\"nonce\\\":\\\"\","
                + "\"timestamp\":\"2026-11-23T01:02:03.456789Z\","
                + "\"tool_hash\":\"sha256:11\",\"v\":2}");
    assertThat(payload).isEqualTo(CanonicalJson.canonicalize(payload));
    assertThat(event.content().isContentOf(payload)).isTrue();
    assertThat(EventContent.of(payload).bytes()).isEqualTo(event.content().bytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a\nb", "a\u001b[2J", "a\u202eb", "\ud800", "a\u2028b"})
  void sessionThatCannotBeShownIsRefused(String session) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Provenance.requireSession(session))
        .withMessageStartingWith("session");
  }

  @Test
  void sessionHasALimit() {
    String longest = "s".repeat(Provenance.MAX_SESSION_BYTES);

    assertThat(Provenance.requireSession(longest)).isEqualTo(longest);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Provenance.requireSession(longest + "s"))
        .withMessageContaining("at most 1024");
  }

  @Test
  void explanationIsTruncatedToItsLimits() {
    String text = "\u20ac".repeat(1000);
    Explanation cut =
        new Explanation(Collections.nCopies(50, "R"), List.of(text), Optional.of("a" + text));
    assertThat(cut.matched()).hasSize(Explanation.MAX_ITEMS);
    assertThat(cut.facts().get(0).getBytes(UTF_8)).hasSizeLessThanOrEqualTo(1024);
    assertThat(cut.effectiveCommand().orElseThrow()).endsWith("\u20ac\u2026");
    assertThat(new Explanation(cut.matched(), cut.facts(), cut.effectiveCommand())).isEqualTo(cut);
  }

  /** The payload, including its nonce, is canonical JSON. */
  @Test
  void contentAndPayloadAreCanonical() throws Exception {
    SplittableRandom random = new SplittableRandom(6);
    List<Decision> decisions =
        List.of(
            NO, new Allow(), new Warn("R\"\\", "\u0000"), new Escalate("\u20ac", "\ud83d\ude00"));
    int i = 0;
    for (AgentAction action : ActionsOfAllKinds.all()) {
      Decision decision = decisions.get(i++ % decisions.size());
      Optional<String> policy =
          i % 3 == 0 ? Optional.empty() : Optional.of("sha256:\"\u007f\u00e9");
      DeferredAuditEvent event =
          new DeferredAuditEvent(
              ID, "agent:\"\\\u00e9\ud83d\ude00", action, decision, policy, TIME);
      byte[] nonce = new byte[16];
      random.nextBytes(nonce);
      byte[] bytes = event.canonicalBytes();
      byte[] payload = event.content().payload(nonce);
      assertThat(bytes).isEqualTo(CanonicalJson.canonicalize(bytes));
      assertThat(payload).isEqualTo(CanonicalJson.canonicalize(payload));
      assertThat(event.content().isContentOf(payload)).isTrue();

      JsonNode read = CanonicalJson.read(payload);
      assertThat(Base64.getUrlDecoder().decode(read.get("nonce").stringValue())).isEqualTo(nonce);
      assertThat(read.get("agent_id").stringValue()).isEqualTo(event.agentId());
      assertThat(read.get("id").stringValue()).isEqualTo(ID.toString());
      assertThat(read.get("timestamp").stringValue()).isEqualTo("2026-11-23T01:02:03.456789Z");
      assertThat(read.optional("policy").map(JsonNode::stringValue)).isEqualTo(policy);
      assertThat(CanonicalJson.write(read.get("action"))).isEqualTo(written(action));
    }
  }

  /**
   * A payload matches the content of its event with any nonce, and matches no other content
   * (promise D4).
   */
  @Test
  void payloadMatchesOneContentOnly() {
    EventContent content = event("agent:alice", "ls").content();
    byte[] payload = content.payload(new byte[16]);
    assertThat(content.isContentOf(payload)).isTrue();
    for (int i = 0; i < payload.length; i++) {
      byte[] changed = payload.clone();
      changed[i] ^= 1;
      boolean inNonce = i >= content.nonceAt() + 9 && i < content.nonceAt() + 9 + 22;
      assertThat(content.isContentOf(changed)).as("byte %d", i).isEqualTo(inNonce);
    }
    assertThat(content.isContentOf(new byte[0])).isFalse();
    assertThat(content.isContentOf(content.bytes())).isFalse();
    assertThat(event("agent:alice", "lS").content().isContentOf(payload)).isFalse();
    assertThat(event("agent:bob", "ls").content().isContentOf(payload)).isFalse();
  }

  @Test
  void nonceIsSixteenBytes() {
    EventContent content = event("agent:alice", "ls").content();
    for (int length : new int[] {0, 15, 17, 32}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> content.payload(new byte[length]))
          .withMessage("a nonce is 16 bytes, not " + length);
    }
  }

  /** An action that is too large is replaced by its kind, size and digest. */
  @Test
  void oversizeActionIsReplacedByItsDigest() throws Exception {
    AgentAction action = new FilesystemWrite("p".repeat(2 * 1024 * 1024));
    byte[] whole = written(action);
    DeferredAuditEvent event =
        new DeferredAuditEvent(ID, "agent:alice", action, NO, Optional.empty(), TIME);
    byte[] bytes = event.content().bytes();
    JsonNode read = CanonicalJson.read(bytes);
    String digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(whole));
    assertThat(new String(CanonicalJson.write(read.get("action")), UTF_8))
        .isEqualTo(
            "{\"kind\":\"filesystem_write\",\"oversize\":{\"bytes\":"
                + whole.length
                + ",\"sha256\":\""
                + digest
                + "\"}}");
    assertThat(bytes).isEqualTo(CanonicalJson.canonicalize(bytes)).hasSizeLessThan(1_000);
    assertThat(read.get("decision").get("rule_id").stringValue()).isEqualTo("R001");
    assertThat(event.action()).isEqualTo(action);
  }

  @Test
  void payloadAtTheLimitIsUnchanged() {
    int around = event("agent:alice", "").canonicalBytes().length;
    int fits = DeferredAuditEvent.MAX_PAYLOAD_BYTES - around;
    assertThat(event("agent:alice", "x".repeat(fits)).canonicalBytes())
        .hasSize(DeferredAuditEvent.MAX_PAYLOAD_BYTES);
    assertThat(event("agent:alice", "x".repeat(fits + 1)).canonicalBytes()).hasSizeLessThan(1_000);
  }

  /** An event with the largest parts and an oversize action still fits into a payload (D1). */
  @Test
  void largestPartsStillFitAPayload() {
    DeferredAuditEvent event =
        new DeferredAuditEvent(
            ID,
            "a".repeat(1_024),
            new ProcessSpawn("b", List.of("\u0000".repeat(1_000_000))),
            new Refuse("\u0000".repeat(256), "\u0000".repeat(16_384)),
            Optional.of("\u0000".repeat(256)),
            TIME);
    assertThat(event.content().bytes()).hasSizeLessThan(DeferredAuditEvent.MAX_PAYLOAD_BYTES);
  }

  /** {@code fromRefusal} returns an event only for a decision that blocks. */
  @Test
  void onlyBlockingDecisionsMakeRefusals() {
    for (Decision decision : List.of(NO, new Escalate("R002", "ask"))) {
      DeferredAuditEvent event =
          DeferredAuditEvent.fromRefusal("agent:alice", new Bash("rm"), decision).orElseThrow();
      assertThat(event.agentId()).isEqualTo("agent:alice");
      assertThat(event.ruleId()).isEqualTo(decision.ruleId());
      assertThat(event.reason()).isEqualTo(decision.reason());
      assertThat(event.eventType()).isEqualTo("governance.refusal");
      assertThat(event.policy()).isEmpty();
      assertThat(event.id().version()).isEqualTo(7);
      assertThat(event.timestamp().getNano() % 1_000).isZero();
      assertThat(event.id().getMostSignificantBits() >>> 16)
          .isEqualTo(event.timestamp().toEpochMilli());
    }
    for (Decision decision : List.of(new Allow(), new Warn("R003", "mind"))) {
      assertThat(DeferredAuditEvent.fromRefusal("agent:alice", new Bash("ls"), decision)).isEmpty();
      assertThat(
              DeferredAuditEvent.of("agent:alice", new Bash("ls"), decision, Optional.empty())
                  .eventType())
          .isEqualTo("governance.check");
    }
  }

  /** Promise D4. */
  @Test
  void equalDecisionsAreDifferentEvents() {
    AgentAction action = new Bash("rm");
    assertThat(DeferredAuditEvent.fromRefusal("agent:alice", action, NO).orElseThrow().id())
        .isNotEqualTo(DeferredAuditEvent.fromRefusal("agent:alice", action, NO).orElseThrow().id());
  }

  /** An agent id has 1 to 1,024 bytes and no control characters. */
  @Test
  void agentIdIsValidated() {
    assertThat(AgentIds.require("a".repeat(1_024))).hasSize(1_024);
    assertThat(AgentIds.require("\u20ac".repeat(341) + "a")).hasSize(342);
    assertThat(AgentIds.require("\ud83d\ude00".repeat(256))).hasSize(512);
    assertAgentRefused("", "agent_id is empty; name the agent that acts");
    assertAgentRefused("a".repeat(1_025), "agent_id is 1025 bytes; at most 1024");
    assertAgentRefused("\u20ac".repeat(342), "agent_id is 1026 bytes; at most 1024");
    assertAgentRefused("a\nb", "agent_id has a control character (U+000A) at char 1");
    assertAgentRefused("\u001b[2J", "agent_id has a control character (U+001B) at char 0");
    assertAgentRefused("a\u0000", "agent_id has a control character (U+0000) at char 1");
    assertAgentRefused("a\u007f", "agent_id has a control character (U+007F) at char 1");
    assertAgentRefused("a\u0085", "agent_id has a control character (U+0085) at char 1");
    assertAgentRefused("a\ud83d", "agent_id: lone surrogate at char 1; it has no UTF-8 form");
  }

  private static void assertAgentRefused(String agent, String message) {
    assertThatIllegalArgumentException().isThrownBy(() -> event(agent, "ls")).withMessage(message);
  }

  @Test
  void policyDigestIsValidated() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> withPolicy("p".repeat(257)))
        .withMessage("policy is 257 bytes; at most 256");
    assertThatIllegalArgumentException().isThrownBy(() -> withPolicy("\udc00"));
    assertThat(withPolicy("p".repeat(256)).policy()).isPresent();
  }

  private static DeferredAuditEvent withPolicy(String policy) {
    return new DeferredAuditEvent(ID, "agent:alice", new Bash("ls"), NO, Optional.of(policy), TIME);
  }

  /** A missing part fails in the constructor, before the event is written (D1). */
  @Test
  void constructorRejectsMissingPart() {
    AgentAction action = new Bash("ls");
    Optional<String> none = Optional.empty();
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(null, "a", action, NO, none, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(ID, null, action, NO, none, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(ID, "a", null, NO, none, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(ID, "a", action, null, none, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(ID, "a", action, NO, null, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new DeferredAuditEvent(ID, "a", action, NO, none, null));
    JsonValue details = json("{}");
    assertThatNullPointerException()
        .isThrownBy(() -> new SystemEvent(null, SystemEvent.TAMPER, details, TIME));
    assertThatNullPointerException().isThrownBy(() -> new SystemEvent(ID, null, details, TIME));
    assertThatNullPointerException()
        .isThrownBy(() -> new SystemEvent(ID, SystemEvent.TAMPER, null, TIME));
  }

  /** Promise D7. */
  @Test
  void systemEventIsCanonical() throws Exception {
    SystemEvent event =
        new SystemEvent(ID, SystemEvent.TAMPER, json("{\"b\":[1],\"a\":\"\u20ac\"}"), TIME);
    byte[] payload = event.content().payload(new byte[16]);
    assertThat(payload).isEqualTo(CanonicalJson.canonicalize(payload));
    assertThat(new String(event.content().bytes(), UTF_8))
        .isEqualTo(
            "{\"agent_id\":\"indelible\",\"details\":{\"a\":\"\u20ac\",\"b\":[1]},"
                + "\"id\":\"0198c7e2-0000-7000-8000-000000000001\","
                + "\"timestamp\":\"2026-11-23T01:02:03.456789Z\"}");
    assertThat(event.content().isContentOf(payload)).isTrue();
    assertThat(
            SystemEvent.of(SystemEvent.TAMPER, new CanonicalWriter().canonical("{}"))
                .id()
                .version())
        .isEqualTo(7);
  }

  /** An event type has at most 128 bytes, so that its record fits into a tile. */
  @Test
  void systemEventTypeIsValidated() {
    for (String type : List.of("", "t".repeat(129), "\u20ac".repeat(43), "a\ud800", "a\nb")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new SystemEvent(ID, type, json("{}"), TIME));
    }
    assertThat(new SystemEvent(ID, "t".repeat(128), json("{}"), TIME).eventType()).hasSize(128);
  }

  private static DeferredAuditEvent event(String agent, String command) {
    return new DeferredAuditEvent(ID, agent, new Bash(command), NO, Optional.empty(), TIME);
  }

  private static byte[] written(AgentAction action) {
    CanonicalWriter out = new CanonicalWriter();
    action.write(out);
    return out.toBytes();
  }

  private static JsonValue json(String text) {
    try {
      return JsonValue.parse(text);
    } catch (dev.indelible.json.JsonFormatException e) {
      throw new AssertionError(e);
    }
  }
}
