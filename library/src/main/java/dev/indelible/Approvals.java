// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.ApprovalException.Reason;
import dev.indelible.append.ApprovalEvents;
import dev.indelible.base.DurableFiles;
import dev.indelible.base.ThrowingFunction;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalStatement;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * The escalated actions of a log, and the answers of the people who approve or deny them; {@code
 * docs/approvals.md} describes both. Each answer is an event in the chain. An approval permits one
 * retry of exactly this action by this agent under this policy, until it expires.
 *
 * <p>Each call opens the ledger and closes it again. Safe for use by any number of threads.
 *
 * <p>The class is long because its public values are nested; {@code RequestReader} reads requests,
 * and {@code AnswerCheck} decides if an answer enters the chain.
 */
public final class Approvals {
  /** The validity of an approval that states none. */
  public static final Duration DEFAULT_VALIDITY = Duration.ofMinutes(10);

  /** The longest validity of an approval. */
  public static final Duration MAX_VALIDITY = Duration.ofHours(24);

  /** The age from which on a request is not answered: the agent that asked has probably ended. */
  public static final Duration MAX_AGE = Duration.ofHours(24);

  /** The maximum difference between the clocks of two machines. */
  static final Duration MAX_CLOCK_DIFFERENCE = Duration.ofMinutes(1);

  /** The maximum number of requests in a list. */
  public static final int MAX_LISTED = 1_000;

  /** The maximum number of decisions in {@link #recent}. */
  public static final int MAX_RECENT = 20;

  /** A validity that is refused. */
  private static final Duration TOO_LONG = MAX_VALIDITY.multipliedBy(2);

  private final AuditLog log;
  private final DataDirectory data;
  private final Optional<Signer> signer;
  private final Supplier<Optional<String>> inForce;

  /**
   * Creates access to the escalations of a log.
   *
   * @param signer the external signer; empty if the key is in the data directory
   * @param inForce returns the digest of the policy in force; empty if that is the last on record
   */
  Approvals(
      AuditLog log,
      DataDirectory data,
      Optional<Signer> signer,
      Supplier<Optional<String>> inForce) {
    this.log = log;
    this.data = data;
    this.signer = signer;
    this.inForce = inForce;
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
    static Resolution of(ChainRow row, ApprovalNote answer) {
      return new Resolution(
          row.id(),
          row.sequence(),
          answer.request(),
          answer.isGranted(),
          answer.by(),
          answer.reason(),
          answer.expires(),
          answer.note().isPresent());
    }

    /**
     * Writes the members of this answer in canonical order: {@code by}, {@code decision} ({@code
     * approve} or {@code deny}), {@code expires}, {@code id}, {@code reason}, {@code request},
     * {@code sequence} and {@code signed}; {@code expires} is absent for a denial.
     */
    public void write(CanonicalWriter out) {
      out.member("by", by)
          .member("decision", isGranted ? "approve" : "deny")
          .member("expires", expires.map(Timestamps::format))
          .member("id", id)
          .member("reason", reason)
          .member("request", request)
          .member("sequence", sequence)
          .member("signed", isSigned);
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
      return statement(Optional.of(expires.truncatedTo(ChronoUnit.MICROS)), reason).text();
    }

    /** Returns the text that an approver signs to deny this request. */
    public String denialText(String reason) {
      return statement(Optional.empty(), reason).text();
    }

    private ApprovalStatement statement(Optional<Instant> expires, String reason) {
      return new ApprovalStatement(origin, id(), subject, expires.isPresent(), expires, reason);
    }

    /**
     * Writes the members of this request in canonical order: {@code action_digest}, {@code
     * agent_id}, {@code expires}, {@code id}, {@code origin}, {@code payload}, {@code policy},
     * {@code principal}, {@code resolution}, {@code sequence}, {@code state}, {@code times_asked}
     * and {@code timestamp}; principal and resolution are absent if there is none.
     */
    public void write(CanonicalWriter out) {
      out.member("action_digest", subject.actionDigest())
          .member("agent_id", subject.agentId())
          .member("expires", Timestamps.format(expires()))
          .member("id", id())
          .member("origin", origin)
          .name("payload")
          .canonical(row.payload().orElseThrow())
          .member("policy", subject.policy())
          .member("principal", subject.principal());
      if (resolution.isPresent()) {
        out.name("resolution").beginObject();
        resolution.get().write(out);
        out.endObject();
      }
      out.member("sequence", row.sequence())
          .member("state", state.label())
          .member("times_asked", timesAsked)
          .member("timestamp", row.timestamp());
    }
  }

