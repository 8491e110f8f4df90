// SPDX-License-Identifier: Apache-2.0
package dev.indelible.event;

import dev.indelible.base.Text;
import dev.indelible.encoding.Timestamps;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * A report of the log about itself, for example that a row was tampered with.
 *
 * @param id a UUID of version 7
 * @param eventType the type, for example {@link #TAMPER}; 1 to 128 bytes, no control characters
 * @param details the report, as a JSON object
 * @param timestamp the time of the event, to the microsecond
 */
public record SystemEvent(UUID id, String eventType, JsonValue details, Instant timestamp)
    implements AuditEvent {

  /** A row was found that this log did not write, or that was changed since. */
  public static final String TAMPER = "audit.tamper";

  /** Accepted events were lost; the event states their number, time range and cause (D7). */
  public static final String GAP = "audit.gap";

  /** Row signatures are on or off from this row on. */
  public static final String ROW_SIGNATURES = "audit.row_signatures";

  /** The number of decisions and their outcomes; see {@code ledger.Tally}. */
  public static final String TALLY = "audit.tally";

  /** A dead letter was replayed into the chain. */
  public static final String DEAD_LETTER_REPLAYED = "dlq.replayed";

  /** A dead letter was purged. */
  public static final String DEAD_LETTER_PURGED = "dlq.purged";

  /** The payload of a row was erased; the event names the row, the reason and the person. */
  public static final String PAYLOAD_ERASED = "payload.erased";

  /**
   * The signing key was rotated: the old key introduces the new one, which signs after this row.
   */
  public static final String KEY_ROTATED = "key.rotated";

  /** A key was revoked, because others may hold it. */
  public static final String KEY_COMPROMISED = "key.compromised";

  /** The signing key was lost; a new key, which no other key introduces, signs from this row on. */
  public static final String KEY_REPLACED = "key.replaced";

  /** From this row on, checkpoints also have a signature of the ML-DSA-44 key in the event. */
  public static final String KEY_ML_DSA_44_ADDED = "key.ml_dsa_44_added";

  /**
   * The row that a tamper note names verifies in full, or the rows that it reports as missing are
   * lost; the event states the reason. See {@code note.TamperAnswer}.
   */
  public static final String TAMPER_ANSWERED = "audit.answer";

  /**
   * A policy came into force; the event has its digest and its text, see {@link PolicyText}. It
   * comes through the queue, in front of the decisions of the policy.
   */
  public static final String POLICY_LOADED = "policy.loaded";

  /**
   * The operator's key: from this row on, a policy comes into force only with the signature of this
   * key. Only the writer of the chain records it; see {@code note.OperatorHistory}.
   */
  public static final String POLICY_OPERATOR = "policy.operator";

  /**
   * A policy, or an operator's key, was refused; the event states the reason. A refused policy
   * comes through the queue.
   */
  public static final String POLICY_REJECTED = "policy.rejected";

  /**
   * Rules were moved into or out of shadow mode; follows the {@link #POLICY_LOADED} event of the
   * policy that moves them.
   */
  public static final String POLICY_MODE = "policy.mode";

  /** A person approved an action that the gate escalated; see {@code note.ApprovalNote}. */
  public static final String APPROVAL_GRANTED = "approval.granted";

  /** A person denied an action that the gate escalated. */
  public static final String APPROVAL_DENIED = "approval.denied";

  /**
   * A gate whose ledger other hosts share used an approval; see {@code note.ApprovalUse}. It
   * precedes the decision that the approval permits.
   */
  public static final String APPROVAL_USED = "approval.used";

  /** A person accepted the changed descriptor of a tool; the event names both digests. */
  public static final String TOOL_ACCEPTED = "tool.accepted";

  /**
   * An API key of the daemon was created. All types that begin with {@code access.} come through
   * the queue.
   */
  public static final String ACCESS_KEY_CREATED = "access.key_created";

  /** An API key of the daemon replaced the earlier key of that name. */
  public static final String ACCESS_KEY_ROTATED = "access.key_rotated";

  /** An API key of the daemon was revoked. */
  public static final String ACCESS_KEY_REVOKED = "access.key_revoked";

  /** A credential was used to read the log through the daemon. */
  public static final String ACCESS_LOG_READ = "access.log_read";

  /** A caller of the daemon asked to replay a dead letter or to reload the policy. */
  public static final String ACCESS_OPERATED = "access.operated";

  /** A caller of the daemon tried to answer a request for approval, and was refused. */
  public static final String ACCESS_APPROVAL_REFUSED = "access.approval_refused";

  /** The daemon's roles changed, or its settings for recording reads or publishing entries. */
  public static final String ACCESS_SETTINGS = "access.settings";

  /**
   * The redaction of secrets was configured, switched off or switched on. It comes through the
   * queue, in front of the decisions to which it applies.
   */
  public static final String REDACTION_SETTINGS = "redaction.settings";

  /** The log is the log of logs of a fleet; see {@code note.FleetCreation}. */
  public static final String FLEET_CREATED = "fleet.created";

  /** A shard of the fleet was opened; the event names it, its key and its predecessor. */
  public static final String SHARD_OPENED = "shard.opened";

  /** A checkpoint of a shard, which continues the last one that the log of logs admitted. */
  public static final String SHARD_CHECKPOINT = "shard.checkpoint";

  /** A shard was closed; the event states its last checkpoint. */
  public static final String SHARD_CLOSED = "shard.closed";

  /** The log was ended: only rows about erased payloads follow; see {@code note.LogEnd}. */
  public static final String LOG_ENDED = "log.ended";

  /** A gate may record through a topic; the event names the gate and its key. */
  public static final String GATE_ENROLLED = "gate.enrolled";

  /** A gate may no longer record through a topic. */
  public static final String GATE_REMOVED = "gate.removed";

  /**
   * Messages of a topic were refused; the event states their number, offsets and the reason. The
   * ledger writer records it among the events of the topic.
   */
  public static final String GROUP_REFUSED = "group.refused";

  private static final Set<String> RESERVED =
      Set.of(
          TAMPER,
          ROW_SIGNATURES,
          TALLY,
          DEAD_LETTER_REPLAYED,
          DEAD_LETTER_PURGED,
          PAYLOAD_ERASED,
          KEY_ROTATED,
          KEY_COMPROMISED,
          KEY_REPLACED,
          KEY_ML_DSA_44_ADDED,
          TAMPER_ANSWERED,
          POLICY_OPERATOR,
          APPROVAL_GRANTED,
          APPROVAL_DENIED,
          APPROVAL_USED,
          FLEET_CREATED,
          SHARD_OPENED,
          SHARD_CHECKPOINT,
          SHARD_CLOSED,
          LOG_ENDED,
          GATE_ENROLLED,
          GATE_REMOVED);

  /** Every type of the log's own events, in alphabetical order. */
  public static final List<String> TYPES =
      Stream.concat(
              RESERVED.stream(),
              Stream.of(
                  GAP,
                  POLICY_LOADED,
                  POLICY_REJECTED,
                  POLICY_MODE,
                  TOOL_ACCEPTED,
                  ACCESS_KEY_CREATED,
                  ACCESS_KEY_ROTATED,
                  ACCESS_KEY_REVOKED,
                  ACCESS_LOG_READ,
                  ACCESS_OPERATED,
                  ACCESS_APPROVAL_REFUSED,
                  ACCESS_SETTINGS,
                  REDACTION_SETTINGS,
                  GROUP_REFUSED))
          .sorted()
          .toList();

  /** Types of the events about the log's keys. */
  public static final List<String> KEY_EVENTS =
      List.of(KEY_ROTATED, KEY_COMPROMISED, KEY_REPLACED, KEY_ML_DSA_44_ADDED);

  /** Types of the events about the shards of a fleet. */
  public static final List<String> FLEET_EVENTS =
      List.of(FLEET_CREATED, SHARD_OPENED, SHARD_CHECKPOINT, SHARD_CLOSED);

  /** The agent id of system events. */
  public static final String AGENT = "indelible";

  public SystemEvent {
    Objects.requireNonNull(id, "id is null");
    requireType(Objects.requireNonNull(eventType, "eventType is null"));
    Objects.requireNonNull(details, "details is null");
    Timestamps.requireRecordable(Objects.requireNonNull(timestamp, "timestamp is null"));
  }

  /**
   * Returns true for a type that only the writer of the chain records. Readers of the chain act on
   * these events because they are signed, so a queue must not supply them.
   */
  public static boolean isReserved(String eventType) {
    return RESERVED.contains(eventType);
  }

  /**
   * Returns an event that happens now.
   *
   * @param details the report, as a JSON object
   * @throws IllegalStateException if {@link JsonValue#of(CanonicalWriter)} throws it
   */
  public static SystemEvent of(String eventType, CanonicalWriter details) {
    return at(Timestamps.now(), eventType, details);
  }

  /** Returns an event that happened at {@code time}, a whole microsecond. */
  public static SystemEvent at(Instant time, String eventType, CanonicalWriter details) {
    return new SystemEvent(Uuid7.at(time), eventType, JsonValue.of(details), time);
  }

  private static void requireType(String type) {
    int bytes = Text.utf8Length(Text.requireWellFormed(type, "event_type"));
    if (bytes == 0 || bytes > MAX_EVENT_TYPE_BYTES) {
      throw new IllegalArgumentException(
          "event_type has " + bytes + " bytes; it must have 1 to " + MAX_EVENT_TYPE_BYTES);
    }
    if (type.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("event_type has a control character");
    }
  }

  @Override
  public String agentId() {
    return AGENT;
  }

  @Override
  public int writeContent(CanonicalWriter out) {
    int start = out.length();
    out.beginObject().member("agent_id", AGENT);
    out.name("details").canonical(details.text()).member("id", id);
    int nonceAt = out.length() + 1 - start;
    out.member("timestamp", Timestamps.format(timestamp)).endObject();
    return nonceAt;
  }
}
