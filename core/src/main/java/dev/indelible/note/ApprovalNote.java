// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFields;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Content of an {@code approval.granted} or {@code approval.denied} event: the answer to an
 * escalation.
 *
 * @param request the id of the event that escalated the action
 * @param subject the exact action
 * @param isGranted true for an approval, false for a denial
 * @param expires the time at which an approval expires; empty for a denial
 * @param reason the reason of the approver
 * @param by the name of the approver: of a key, or as a credential proves it
 * @param note the note that the approver's key signed; empty if the answer was made with a
 *     credential
 */
public record ApprovalNote(
    String request,
    ApprovalSubject subject,
    boolean isGranted,
    Optional<Instant> expires,
    String reason,
    String by,
    Optional<String> note) {

  /** The types of the events that have this content. */
  public static final List<String> TYPES =
      List.of(SystemEvent.APPROVAL_GRANTED, SystemEvent.APPROVAL_DENIED);

  public ApprovalNote {
    if (isGranted != expires.isPresent()) {
      throw new IllegalArgumentException("an approval expires, and a denial does not");
    }
  }

  /** Returns the content for a statement of an approver. */
  public static ApprovalNote of(ApprovalStatement statement, String by, Optional<String> note) {
    return new ApprovalNote(
        statement.request(),
        statement.subject(),
        statement.isGranted(),
        statement.expires(),
        statement.reason(),
        by,
        note);
  }

  /** Reads the content of a row; empty if the row has none. Does not check the signature. */
  public static Optional<ApprovalNote> read(ChainRow row) {
    return row.details(SystemEvent.APPROVAL_GRANTED, details -> read(details, true))
        .or(() -> row.details(SystemEvent.APPROVAL_DENIED, details -> read(details, false)));
  }

  private static ApprovalNote read(JsonFields details, boolean isGranted)
      throws JsonFormatException {
    return new ApprovalNote(
        details.string("request"),
        new ApprovalSubject(
            details.string("agent_id"),
            details.optionalString("principal"),
            details.string("policy"),
            details.string("action_digest")),
        isGranted,
        ApprovalStatement.expires(details),
        details.string("reason"),
        details.string("by"),
        details.optionalString("note"));
  }

  /** Returns the event that records this answer in the chain. */
  public SystemEvent toEvent() {
    return SystemEvent.of(
        isGranted ? SystemEvent.APPROVAL_GRANTED : SystemEvent.APPROVAL_DENIED,
        new CanonicalWriter()
            .beginObject()
            .member("action_digest", subject.actionDigest())
            .member("agent_id", subject.agentId())
            .member("by", by)
            .member("expires", expires.map(Timestamps::format))
            .member("note", note)
            .member("policy", subject.policy())
            .member("principal", subject.principal())
            .member("reason", reason)
            .member("request", request)
            .endObject());
  }

  /** Returns true if another answer is about this action of this agent. */
  public boolean answersTheSame(ApprovalNote other) {
    return subject.equals(other.subject);
  }

  /** Returns true if this answer permits nothing at a time, because it is a denial or expired. */
  public boolean isExpired(Instant at) {
    return expires.isEmpty() || !at.isBefore(expires.get());
  }

  /**
   * Returns the fault of the signed note; empty if it is valid, or if the answer was made with a
   * credential and has no note.
   *
   * @param approvers the keys of the approvers that the policy names
   * @param isOrigin returns true for a name of this log
   */
  public Optional<String> noteFault(List<VerifierKey> approvers, Predicate<String> isOrigin) {
    return note.flatMap(signed -> noteFault(signed, approvers, isOrigin));
  }

  private Optional<String> noteFault(
      String signed, List<VerifierKey> approvers, Predicate<String> isOrigin) {
    try {
      SignedNote parsed = SignedNote.parse(signed.getBytes(StandardCharsets.UTF_8));
      ApprovalStatement statement = ApprovalStatement.parse(parsed.text());
      boolean isSigned =
          parsed.verify(approvers).keySet().stream().anyMatch(key -> key.name().equals(by));
      if (!isSigned) {
        return Optional.of("the note is not signed by a key of the name " + by);
      }
      if (!isOrigin.test(statement.origin())) {
        return Optional.of("the note is for another log, " + statement.origin());
      }
      return equals(of(statement, by, note))
          ? Optional.empty()
          : Optional.of("the signed note is about another request, action, agent, policy or time");
    } catch (CheckpointParseException | JsonFormatException e) {
      return Optional.of("the note cannot be read: " + e.getMessage());
    } catch (VerificationException e) {
      return Optional.of("the note is not signed by an approver of the policy: " + e.getMessage());
    }
  }

  /**
   * Returns the keys of texts that are keys.
   *
   * @param vkeys verifier keys as text, as a policy names its approvers
   */
  public static List<VerifierKey> keys(List<String> vkeys) {
    List<VerifierKey> keys = new ArrayList<>();
    for (String vkey : vkeys) {
      try {
        keys.add(VerifierKey.parse(vkey));
      } catch (CheckpointParseException e) {
        // The policy's reader refuses it; a recorded one that is not a key names no approver.
      }
    }
    return keys;
  }
}