  /**
   * Requests that were read.
   *
   * @param requests the requests, newest first
   * @param more true if there are older ones, or may be, because not all escalations were read
   */
  public record Listed(List<Request> requests, boolean more) {}

  /**
   * Returns the pending requests of the last {@link #MAX_AGE}, as {@link #list} does.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<Request> pending() throws LedgerException {
    return list(MAX_AGE, Set.of(State.PENDING), MAX_LISTED).requests();
  }

  /** Returns the requests of a time until now, pending or not, as {@link #pending} does. */
  public List<Request> list(Duration since) throws LedgerException {
    return list(since, Set.of(State.values()), MAX_LISTED).requests();
  }

  /**
   * Returns the requests of a time until now that are in one of some states, newest first. An
   * action that the agent asked for several times is one request, the newest. Leaves out
   * escalations whose action is not identified (erased, or recorded as a stub), because these
   * cannot be approved. Reads the newest 10,000 escalations, and ends after 32 MiB of payloads.
   *
   * @param limit the most requests, at most {@link #MAX_LISTED}
   * @throws LedgerException if the ledger cannot be read now
   */
  public Listed list(Duration since, Set<State> states, int limit) throws LedgerException {
    if (limit > MAX_LISTED) {
      throw new IllegalArgumentException("limit is above " + MAX_LISTED + ": " + limit);
    }
    if (!log.hasLedger()) {
      return new Listed(List.of(), false);
    }
    try (StoredLedger ledger = open()) {
      Instant from = Instant.now().minus(since);
      return reader(ledger).requests(Filter.ALL.since(from), states::contains, limit);
    } catch (KeyException e) {
      throw unverifiable(e);
    }
  }

  /**
   * Returns a request.
   *
   * @param eventId the id of the event that escalated the action
   * @throws ApprovalException if there is no such escalation, or nothing identifies its action
   * @throws LedgerException if the ledger cannot be read now
   */
  public Request request(String eventId) throws ApprovalException, LedgerException {
    try (StoredLedger ledger = open(eventId)) {
      return reader(ledger).request(eventId);
    } catch (KeyException e) {
      throw unverifiable(e);
    }
  }

  /** Opens the ledger for a request; before the first row, no request is in the chain. */
  private StoredLedger open(String eventId) throws ApprovalException, LedgerException {
    if (data.mayHaveLedger() && data.engine().identify().isEmpty()) {
      throw RequestReader.unknown(eventId);
    }
    return open();
  }

  private StoredLedger open() throws LedgerException {
    return data.engine().open();
  }

  private RequestReader reader(StoredLedger ledger) throws LedgerException, KeyException {
    return new RequestReader(ledger, data, log, inForce.get());
  }

  private static LedgerException unverifiable(KeyException e) {
    return new LedgerException("the rows cannot be verified: " + e.getMessage());
  }

