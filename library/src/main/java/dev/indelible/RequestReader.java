// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.ApprovalException.Reason;
import dev.indelible.Approvals.Listed;
import dev.indelible.Approvals.Request;
import dev.indelible.Approvals.Resolution;
import dev.indelible.Approvals.State;
import dev.indelible.base.Text;
import dev.indelible.crypto.KeyException;
import dev.indelible.directory.ApprovalFiles;
import dev.indelible.directory.DataDirectory;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Filter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalUse;
import dev.indelible.storage.StoredLedger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Reads the requests of an open ledger with their answers, as of one moment. Leaves out rows that
 * do not verify. Used by one thread.
 */
final class RequestReader {
  private static final String ESCALATE = "escalate";

  /** The most escalations that are read for a list, so that no agent can make it fail. */
  private static final int MAX_READ = 10_000;

  /** The length of the payloads after which a list ends, in bytes. */
  private static final long MAX_BYTES = 32 << 20;

  /** The most escalations that are read at once, with their payloads. */
  private static final int PAGE = 100;

  private final StoredLedger ledger;
  private final ApprovalChain chain;
  private final AuditLog log;
  private final DataDirectory data;
  private final ApprovalFiles files;
  private final String origin;

  /** The digest of the policy in force; empty if it is unknown, and no policy is outdated. */
  private final Optional<String> policy;

  private final Instant now = Instant.now();

  /** The approvals that gates on a shared ledger used after the first request that was read. */
  private final Set<String> used = new HashSet<>();

  /** True if older escalations that a filter finds were not read. */
  private boolean isCut;

  /**
   * Creates a reader of an open ledger.
   *
   * @param log finds rows of the ledger through the index
   * @param inForce the digest of the policy in force; empty if that is the last on record
   */
  RequestReader(StoredLedger ledger, DataDirectory data, AuditLog log, Optional<String> inForce)
      throws LedgerException, KeyException {
    this.ledger = ledger;
    this.chain = new ApprovalChain(ledger, data.keys().accepted());
    this.log = log;
    this.data = data;
    this.files = data.approvals();
    this.origin = chain.origin();
    this.policy = inForce.isPresent() ? inForce : chain.lastPolicy();
  }

  /** Returns a check of answers to these requests, as of the time of this reader. */
  AnswerCheck answerCheck() {
    return new AnswerCheck(chain, data, policy, now);
  }

  /** Returns the newest requests that a filter finds, newest first. */
  Listed requests(Filter filter, Predicate<State> wanted, int limit) throws LedgerException {
    List<Asked> all = asked(filter.verdict(ESCALATE), Optional.empty());
    all.sort(Comparator.comparingLong((Asked each) -> each.shown().sequence()).reversed());
    List<Request> requests = new ArrayList<>();
    long bytes = 0;
    for (Asked asked : all) {
      State state = state(asked, asked.shown());
      if (!wanted.test(state)) {
        continue;
      }
      if (requests.size() == limit || bytes >= MAX_BYTES) {
        return new Listed(requests, true);
      }
      Optional<ChainRow> row = ledger.row(asked.shown().sequence()).filter(ChainRow::hasPayload);
      // Empty if the payload was erased meanwhile.
      if (row.isPresent()) {
        bytes += row.get().payload().orElseThrow().length;
        requests.add(request(asked, row.get(), state));
      }
    }
    return new Listed(requests, isCut);
  }

  /** Returns the failure of an answer to an event that is not in the chain. */
  static ApprovalException unknown(String eventId) {
    return new ApprovalException(
        Reason.UNKNOWN_REQUEST,
        ("the chain has no event %s; an event of this moment may still wait in the journal, so try"
                + " again in a second; 'indelible approvals list' shows the requests")
            .formatted(Text.printable(eventId, 60)));
  }

  /**
   * Returns a request.
   *
   * @throws ApprovalException if there is no such escalation, or nothing identifies its action
   */
  Request request(String eventId) throws ApprovalException, LedgerException {
    ChainRow row = ledger.row(eventId).orElseThrow(() -> unknown(eventId));
    Escalation escalation = new Escalation(subject(row), row.id(), row.sequence(), row.timestamp());
    Filter same =
        Filter.ALL
            .agent(row.agentId())
            .verdict(ESCALATE)
            .since(Instant.parse(row.timestamp()).minus(Approvals.MAX_AGE));
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
    if (data.isLedgerOutside()) {
      used.addAll(ApprovalUse.approvals(ledger, first));
    }
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
            isCut = true;
          }
          return true;
        });
    int read = found.size();
    while (read < MAX_READ) {
      page.rows().forEach(row -> escalation(row).ifPresent(found::addLast));
      read += page.rows().size();
      if (page.next().isEmpty()) {
        return found;
      }
      page = log.find(query.after(page.next().get()));
    }
    isCut |= !page.rows().isEmpty();
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
    boolean isOutdated = !asked.subject().policy().equals(policy.orElse(asked.subject().policy()));
    if (asked.answer().isEmpty()) {
      boolean isOld = !now.isBefore(Instant.parse(row.timestamp()).plus(Approvals.MAX_AGE));
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

  /** Returns true if an approval was used, as a row shows, or a file and, later, the decision. */
  private boolean isUsed(Resolution approval, ApprovalSubject subject) throws LedgerException {
    if (data.isLedgerOutside()) {
      return used.contains(approval.id());
    }
    if (files.isUsed(approval.id())) {
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
