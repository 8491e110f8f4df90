// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.ApprovalException.Reason;
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
import dev.indelible.sqlite.SqliteLedger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Reads the requests of an open ledger with their answers, as of one moment. Leaves out rows that
 * do not verify. Used by one thread.
 */
final class RequestReader {
  private static final String ESCALATE = "escalate";

  private final SqliteLedger ledger;
  private final ApprovalChain chain;
  private final AuditLog log;
  private final ApprovalFiles files;
  private final String origin;

  /** The digest of the policy in force; empty if it is unknown, and no policy is outdated. */
  private final Optional<String> policy;

  private final Instant now = Instant.now();

  /**
   * Creates a reader of an open ledger.
   *
   * @param log finds rows of the ledger through the index
   * @param inForce the digest of the policy in force; empty if that is the last on record
   */
  RequestReader(SqliteLedger ledger, DataDirectory data, AuditLog log, Optional<String> inForce)
      throws LedgerException, KeyException {
    this.ledger = ledger;
    this.chain = new ApprovalChain(ledger, data.keys().accepted());
    this.log = log;
    this.files = data.approvals();
    this.origin = chain.origin();
    this.policy = inForce.isPresent() ? inForce : chain.lastPolicy();
  }

  /** Returns a check of answers to these requests, as of the time of this reader. */
  AnswerCheck answerCheck() {
    return new AnswerCheck(chain, policy, now);
  }

  /** Returns the requests that a filter finds, newest first. */
  List<Request> requests(Filter filter) throws LedgerException {
    List<Request> requests = new ArrayList<>();
    for (Asked asked : asked(filter.verdict(ESCALATE))) {
      requests.add(request(asked, asked.shown()));
    }
    requests.sort(Comparator.comparingLong((Request each) -> each.row().sequence()).reversed());
    return requests;
  }

  /**
   * Returns a request.
   *
   * @throws ApprovalException if there is no such escalation, or nothing identifies its action
   */
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
    ApprovalSubject subject = subject(row);
    Filter same =
        Filter.ALL
            .agent(row.agentId())
            .verdict(ESCALATE)
            .since(Instant.parse(row.timestamp()).minus(Approvals.MAX_AGE));
    for (Asked asked : asked(same)) {
      if (asked.subject().equals(subject)
          && asked.rows().stream().anyMatch(each -> each.id().equals(eventId))) {
        return request(asked, row);
      }
    }
    throw new LedgerException("event %s is missing in the index".formatted(eventId));
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
   * Returns the sound escalations that a filter finds, grouped by what was asked and by the
   * answers.
   */
  private List<Asked> asked(Filter filter) throws LedgerException {
    Map<ApprovalSubject, List<ChainRow>> rows = new LinkedHashMap<>();
    long first = Long.MAX_VALUE;
    for (ChainRow row : escalations(filter)) {
      Optional<ApprovalSubject> subject = row.payload().flatMap(ApprovalSubject::of);
      if (subject.isPresent() && chain.isSound(row)) {
        rows.computeIfAbsent(subject.get(), any -> new ArrayList<>()).add(row);
        first = Math.min(first, row.sequence());
      }
    }
    Map<ApprovalSubject, List<Resolution>> answers = answers(first);
    List<Asked> asked = new ArrayList<>();
    rows.forEach(
        (subject, escalations) -> {
          List<ChainRow> rest = new ArrayList<>(escalations);
          for (Resolution answer : answers.getOrDefault(subject, List.of())) {
            List<ChainRow> before =
                rest.stream().filter(row -> row.sequence() < answer.sequence()).toList();
            if (!before.isEmpty()) {
              asked.add(new Asked(subject, before, Optional.of(answer)));
              rest.removeAll(before);
            }
          }
          if (!rest.isEmpty()) {
            asked.add(new Asked(subject, rest, Optional.empty()));
          }
        });
    return asked;
  }

  /** Returns the rows that a filter finds, oldest first, including those not indexed yet. */
  private List<ChainRow> escalations(Filter filter) throws LedgerException {
    List<ChainRow> found = new ArrayList<>();
    EventQuery query = EventQuery.oldest(filter).limit(EventQuery.MAX_LIMIT);
    EventQuery.Page page = log.find(query);
    found.addAll(page.rows());
    while (page.next().isPresent()) {
      page = log.find(query.after(page.next().get()));
      found.addAll(page.rows());
    }
    Predicate<ChainRow> matches = filter.predicate();
    ledger.forEachRow(
        RowQuery.from(page.coverage().indexed() + 1),
        row -> {
          if (matches.test(row)) {
            found.add(row);
          }
          return true;
        });
    return found;
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

  private Request request(Asked asked, ChainRow row) throws LedgerException {
    return new Request(
        row, asked.subject(), origin, state(asked, row), asked.rows().size(), asked.answer());
  }

  private State state(Asked asked, ChainRow row) throws LedgerException {
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

  /** Returns true if an approval was used, as a file shows or, later, a row. */
  private boolean isUsed(Resolution approval, ApprovalSubject subject) throws LedgerException {
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
   * Escalations of one exact action with one answer, or with none yet.
   *
   * @param rows the escalations, oldest first
   */
  private record Asked(ApprovalSubject subject, List<ChainRow> rows, Optional<Resolution> answer) {
    /** Returns the escalation that the answer names, or the newest. */
    ChainRow shown() {
      ChainRow newest = rows.get(rows.size() - 1);
      return rows.stream()
          .filter(row -> answer.filter(each -> each.request().equals(row.id())).isPresent())
          .findFirst()
          .orElse(newest);
    }
  }
}
