// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Custom;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Refuse;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import dev.indelible.json.Text;
import java.time.Clock;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * One decision of a gate, on its way to the chain.
 *
 * <p>Whatever could be constructed can be recorded: every part is checked here, so that nothing
 * behind this point has to refuse it.
 *
 * @param id a UUID of version 7, made with the event
 * @param agentId who wanted to act
 * @param action what it wanted to do
 * @param decision what the gate answered
 * @param policy the digest of the policy that was asked, as {@code sha256:…}, if there was one
 * @param timestamp when, to the microsecond
 */
public record DeferredAuditEvent(
    UUID id,
    String agentId,
    AgentAction action,
    Decision decision,
    Optional<String> policy,
    Instant timestamp)
    implements AuditEvent {

  /** The type of a decision that blocked. */
  public static final String REFUSAL = "governance.refusal";

  /** The type of a decision that let pass. */
  public static final String CHECK = "governance.check";

  /**
   * Largest payload kept whole, in bytes: 1 MiB. Above it the action is replaced by its kind, its
   * size and its SHA-256 digest.
   */
  public static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

  /** The kind of action that stands for input that could not be read. */
  private static final String UNREADABLE_INPUT_KIND = "unreadable_input";

  private static final int MAX_POLICY_BYTES = 256;

  public DeferredAuditEvent {
    Objects.requireNonNull(id, "id is null");
    Objects.requireNonNull(action, "action is null");
    Objects.requireNonNull(decision, "decision is null");
    Objects.requireNonNull(policy, "policy is null");
    Objects.requireNonNull(timestamp, "timestamp is null");
    if (!isUnreadableInput(agentId, action, decision)) {
      AgentIds.require(agentId);
    }
    policy.ifPresent(DeferredAuditEvent::requirePolicy);
    Timestamps.requireRecordable(timestamp);
  }

  /**
   * Returns the action that stands for input that cannot be read: its size, its line in a stream,
   * and its SHA-256 digest.
   */
  public static Custom unreadableInput(byte[] input, long line) {
    return new Custom(
        UNREADABLE_INPUT_KIND,
        JsonValue.of(
            new CanonicalWriter()
                .beginObject()
                .member("bytes", input.length)
                .member("line", line)
                .hexMember("sha256", Sha256.hash(input))
                .endObject()));
  }

  /** What the log says of itself of input that could not be read, and was refused. */
  private static boolean isUnreadableInput(String agentId, AgentAction action, Decision decision) {
    return AgentIds.UNREADABLE_INPUT.equals(agentId)
        && action instanceof Custom custom
        && custom.customKind().equals(UNREADABLE_INPUT_KIND)
        && decision instanceof Refuse;
  }

  /** Whether events of that type are decisions; all others are what the log says of itself. */
  public static boolean isDecision(String eventType) {
    return eventType.equals(REFUSAL) || eventType.equals(CHECK);
  }

  /** The type of the event of a decision that is called so in a payload; empty if none is. */
  public static Optional<String> typeOf(String decision) {
    return switch (decision) {
      case "allow", "warn" -> Optional.of(CHECK);
      case "refuse", "escalate" -> Optional.of(REFUSAL);
      default -> Optional.empty();
    };
  }

  /**
   * An event for any decision, happening now.
   *
   * @throws ClockException if the current time cannot go on record
   */
  public static DeferredAuditEvent of(
      String agentId, AgentAction action, Decision decision, Optional<String> policy) {
    return of(agentId, action, decision, policy, Clock.systemUTC());
  }

  /** As {@link #of(String, AgentAction, Decision, Optional)}, happening now by that clock. */
  public static DeferredAuditEvent of(
      String agentId, AgentAction action, Decision decision, Optional<String> policy, Clock clock) {
    Instant now = Timestamps.now(clock);
    return new DeferredAuditEvent(Uuid7.at(now), agentId, action, decision, policy, now);
  }

  /** An event for a decision that blocks, happening now; nothing for one that permits. */
  public static Optional<DeferredAuditEvent> fromRefusal(
      String agentId, AgentAction action, Decision decision) {
    return decision.isBlocking()
        ? Optional.of(of(agentId, action, decision, Optional.empty()))
        : Optional.empty();
  }

  @Override
  public String eventType() {
    return decision.isBlocking() ? REFUSAL : CHECK;
  }

  /** The rule that decided; empty when the decision is to allow. */
  public Optional<String> ruleId() {
    return decision.ruleId();
  }

  /** Why it was decided so; empty when the decision is to allow. */
  public Optional<String> reason() {
    return decision.reason();
  }

  /** The canonical JSON (RFC 8785) of everything in this event; its nonce comes later. */
  public byte[] canonicalBytes() {
    return content().bytes();
  }

  @Override
  public int writeContent(CanonicalWriter out) {
    int start = out.length();
    out.beginObject().name("action");
    action.write(out);
    int nonceAt = writeBehindAction(out) - start;
    if (out.length() - start > MAX_PAYLOAD_BYTES) {
      out.cutTo(start).beginObject().name("action").canonical(stub());
      nonceAt = writeBehindAction(out) - start;
    }
    return nonceAt;
  }

  /** Returns where the nonce goes, counted as {@link CanonicalWriter#length} counts. */
  private int writeBehindAction(CanonicalWriter out) {
    out.member("agent_id", agentId).name("decision");
    decision.write(out);
    out.member("id", id);
    int nonceAt = out.length() + 1;
    out.member("policy", policy);
    out.member("timestamp", Timestamps.format(timestamp)).endObject();
    return nonceAt;
  }

  /** What stands for an action too large to keep: enough to recognise it by. */
  private byte[] stub() {
    CanonicalWriter actionOut = new CanonicalWriter();
    action.write(actionOut);
    byte[] actionJson = actionOut.toBytes();
    return new CanonicalWriter()
        .beginObject()
        .member("kind", action.kind())
        .name("oversize")
        .beginObject()
        .member("bytes", actionJson.length)
        .member("sha256", HexFormat.of().formatHex(Sha256.hash(actionJson)))
        .endObject()
        .endObject()
        .toBytes();
  }

  private static void requirePolicy(String policy) {
    int bytes = Text.utf8Length(Text.requireWellFormed(policy, "policy"));
    if (bytes > MAX_POLICY_BYTES) {
      throw new IllegalArgumentException(
          "policy is " + bytes + " bytes; at most " + MAX_POLICY_BYTES);
    }
  }
}
