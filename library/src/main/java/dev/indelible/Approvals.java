// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.crypto.KeyException;
import dev.indelible.directory.DataDirectory;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * The escalated actions of a log, and the answers of the people who approve or deny them; {@code
 * docs/approvals.md} describes both. Each answer is an event in the chain. An approval permits one
 * retry of exactly this action by this agent under this policy, until it expires.
 *
 * <p>Each call opens the ledger and closes it again. Safe for use by any number of threads.
 */
public final class Approvals {
  /** The validity of an approval that names none. */
  public static final Duration DEFAULT_VALIDITY = Duration.ofMinutes(10);

  /** The longest validity of an approval. */
  public static final Duration MAX_VALIDITY = Duration.ofHours(24);

  /** The age from which on a request is not approved: whoever asked has ended by then. */
  public static final Duration MAX_AGE = Duration.ofHours(24);

  /** The maximum number of decisions in {@link #recent}. */
  public static final int MAX_RECENT = 20;

  private final DataDirectory data;

  Approvals(DataDirectory data) {
    this.data = Objects.requireNonNull(data, "data is null");
  }

  /** A person, or a system, that answers a request. */
  public sealed interface Approver {
    /** Returns the name to record. */
    String name();

    /**
     * A holder of a key that the policy names under {@code approvers}.
     *
     * @param signer signs the answer
     */
    record Key(NoteSigner signer) implements Approver {
      @Override
      public String name() {
        return signer.verifierKey().name();
      }
    }

    /**
     * A holder of a credential. The caller has checked the credential and its permission to
     * approve.
     *
     * @param name the name that the credential proves, for example {@code key:alice}
     * @param agentId the agent that the credential belongs to, if it belongs to one
     */
    record Credential(String name, Optional<String> agentId) implements Approver {}
  }

  /** The state of a request. */
  public enum State {
    /** Nobody has answered, and it can be approved. */
    PENDING,
    /** Approved, and not used yet. */
    GRANTED,
    /** Approved, and the action was permitted once. */
    USED,
    /** Denied. */
    DENIED,
    /** Nobody answered in time, or the approval expired unused. */
    EXPIRED,
    /** Another policy is in force, so an approval would have no effect. */
    OUTDATED;

    /** Returns the name in JSON, for example {@code pending}. */
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * An answer that is in the chain.
   *
   * @param id the id of its event
   * @param sequence its row
   * @param request the id of the event that it answers
   * @param isGranted true for an approval, false for a denial
   * @param by the name of the approver
   * @param reason the reason that the approver gave
   * @param expires the time at which an approval expires; empty for a denial
   * @param isSigned true if it has a note that the approver's key signed; false if it was made with
   *     a credential
   */
  public record Resolution(
      String id,
      long sequence,
      String request,
      boolean isGranted,
      String by,
      String reason,
      Optional<Instant> expires,
      boolean isSigned) {
    /** Writes the members of this answer in canonical order. */
    public void write(CanonicalWriter out) {
      throw new UnsupportedOperationException();
    }
  }

  /**
   * An escalated action.
   *
   * @param row the row of the escalation, with its payload: the action as recorded, the decision,
   *     the facts, the rules that matched and the effective command
   * @param subject the exact action that an approval would permit
   * @param origin the name of the log, which a signed answer states
   * @param state its state at the time of reading
   * @param timesAsked how often the agent asked for exactly this action, this time included
   * @param resolution the answer, if there is one
   */
  public record Request(
      ChainRow row,
      ApprovalSubject subject,
      String origin,
      State state,
      long timesAsked,
      Optional<Resolution> resolution) {
    /** Returns the id of the event, which names the request. */
    public String id() {
      return row.id();
    }

    /** Returns the time of the escalation. */
    public Instant time() {
      return Instant.parse(row.timestamp());
    }

    /** Returns the time from which on the request is not approved any more. */
    public Instant expires() {
      return time().plus(MAX_AGE);
    }

    /**
     * Returns the text that an approver signs to approve this request.
     *
     * @param expires the time at which the approval expires
     */
    public String approvalText(Instant expires, String reason) {
      throw new UnsupportedOperationException();
    }

    /** Returns the text that an approver signs to deny this request. */
    public String denialText(String reason) {
      throw new UnsupportedOperationException();
    }

    /**
     * Writes the members of this request in canonical order: {@code action_digest}, {@code
     * agent_id}, {@code expires}, {@code id}, {@code origin}, {@code payload}, {@code policy},
     * {@code principal}, {@code resolution}, {@code sequence}, {@code state}, {@code times_asked}
     * and {@code timestamp}; principal and resolution are absent if there is none.
     */
    public void write(CanonicalWriter out) {
      throw new UnsupportedOperationException();
    }
  }

  /**
   * Returns the pending requests of the last {@link #MAX_AGE}, newest first. An action that the
   * agent asked for several times is one request, the newest. Leaves out escalations whose action
   * is not identified (erased, or recorded as a stub), because these cannot be approved.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<Request> pending() throws LedgerException {
    return list(MAX_AGE).stream().filter(each -> each.state() == State.PENDING).toList();
  }

  /** Returns the requests of a time until now, pending or not, as {@link #pending} does. */
  public List<Request> list(Duration since) throws LedgerException {
    throw new UnsupportedOperationException(data + " " + since);
  }

  /**
   * Returns a request.
   *
   * @param eventId the id of the event that escalated the action
   * @throws ApprovalException if there is no such escalation, or nothing identifies its action
   * @throws LedgerException if the ledger cannot be read now
   */
  public Request request(String eventId) throws ApprovalException, LedgerException {
    throw new UnsupportedOperationException(eventId);
  }

  /**
   * Returns the last decisions before a request, newest first, at most {@value #MAX_RECENT}: those
   * in its session, or, if it has none, those about its agent.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<ChainRow> recent(Request request) throws LedgerException {
    throw new UnsupportedOperationException(request.id());
  }

  /**
   * Approves a request: permits one retry of its action. The answer is in the chain when this
   * method returns.
   *
   * @param eventId the id of the event that escalated the action
   * @param validity the time from now on in which the retry is permitted
   * @param reason the reason to record
   * @throws ApprovalException if the request cannot be approved, or not by this approver
   * @throws LedgerException if the ledger cannot be read or written to now
   * @throws KeyException if the log's key is missing
   */
  public Resolution grant(String eventId, Approver approver, Duration validity, String reason)
      throws ApprovalException, LedgerException, KeyException {
    throw new UnsupportedOperationException(eventId + approver + validity + reason);
  }

  /**
   * Denies a request. The action stays escalated, and this request cannot be approved any more; a
   * retry is a new request.
   *
   * @throws ApprovalException if the request cannot be denied, or not by this approver
   * @throws LedgerException if the ledger cannot be read or written to now
   * @throws KeyException if the log's key is missing
   */
  public Resolution deny(String eventId, Approver approver, String reason)
      throws ApprovalException, LedgerException, KeyException {
    throw new UnsupportedOperationException(eventId + approver + reason);
  }

  /**
   * Approves or denies a request, as a note states that an approver signed elsewhere.
   *
   * @param note {@link Request#approvalText} or {@link Request#denialText}, signed by a key that
   *     the policy names under {@code approvers}
   * @throws ApprovalException if the note is not valid for this request
   * @throws LedgerException if the ledger cannot be read or written to now
   * @throws KeyException if the log's key is missing
   */
  public Resolution resolve(String eventId, SignedNote note)
      throws ApprovalException, LedgerException, KeyException {
    throw new UnsupportedOperationException(eventId + note);
  }
}
