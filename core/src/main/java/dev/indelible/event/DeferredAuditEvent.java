// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.action.AgentAction;
import dev.indelible.action.Custom;
import dev.indelible.base.Text;
import dev.indelible.crypto.Sha256;
import dev.indelible.decision.Decision;
import dev.indelible.decision.Escalate;
import dev.indelible.decision.ExplainedDecision;
import dev.indelible.decision.Explanation;
import dev.indelible.decision.Refuse;
import dev.indelible.decision.Warn;
import dev.indelible.encoding.AgentIds;
import dev.indelible.encoding.ClockException;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.encoding.Timestamps;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;

/**
 * A decision of a gate, to be recorded.
 *
 * <p>Every event that can be constructed can be recorded: the constructor checks every part, and no
 * later step rejects the event.
 *
 * @param id a UUID of version 7, created with the event
 * @param agentId the agent that asked
 * @param action the action that the agent asked about
 * @param decision the answer of the gate
 * @param policy the digest of the policy that decided, as {@code sha256:…}, if there is one
 * @param timestamp the time of the decision, to the microsecond
 * @param explanation the basis of the decision
 * @param provenance the origin of the question
 * @param redactions the secrets that markers in action, decision and explanation replace
 * @param approval the id of the event that approves this action, if the decision permits it because
 *     of that event
 * @param policySeen the time at which the gate had last read the policies of the chain, see {@link
 *     PolicySeen}; empty if that was just before the decision
 */