  /**
   * Returns the last decisions before a request, newest first, at most {@value #MAX_RECENT}: those
   * in its session, or, if it has none, those about its agent.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<ChainRow> recent(Request request) throws LedgerException {
    Filter before = Filter.ALL.agent(request.row().agentId()).until(request.time());
    String session = EventQuery.Facets.of(request.row()).session();
    Filter filter = session.isEmpty() ? before : before.session(session);
    return log.find(EventQuery.newest(filter).limit(MAX_RECENT)).rows();
  }

  /**
   * Returns the keys of the approvers whom the policy of a request names.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<VerifierKey> approvers(Request request) throws LedgerException {
    try (StoredLedger ledger = open()) {
      return new ApprovalChain(ledger, data.keys().accepted())
          .approvers(request.subject().policy());
    } catch (KeyException e) {
      throw unverifiable(e);
    }
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
    if (validity.isNegative() || validity.isZero()) {
      throw new ApprovalException(
          Reason.BAD_VALIDITY, "an approval of %s permits nothing".formatted(validity));
    }
    // A longer one is refused below, and must not overflow here.
    Duration near = validity.compareTo(TOO_LONG) > 0 ? TOO_LONG : validity;
    return answer(
        eventId,
        request -> {
          Instant expires = Instant.now().plus(near).truncatedTo(ChronoUnit.MICROS);
          return noteOf(request, approver, Optional.of(expires), reason);
        });
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
    return answer(eventId, request -> noteOf(request, approver, Optional.empty(), reason));
  }

  private static ApprovalNote noteOf(
      Request request, Approver approver, Optional<Instant> expires, String reason)
      throws ApprovalException {
    if (approver instanceof Approver.Credential credential
        && credential.agentId().equals(Optional.of(request.subject().agentId()))) {
      throw AnswerCheck.ownRequest(request.subject().agentId());
    }
    ApprovalStatement statement = request.statement(expires, reason);
    Optional<String> note =
        approver instanceof Approver.Key key
            ? Optional.of(SignedNote.sign(statement.text(), List.of(key.signer())).toString())
            : Optional.empty();
    return ApprovalNote.of(statement, approver.name(), note);
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
    return answer(
        eventId,
        request -> {
          // Nobody checks the others, and all of them would stay in the chain.
          if (note.signatures().size() != 1) {
            throw new ApprovalException(
                Reason.BAD_NOTE,
                "the note has %s signatures; an answer has that of the approver only"
                    .formatted(note.signatures().size()));
          }
          try {
            ApprovalStatement statement = ApprovalStatement.parse(note.text());
            String by = note.signatures().get(0).name();
            return ApprovalNote.of(statement, by, Optional.of(note.toString()));
          } catch (JsonFormatException e) {
            throw new ApprovalException(
                Reason.BAD_NOTE, "the note cannot be read: " + e.getMessage());
          }
        });
  }

  private Resolution answer(
      String eventId, ThrowingFunction<Request, ApprovalNote, ApprovalException> answering)
      throws ApprovalException, LedgerException, KeyException {
    try (StoredLedger ledger = open(eventId)) {
      RequestReader reader = reader(ledger);
      Request request = reader.request(eventId);
      AnswerCheck check = reader.answerCheck();
      check.requirePending(request);
      ApprovalNote answer = answering.apply(request);
      check.require(answer, request);
      return append(answer, request);
    }
  }

  /**
   * Appends an answer. If the ledger is in the data directory, the file that offers an approval to
   * the gates precedes the event: without its event it permits nothing, and after a crash between
   * the two no approval in the chain lacks its file. Gates on a shared ledger need no file.
   */
  private Resolution append(ApprovalNote answer, Request request)
      throws ApprovalException, LedgerException, KeyException {
    SystemEvent event = answer.toEvent();
    String id = event.id().toString();
    if (answer.isGranted() && !data.isLedgerOutside()) {
      try {
        data.approvals().offer(request.subject(), id);
      } catch (IOException e) {
        throw new LedgerException(
            "%s: the approval cannot be stored: %s"
                .formatted(data.approvals().root(), DurableFiles.reason(e)));
      }
    }
    SigningKeys keys = data.signingKeys(signer);
    try (ApprovalEvents events =
        new ApprovalEvents(
            data.openWriter(), data.checkpointFile(), keys.signer(), keys.accepted())) {
      Optional<ChainRow> earlier = events.append(event, answer, request.row());
      if (earlier.isPresent()) {
        data.approvals().withdraw(request.subject(), id);
        throw AnswerCheck.resolved(
            Resolution.of(earlier.get(), ApprovalNote.read(earlier.get()).orElseThrow()));
      }
    }
    return Resolution.of(row(id), answer);
  }

  private ChainRow row(String id) throws LedgerException {
    try (StoredLedger ledger = open()) {
      return ledger
          .row(id)
          .orElseThrow(() -> new LedgerException("the chain has no answer " + id + " any more"));
    }
  }
}
