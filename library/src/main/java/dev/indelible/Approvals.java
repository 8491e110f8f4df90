// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.ApprovalException.Reason;
import dev.indelible.action.AgentAction;
import dev.indelible.action.Read;
import dev.indelible.append.ApprovalEvents;
import dev.indelible.base.DurableFiles;
import dev.indelible.base.Text;
import dev.indelible.checkpoint.NoteSigner;
import dev.indelible.checkpoint.SignedNote;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalStatement;
import dev.indelible.policy.PolicyException;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.stream.Collectors;

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

  /** The action beside which a reason is searched for secrets. */
  private static final AgentAction NO_ACTION = new Read("approval");

  /** The most requests in a list. */
  public static final int MAX_REQUESTS = 1_000;

  /** The most escalations that are read for a list, so that no agent can make it fail. */
  public static final int MAX_READ = 10_000;

  /** The length of the payloads after which a list ends, in bytes. */
  private static final long MAX_BYTES = 32 << 20;

  /** The most escalations that are read at once, with their payloads. */
  private static final int PAGE = 100;

  /** The longest reason, in bytes. */
  private static final int MAX_REASON_BYTES = 1_000;

  private static final String ESCALATE = "escalate";

  /** The maximum difference between the clocks of a signer and of this machine. */
  private static final Duration CLOCKS = Duration.ofMinutes(1);

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
    private static Resolution of(ChainRow row, ApprovalNote answer) {
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
   * Returns the pending requests of the last {@link #MAX_AGE}, newest first. An action that the
   * agent asked for several times is one request, the newest. Leaves out escalations whose action
   * is not identified (erased, or recorded as a stub), because these cannot be approved. Reads the
   * newest {@value #MAX_READ} escalations, and returns at most {@value #MAX_REQUESTS} requests, and
   * fewer if their payloads are long.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public List<Request> pending() throws LedgerException {
    return list(MAX_AGE, State.PENDING::equals);
  }

  /** Returns the requests of a time until now, pending or not, as {@link #pending} does. */
  public List<Request> list(Duration since) throws LedgerException {
    return list(since, any -> true);
  }

  private List<Request> list(Duration since, Predicate<State> wanted) throws LedgerException {
    if (!log.hasLedger()) {
      return List.of();
    }
    try (SqliteLedger ledger = open()) {
      Instant from = Instant.now().minus(since);
      return new Reading(ledger).requests(Filter.ALL.since(from), wanted);
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
    try (SqliteLedger ledger = open()) {
      return new Reading(ledger).request(eventId);
    } catch (KeyException e) {
      throw unverifiable(e);
    }
  }

  private SqliteLedger open() throws LedgerException {
    return SqliteLedger.open(data.database());
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
    try (SqliteLedger ledger = open()) {
      return new Reading(ledger).chain.approvers(request.subject().policy());
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
      throw ownRequest(request.subject().agentId());
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

  private static ApprovalException ownRequest(String name) {
    return new ApprovalException(
        Reason.OWN_REQUEST, name + " asked for this action, and cannot answer its own request");
  }

  /** Makes an answer to a request. */
  @FunctionalInterface
  private interface Answering {
    ApprovalNote to(Request request) throws ApprovalException;
  }

  private Resolution answer(String eventId, Answering answering)
      throws ApprovalException, LedgerException, KeyException {
    try (SqliteLedger ledger = open()) {
      Reading reading = new Reading(ledger);
      Request request = reading.request(eventId);
      reading.requirePending(request);
      ApprovalNote answer = answering.to(request);
      reading.require(answer, request);
      return append(answer, request);
    }
  }

  /**
   * Appends an answer. The file that offers an approval to the gates precedes the event: without
   * its event it permits nothing, and after a crash between the two no approval in the chain lacks
   * its file.
   */
  private Resolution append(ApprovalNote answer, Request request)
      throws ApprovalException, LedgerException, KeyException {
    SystemEvent event = answer.toEvent();
    String id = event.id().toString();
    if (answer.isGranted()) {
      try {
        data.approvals().offer(request.subject(), id);
      } catch (IOException e) {
        throw new LedgerException(
            "%s: the approval cannot be stored: %s"
                .formatted(data.approvals().root(), DurableFiles.reason(e)));
      }
    }
    Keys keys = keys();
    try (ApprovalEvents events =
        new ApprovalEvents(
            SqliteWriter.open(data.database()),
            data.checkpointFile(),
            keys.signer(),
            keys.accepted())) {
      Optional<ChainRow> earlier = events.append(event, answer, request.row());
      if (earlier.isPresent()) {
        data.approvals().withdraw(request.subject(), id);
        throw resolved(
            Resolution.of(earlier.get(), ApprovalNote.read(earlier.get()).orElseThrow()));
      }
    }
    return Resolution.of(row(id), answer);
  }

  private ChainRow row(String id) throws LedgerException {
    try (SqliteLedger ledger = open()) {
      return ledger
          .row(id)
          .orElseThrow(() -> new LedgerException("the chain has no answer " + id + " any more"));
    }
  }

  private static ApprovalException resolved(Resolution before) {
    return new ApprovalException(
        Reason.ALREADY_RESOLVED,
        "row %s: %s by %s already; a retry of the agent is a new request"
            .formatted(before.sequence(), before.isGranted() ? "approved" : "denied", before.by()));
  }

  /** The key that signs an answer, and the keys accepted on existing rows. */
  private record Keys(Signer signer, KeyRing accepted) {}

  private Keys keys() throws KeyException, LedgerException {
    if (signer.isPresent()) {
      return new Keys(signer.get().checked(), data.keys().accepted());
    }
    DataDirectory.SigningKeys own = data.signingKeys();
    return new Keys(own.signer(), own.accepted());
  }

  /** One reading of the requests and their answers. Used by one thread. */
  private final class Reading {
    private final SqliteLedger ledger;
    private final ApprovalChain chain;
    private final String origin;
    private final Optional<String> policy;
    private final Instant now = Instant.now();

    Reading(SqliteLedger ledger) throws LedgerException, KeyException {
      this.ledger = ledger;
      this.chain = new ApprovalChain(ledger, data.keys().accepted());
      this.origin = chain.origin();
      Optional<String> known = inForce.get();
      this.policy = known.isPresent() ? known : chain.lastPolicy();
    }

    /** Returns the newest requests that a filter finds, newest first. */
    List<Request> requests(Filter filter, Predicate<State> wanted) throws LedgerException {
      List<Asked> all = asked(filter.verdict(ESCALATE), Optional.empty());
      all.sort(Comparator.comparingLong((Asked each) -> each.shown().sequence()).reversed());
      List<Request> requests = new ArrayList<>();
      long bytes = 0;
      for (Asked asked : all) {
        if (requests.size() == MAX_REQUESTS || bytes >= MAX_BYTES) {
          break;
        }
        State state = state(asked, asked.shown());
        // Empty if the payload was erased meanwhile.
        Optional<ChainRow> row =
            wanted.test(state)
                ? ledger.row(asked.shown().sequence()).filter(ChainRow::hasPayload)
                : Optional.empty();
        if (row.isPresent()) {
          bytes += row.get().payload().orElseThrow().length;
          requests.add(request(asked, row.get(), state));
        }
      }
      return requests;
    }

    Request request(String eventId) throws ApprovalException, LedgerException {
      ChainRow row =
          ledger
              .row(eventId)
              .orElseThrow(
                  () ->
                      new ApprovalException(
                          Reason.UNKNOWN_REQUEST,
                          "the chain has no event %s; 'indelible approvals list' shows the requests"
                              .formatted(Text.printable(eventId, 60))));
      Escalation escalation =
          new Escalation(subject(row), row.id(), row.sequence(), row.timestamp());
      Filter same =
          Filter.ALL
              .agent(row.agentId())
              .verdict(ESCALATE)
              .since(Instant.parse(row.timestamp()).minus(MAX_AGE));
      Asked asked =
          asked(same, Optional.of(escalation)).stream()
              .filter(each -> each.rows().contains(escalation))
              .findFirst()
              .orElseThrow();
      return request(asked, row, state(asked, escalation));
    }

    private ApprovalSubject subject(ChainRow row) throws ApprovalException, LedgerException {
      if (!row.is(DeferredAuditEvent.REFUSAL)) {
        throw new ApprovalException(
            Reason.NOT_AN_ESCALATION,
            "event %s is of type %s; only escalations are approved"
                .formatted(row.id(), row.eventType()));
      }
      if (!row.hasPayload()) {
        throw new ApprovalException(
            Reason.ERASED,
            "the payload of event %s was erased, so nothing identifies the action"
                .formatted(row.id()));
      }
      Optional<String> fault = chain.fault(row);
      if (fault.isPresent()) {
        throw new ApprovalException(
            Reason.FORGED, "event %s does not verify: %s".formatted(row.id(), fault.get()));
      }
      if (!EventQuery.Facets.of(row).verdict().equals(ESCALATE)) {
        throw new ApprovalException(
            Reason.NOT_AN_ESCALATION,
            "event %s is a refusal; only escalations are approved".formatted(row.id()));
      }
      return ApprovalSubject.of(row.payload().orElseThrow())
          .orElseThrow(
              () ->
                  new ApprovalException(
                      Reason.NOT_IDENTIFIED,
                      "event %s records a stub in place of its action, or names no policy, so nothing identifies the action"
                          .formatted(row.id())));
    }

    /**
     * Returns the newest escalations that a filter finds, grouped by what was asked and by the
     * answers.
     *
     * @param always an escalation to return even if it is not one of the newest
     */
    private List<Asked> asked(Filter filter, Optional<Escalation> always) throws LedgerException {
      Deque<Escalation> found = escalations(filter);
      if (always.isPresent() && !found.contains(always.get())) {
        found.addLast(always.get());
      }
      Map<ApprovalSubject, List<Escalation>> rows = new LinkedHashMap<>();
      long first = Long.MAX_VALUE;
      for (Escalation each : found) {
        rows.computeIfAbsent(each.subject(), any -> new ArrayList<>()).add(each);
        first = Math.min(first, each.sequence());
      }
      Map<ApprovalSubject, List<Resolution>> answers = answers(first);
      List<Asked> asked = new ArrayList<>();
      rows.forEach(
          (subject, escalations) -> {
            List<Escalation> rest = new ArrayList<>(escalations);
            rest.sort(Comparator.comparingLong(Escalation::sequence));
            for (Resolution answer : answers.getOrDefault(subject, List.of())) {
              List<Escalation> before =
                  rest.stream().filter(row -> row.sequence() < answer.sequence()).toList();
              if (!before.isEmpty()) {
                asked.add(new Asked(subject, before, Optional.of(answer)));
                rest = rest.subList(before.size(), rest.size());
              }
            }
            if (!rest.isEmpty()) {
              asked.add(new Asked(subject, rest, Optional.empty()));
            }
          });
      return asked;
    }

    /**
     * Returns the newest rows that a filter finds and that are sound escalations, newest first,
     * including those not indexed yet. Keeps no payloads: an agent decides how many there are, and
     * how long.
     */
    private Deque<Escalation> escalations(Filter filter) throws LedgerException {
      EventQuery query = EventQuery.newest(filter).limit(PAGE);
      EventQuery.Page page = log.find(query);
      Deque<Escalation> found = new ArrayDeque<>();
      Predicate<ChainRow> matches = filter.predicate();
      ledger.forEachRow(
          RowQuery.from(page.coverage().indexed() + 1),
          row -> {
            if (matches.test(row)) {
              escalation(row).ifPresent(found::addFirst);
            }
            if (found.size() > MAX_READ) {
              found.removeLast();
            }
            return true;
          });
      int read = found.size();
      while (read < MAX_READ) {
        page.rows().forEach(row -> escalation(row).ifPresent(found::addLast));
        read += page.rows().size();
        if (page.next().isEmpty()) {
          break;
        }
        page = log.find(query.after(page.next().get()));
      }
      return found;
    }

    /** Returns the escalation in a row; empty if it is not sound, or its action not identified. */
    private Optional<Escalation> escalation(ChainRow row) {
      return row.payload()
          .flatMap(ApprovalSubject::of)
          .filter(any -> chain.isSound(row))
          .map(subject -> new Escalation(subject, row.id(), row.sequence(), row.timestamp()));
    }

    /** Returns the sound answers after a row, oldest first. */
    private Map<ApprovalSubject, List<Resolution>> answers(long from) throws LedgerException {
      Map<ApprovalSubject, List<Resolution>> answers = new HashMap<>();
      for (String type : ApprovalNote.TYPES) {
        ledger.forEachRow(
            new RowQuery(from, Optional.empty(), Optional.of(type)),
            row -> {
              Optional<ApprovalNote> answer = ApprovalNote.read(row);
              if (answer.isPresent() && chain.isSound(row)) {
                answers
                    .computeIfAbsent(answer.get().subject(), any -> new ArrayList<>())
                    .add(Resolution.of(row, answer.get()));
              }
              return true;
            });
      }
      answers.values().forEach(each -> each.sort(Comparator.comparingLong(Resolution::sequence)));
      return answers;
    }

    private Request request(Asked asked, ChainRow row, State state) {
      return new Request(row, asked.subject(), origin, state, asked.rows().size(), asked.answer());
    }

    private State state(Asked asked, Escalation row) throws LedgerException {
      boolean isOutdated =
          !asked.subject().policy().equals(policy.orElse(asked.subject().policy()));
      if (asked.answer().isEmpty()) {
        boolean isOld = !now.isBefore(Instant.parse(row.timestamp()).plus(MAX_AGE));
        return isOld ? State.EXPIRED : isOutdated ? State.OUTDATED : State.PENDING;
      }
      Resolution answer = asked.answer().get();
      if (!answer.isGranted()) {
        return State.DENIED;
      }
      if (isUsed(answer, asked.subject())) {
        return State.USED;
      }
      boolean isExpired = !now.isBefore(answer.expires().orElse(now));
      return isExpired ? State.EXPIRED : isOutdated ? State.OUTDATED : State.GRANTED;
    }

    /** Returns true if an approval was used, as a file shows or, later, a row. */
    private boolean isUsed(Resolution approval, ApprovalSubject subject) throws LedgerException {
      if (data.approvals().isUsed(approval.id())) {
        return true;
      }
      Instant end = approval.expires().orElse(now);
      if (now.isBefore(end)) {
        return false;
      }
      String member = "\"approval\":\"" + approval.id() + "\"";
      boolean[] found = {false};
      ledger.forEachRow(
          new RowQuery(approval.sequence(), Optional.of(subject.agentId()), Optional.empty()),
          row -> {
            found[0] =
                row.is(DeferredAuditEvent.CHECK)
                    && row.payload()
                        .filter(bytes -> new String(bytes, StandardCharsets.UTF_8).contains(member))
                        .isPresent();
            return !found[0] && Timestamps.micros(row.timestamp()) < Timestamps.micros(end);
          });
      return found[0];
    }

    void requirePending(Request request) throws ApprovalException {
      if (request.resolution().isPresent()) {
        throw resolved(request.resolution().get());
      }
      if (request.state() == State.EXPIRED) {
        throw new ApprovalException(
            Reason.TOO_OLD,
            "event %s is of %s; after %s hours a request is not answered any more"
                .formatted(request.id(), request.time(), MAX_AGE.toHours()));
      }
      if (request.state() == State.OUTDATED) {
        throw new ApprovalException(
            Reason.OTHER_POLICY,
            "event %s was escalated by policy %s, and policy %s is in force now; a retry of the agent is a new request"
                .formatted(request.id(), request.subject().policy(), policy.orElse("")));
      }
    }

    /** Requires that an answer is well-formed, and that its approver may give it. */
    void require(ApprovalNote answer, Request request) throws ApprovalException, LedgerException {
      requireReason(answer.reason());
      if (answer.isGranted()) {
        Duration validity = Duration.between(now, answer.expires().orElse(now));
        // The clock of a remote signer may be a little ahead.
        if (validity.compareTo(MAX_VALIDITY.plus(CLOCKS)) > 0 || validity.isNegative()) {
          throw new ApprovalException(
              Reason.BAD_VALIDITY,
              "the approval expires at %s; an approval is valid for at most %s hours from now"
                  .formatted(answer.expires().orElse(now), MAX_VALIDITY.toHours()));
        }
      }
      ApprovalSubject subject = request.subject();
      if (answer.by().equals(subject.agentId())
          || answer.by().equals(subject.principal().orElse(""))) {
        throw ownRequest(answer.by());
      }
      if (answer.note().isPresent()) {
        requireNote(answer, request);
      }
    }

    private void requireReason(String reason) throws ApprovalException, LedgerException {
      try {
        Text.requireAtMost(MAX_REASON_BYTES, reason, "reason");
      } catch (IllegalArgumentException e) {
        throw new ApprovalException(Reason.BAD_REASON, String.valueOf(e.getMessage()));
      }
      if (reason.isBlank() || !Text.isPrintable(reason)) {
        throw new ApprovalException(
            Reason.BAD_REASON, "the reason is empty, or has an invisible character; state it");
      }
      if (hasSecret(reason)) {
        throw new ApprovalException(
            Reason.BAD_REASON,
            "the reason has a secret in it, which would stay in the chain; state it without");
      }
    }

    /** Returns true for a text with a secret. It is not replaced, because a key may have signed. */
    private boolean hasSecret(String text) throws LedgerException {
      try {
        List<String> texts = List.of(text);
        return !data.redactor().texts(NO_ACTION, texts).equals(texts);
      } catch (PolicyException | KeyException e) {
        throw new LedgerException("the reason cannot be searched for secrets: " + e.getMessage());
      }
    }

    private void requireNote(ApprovalNote answer, Request request)
        throws ApprovalException, LedgerException {
      List<VerifierKey> approvers = chain.approvers(request.subject().policy());
      if (approvers.stream().noneMatch(key -> key.name().equals(answer.by()))) {
        throw new ApprovalException(
            Reason.NOT_AN_APPROVER,
            "the policy in force names no approver %s; it names %s"
                .formatted(
                    Text.printable(answer.by(), 60),
                    approvers.isEmpty()
                        ? "none"
                        : approvers.stream()
                            .map(VerifierKey::name)
                            .collect(Collectors.joining(", "))));
      }
      boolean isHere =
          answer.request().equals(request.id()) && answer.subject().equals(request.subject());
      Optional<String> fault =
          isHere
              ? answer.noteFault(approvers, origin::equals)
              : Optional.of("it is about another request, action, agent or policy");
      if (fault.isPresent()) {
        throw new ApprovalException(Reason.BAD_NOTE, fault.get());
      }
    }
  }

  /**
   * A row that escalates an action.
   *
   * @param id the id of the event
   */
  private record Escalation(ApprovalSubject subject, String id, long sequence, String timestamp) {}

  /**
   * Escalations of one exact action with one answer, or with none yet.
   *
   * @param rows the escalations, oldest first
   */
  private record Asked(
      ApprovalSubject subject, List<Escalation> rows, Optional<Resolution> answer) {
    /** Returns the escalation that the answer names, or the newest. */
    Escalation shown() {
      Escalation newest = rows.get(rows.size() - 1);
      return rows.stream()
          .filter(row -> answer.filter(each -> each.request().equals(row.id())).isPresent())
          .findFirst()
          .orElse(newest);
    }
  }
}