public record DeferredAuditEvent(
    UUID id,
    String agentId,
    AgentAction action,
    Decision decision,
    Optional<String> policy,
    Instant timestamp,
    Explanation explanation,
    Provenance provenance,
    List<Redaction> redactions,
    Optional<String> approval,
    Optional<String> policySeen)
    implements AuditEvent {

  /** The event type of a decision that blocks. */
  public static final String REFUSAL = "governance.refusal";

  /** The event type of a decision that permits. */
  public static final String CHECK = "governance.check";

  /**
   * The largest payload that is recorded unchanged: 1 MiB. In a larger payload, the action is
   * replaced by its kind, its size and its SHA-256 digest.
   */
  public static final int MAX_PAYLOAD_BYTES = 1024 * 1024;

  /** The custom kind of the action recorded for input that cannot be read. */
  private static final String UNREADABLE_INPUT_KIND = "unreadable_input";

  /**
   * Value of the member {@code v} in a payload with optional members; other payloads have no
   * version.
   */
  private static final long EXTENDED_VERSION = 2;

  /** Maximum length of the digest of a policy, in bytes. */
  public static final int MAX_POLICY_BYTES = 256;

  /** Maximum length of the id of an approval, in bytes: a UUID. */
  private static final int MAX_APPROVAL_BYTES = 36;

  /** The start of the path of a redaction in the decision. */
  private static final String IN_DECISION = "/decision/";

  /**
   * The origin of a question to the gate, as far as it is known.
   *
   * @param principal the caller's name, as its credential proves it; empty without a credential, in
   *     which case nothing proves the agent id
   * @param session the session of the agent, as the caller names it: a claim that nothing proves
   * @param toolHash the digest of the called tool's descriptor, as {@code sha256:…}
   */
  public record Provenance(
      Optional<String> principal, Optional<String> session, Optional<String> toolHash) {
    /** The origin of which nothing is known. */
    public static final Provenance NONE =
        new Provenance(Optional.empty(), Optional.empty(), Optional.empty());

    /** Maximum length of a principal, in bytes; certificates can have long subjects. */
    public static final int MAX_PRINCIPAL_BYTES = 1024;

    /** Maximum length of a session, in bytes; the agent id of a hook contains its session. */
    public static final int MAX_SESSION_BYTES = AuditEvent.MAX_AGENT_ID_BYTES;

    /** Maximum length of the digest of a tool's descriptor, in bytes. */
    private static final int MAX_HASH_BYTES = 256;

    public Provenance {
      principal.ifPresent(name -> Text.requireAtMost(MAX_PRINCIPAL_BYTES, name, "principal"));
      session.ifPresent(Provenance::requireSession);
      toolHash.ifPresent(digest -> Text.requireAtMost(MAX_HASH_BYTES, digest, "tool_hash"));
    }

    /**
     * Returns true if anything is known. Does not call {@code equals}: the JVM links the equals of
     * a record at its first call, and if the stack is too short then, every later call fails as
     * well.
     */
    private boolean isKnown() {
      return principal.isPresent() || session.isPresent() || toolHash.isPresent();
    }

    /**
     * Returns {@code session} if it can be recorded.
     *
     * @throws IllegalArgumentException if it is empty, has over {@link #MAX_SESSION_BYTES} bytes of
     *     UTF-8, or a character that a terminal does not show as it is
     */
    public static String requireSession(String session) {
      Text.requireAtMost(MAX_SESSION_BYTES, session, "session");
      if (session.isEmpty()) {
        throw new IllegalArgumentException("session is empty; leave it out, or name the session");
      }
      if (!Text.isPrintable(session)) {
        throw new IllegalArgumentException(
            "session has a control or invisible character: " + Text.printable(session, 60));
      }
      return session;
    }
  }

  public DeferredAuditEvent {
    Objects.requireNonNull(id, "id is null");
    Objects.requireNonNull(action, "action is null");
    Objects.requireNonNull(decision, "decision is null");
    Objects.requireNonNull(policy, "policy is null");
    Objects.requireNonNull(timestamp, "timestamp is null");
    if (!isUnreadableInput(agentId, action, decision)) {
      AgentIds.require(agentId);
    }
    policy.ifPresent(digest -> Text.requireAtMost(MAX_POLICY_BYTES, digest, "policy"));
    Timestamps.requireRecordable(timestamp);
    Objects.requireNonNull(explanation, "explanation is null");
    Objects.requireNonNull(provenance, "provenance is null");
    redactions = List.copyOf(redactions);
    approval.ifPresent(event -> Text.requireAtMost(MAX_APPROVAL_BYTES, event, "approval"));
    policySeen.ifPresent(PolicySeen::require);
  }

  /** Creates an event whose decision has no explanation, about a question of unknown origin. */
  public DeferredAuditEvent(
      UUID id,
      String agentId,
      AgentAction action,
      Decision decision,
      Optional<String> policy,
      Instant timestamp) {
    this(
        id,
        agentId,
        action,
        decision,
        policy,
        timestamp,
        Explanation.NONE,
        Provenance.NONE,
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns this event with the origin of its question. */
  public DeferredAuditEvent from(Provenance origin) {
    return with(decision, origin, redactions, approval, policySeen);
  }

  /** Returns this event with the list of its redactions. */
  public DeferredAuditEvent redacted(List<Redaction> list) {
    return with(decision, provenance, list, approval, policySeen);
  }

  /** Returns this event with the time at which the gate had last read the chain's policies. */
  public DeferredAuditEvent seen(Optional<String> policiesRead) {
    return with(decision, provenance, redactions, approval, policiesRead);
  }

  /** Returns this event with another reason for its escalation. */
  public DeferredAuditEvent escalated(Escalate other) {
    return with(other, provenance, redactions, approval, policySeen);
  }

  /**
   * Returns this event with the decision that an approval made of it.
   *
   * @param event the id of the event that approves the action
   * @param found redactions, of which those in the decision replace the ones of this event
   */
  public DeferredAuditEvent approved(Warn permitted, String event, List<Redaction> found) {
    List<Redaction> all = new ArrayList<>(redactions);
    all.removeIf(each -> each.path().startsWith(IN_DECISION));
    found.stream().filter(each -> each.path().startsWith(IN_DECISION)).forEach(all::add);
    return with(permitted, provenance, all, Optional.of(event), policySeen);
  }

  private DeferredAuditEvent with(
      Decision answer,
      Provenance origin,
      List<Redaction> replaced,
      Optional<String> approvedBy,
      Optional<String> policiesRead) {
    return new DeferredAuditEvent(
        id,
        agentId,
        action,
        answer,
        policy,
        timestamp,
        explanation,
        origin,
        replaced,
        approvedBy,
        policiesRead);
  }

  /**
   * Returns the action to record for input that cannot be read: the size of the input, its line in
   * a stream, and its SHA-256 digest.
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

  /** Returns true for the log's own refusal of input that cannot be read. */
  private static boolean isUnreadableInput(String agentId, AgentAction action, Decision decision) {
    return AgentIds.UNREADABLE_INPUT.equals(agentId)
        && action instanceof Custom custom
        && custom.customKind().equals(UNREADABLE_INPUT_KIND)
        && decision instanceof Refuse;
  }

  /** Returns true if events of this type are decisions; all others are the log's own. */
  public static boolean isDecision(String eventType) {
    return eventType.equals(REFUSAL) || eventType.equals(CHECK);
  }

  /** Returns the event type for a decision's tag in JSON; empty for an unknown tag. */
  public static Optional<String> typeOf(String decision) {
    return switch (decision) {
      case "allow", "warn" -> Optional.of(CHECK);
      case "refuse", "escalate" -> Optional.of(REFUSAL);
      default -> Optional.empty();
    };
  }

  /**
   * Returns an event for a decision made now.
   *
   * @throws ClockException if the current time cannot be recorded
   */
  public static DeferredAuditEvent of(
      String agentId, AgentAction action, Decision decision, Optional<String> policy) {
    return of(agentId, action, decision, policy, Clock.systemUTC());
  }

  /** Returns an event for a decision made at the time of {@code clock}. */
  public static DeferredAuditEvent of(
      String agentId, AgentAction action, Decision decision, Optional<String> policy, Clock clock) {
    return of(agentId, action, new ExplainedDecision(decision, Explanation.NONE), policy, clock);
  }

  /** Returns an event for an explained decision made at the time of {@code clock}. */
  public static DeferredAuditEvent of(
      String agentId,
      AgentAction action,
      ExplainedDecision decision,
      Optional<String> policy,
      Clock clock) {
    Instant now = Timestamps.now(clock);
    return new DeferredAuditEvent(
        Uuid7.at(now),
        agentId,
        action,
        decision.decision(),
        policy,
        now,
        decision.explanation(),
        Provenance.NONE,
        List.of(),
        Optional.empty(),
        Optional.empty());
  }

  /** Returns an event for a decision that blocks, made now; empty for one that permits. */
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

  /** Returns the id of the rule that decided; empty if the decision is to allow. */
  public Optional<String> ruleId() {
    return decision.ruleId();
  }

  /** Returns the reason of the decision; empty if the decision is to allow. */
  public Optional<String> reason() {
    return decision.reason();
  }

  /** Returns the payload without its nonce, as canonical JSON (RFC 8785). */
  public byte[] canonicalBytes() {
    return content().bytes();
  }

  @Override
  public int writeContent(CanonicalWriter out) {
    int start = out.length();
    out.beginObject().name("action");
    action.write(out);
    int nonceAt = writeAfterAction(out) - start;
    if (out.length() - start > MAX_PAYLOAD_BYTES) {
      out.cutTo(start).beginObject().name("action").canonical(stub());
      nonceAt = writeAfterAction(out) - start;
    }
    return nonceAt;
  }

  /** Writes the members after the action; returns the offset of the nonce in the writer. */
  private int writeAfterAction(CanonicalWriter out) {
    out.member("agent_id", agentId).member("approval", approval).name("decision");
    decision.write(out);
    explanation.writeBeforeId(out);
    out.member("id", id);
    explanation.writeAfterId(out);
    int nonceAt = out.length() + 1;
    out.member("policy", policy);
    out.member(PolicySeen.MEMBER, policySeen);
    out.member("principal", provenance.principal());
    if (!redactions.isEmpty()) {
      out.name("redactions").objects(redactions, each -> each.write(out));
    }
    out.member("session", provenance.session());
    out.member("timestamp", Timestamps.format(timestamp));
    out.member("tool_hash", provenance.toolHash());
    boolean isExtended =
        !explanation.isEmpty()
            || provenance.isKnown()
            || !redactions.isEmpty()
            || approval.isPresent()
            || policySeen.isPresent();
    if (isExtended) {
      out.member("v", EXTENDED_VERSION);
    }
    out.endObject();
    return nonceAt;
  }

  /** Returns the replacement of an action that is too large to record; it identifies the action. */
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
        .hexMember("sha256", Sha256.hash(actionJson))
        .endObject()
        .endObject()
        .toBytes();
  }
}
