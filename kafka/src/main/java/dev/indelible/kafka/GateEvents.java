// SPDX-License-Identifier: Apache-2.0
package dev.indelible.kafka;

import dev.indelible.encoding.AgentIds;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.EventContent;
import dev.indelible.event.SystemEvent;
import dev.indelible.note.PayloadClaims;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The events that a gate sends. Besides decisions, these are reports of the gate about itself: it
 * does not hold the log's key, so its {@code policy.loaded} is not the log's. It becomes a {@code
 * gate.policy_loaded} of agent {@code indelible:gate:NAME}.
 */
final class GateEvents {
  private static final String PREFIX = "gate.";
  private static final String AGENT_PREFIX = AgentIds.RESERVED_PREFIX + ":gate:";
  private static final Pattern TYPE = Pattern.compile("gate\\.[a-z0-9_]{1,100}");

  /** The log's own prefix of types, which a gate's types do not repeat. */
  private static final String AUDIT = "audit.";

  private static final byte[] OWN_AGENT = agentMember(SystemEvent.AGENT);

  /** Members by which a gate with a ledger of its own explains a decision to the verifier. */
  private static final List<String> OF_HOSTS = List.of(PolicySeen.MEMBER, "approval");

  private GateEvents() {}

  private static byte[] agentMember(String agent) {
    return "{\"agent_id\":\"%s\",".formatted(agent).getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the agent id of a gate's reports. */
  static String agent(String gate) {
    return AGENT_PREFIX + gate;
  }

  /** Returns true for a report of a gate, which every partition gets. */
  static boolean isReport(AuditEvent event) {
    return event.agentId().startsWith(AGENT_PREFIX);
  }

  /** Returns the event to send for an event of the gate's journal. */
  static AuditEvent toSend(AuditEvent event, String gate) {
    byte[] content =
        event.agentId().equals(SystemEvent.AGENT) ? event.content().bytes() : new byte[0];
    if (!Arrays.equals(
        content, 0, Math.min(content.length, OWN_AGENT.length), OWN_AGENT, 0, OWN_AGENT.length)) {
      return event;
    }
    byte[] agent = agentMember(agent(gate));
    byte[] changed = Arrays.copyOf(agent, agent.length + content.length - OWN_AGENT.length);
    System.arraycopy(
        content, OWN_AGENT.length, changed, agent.length, content.length - OWN_AGENT.length);
    String type = event.eventType();
    String subject = type.startsWith(AUDIT) ? type.substring(AUDIT.length()) : type;
    return AuditEvent.stored(
        event.id(),
        agent(gate),
        PREFIX + subject.replace('.', '_'),
        event.timestamp(),
        new EventContent(changed, event.content().nonceAt() + agent.length - OWN_AGENT.length));
  }

  /** A reason to refuse an event. */
  record Objection(Refusal refusal, String reason) {}

  /** Returns the reason to refuse an event of a gate; empty if it may become a row. */
  static Optional<Objection> objection(AuditEvent event, String gate) {
    Optional<String> reserved = reserved(event, gate);
    return reserved.isPresent()
        ? reserved.map(reason -> new Objection(Refusal.RESERVED_EVENT, reason))
        : contradiction(event).map(reason -> new Objection(Refusal.CONTRADICTION, reason));
  }

  /** Returns true if a ledger can keep the event's texts: UTF-8 without the character NUL. */
  static boolean isText(AuditEvent event) {
    byte[] payload = event.content().payload(new byte[EventContent.NONCE_BYTES]);
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(payload));
    } catch (CharacterCodingException e) {
      return false;
    }
    for (byte each : payload) {
      if (each == 0) {
        return false;
      }
    }
    return (event.eventType() + event.agentId()).indexOf(0) < 0;
  }

  /** A gate can send any bytes: content that cannot be read must not stop the ledger writer. */
  private static Optional<String> contradiction(AuditEvent event) {
    try {
      return PayloadClaims.contradiction(event);
    } catch (RuntimeException e) {
      return Optional.of("its content cannot be read");
    }
  }

  private static Optional<String> reserved(AuditEvent event, String gate) {
    String type = event.eventType();
    String agent = event.agentId();
    if (isReport(event)) {
      if (!agent.equals(agent(gate))) {
        return Optional.of("it is a report of another gate");
      }
      return TYPE.matcher(type).matches() && !SystemEvent.TYPES.contains(type)
          ? Optional.empty()
          : Optional.of("only the log itself records " + type);
    }
    if (!DeferredAuditEvent.isDecision(type)) {
      return Optional.of("a gate does not record " + type);
    }
    for (String member : OF_HOSTS) {
      if (states(event, member)) {
        return Optional.of("a gate of a queue does not state " + member);
      }
    }
    if (agent.equals(AgentIds.UNREADABLE_INPUT) && type.equals(DeferredAuditEvent.REFUSAL)) {
      return Optional.empty();
    }
    try {
      AgentIds.require(agent);
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  /** Returns true if the content of an event has a member, not counting those of its members. */
  private static boolean states(AuditEvent event, String member) {
    byte[] payload = event.content().bytes();
    byte[] name = "\"%s\":".formatted(member).getBytes(StandardCharsets.UTF_8);
    for (int at = 0; at <= payload.length - name.length; at++) {
      if (Arrays.equals(payload, at, at + name.length, name, 0, name.length)) {
        // Found somewhere; only reading shows where.
        return PayloadClaims.states(event, member);
      }
    }
    return false;
  }
}
