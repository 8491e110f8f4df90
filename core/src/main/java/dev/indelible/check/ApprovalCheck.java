// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.event.ApprovalSubject;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.ApprovalUse;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Checks that each decision which names an approval was permitted by it: an earlier, sound approval
 * of this action, agent and policy that had not expired and that no other decision used. Also
 * checks each answer to an escalation: the escalation precedes it, and an approver of the policy
 * signed its note. If the chain has the use of an approval, only the decision that it names may
 * have been permitted.
 */
final class ApprovalCheck implements Check {
  /** The beginning of the member that names an approval, as it is in a payload. */
  private static final String MEMBER = ",\"approval\":\"";

  private final Findings findings;
  private final LedgerReader ledger;
  private final RowCheck content;

  /** The names that the log may have; empty if any. */
  private final Set<String> origins;

  /** The last row before those checked. */
  private final long before;

  /** The first decision that used each approval. */
  private final Map<String, Decision> uses = new HashMap<>();

  /** Policies on record by digest; not read until a signed answer names one. */
  private @Nullable Map<String, Loaded> policies;

  /** The decisions for which gates of a shared ledger used approvals, keyed by approval. */
  private final Map<String, String> claims = new HashMap<>();

  /** The approvals whose uses before the rows that are checked were read. */
  private final Set<String> recalled = new HashSet<>();

  private long answers;
  private long unproven;

  /** True if the payload of a decision was erased, which may have named an approval. */
  private boolean isErased;

  /**
   * Creates a check.
   *
   * @param content checks rows before the first row checked
   * @param origins the names that the log may have; empty if any
   * @param before the last row before those checked; 0 if all are checked
   */
  ApprovalCheck(
      Findings findings, LedgerReader ledger, RowCheck content, Set<String> origins, long before) {
    this.findings = findings;
    this.ledger = ledger;
    this.content = content;
    this.origins = origins;
    this.before = before;
  }

  /** A decision that names an approval. */
  private record Decision(long sequence, String event) {
    static Decision of(ChainRow row) {
      return new Decision(row.sequence(), row.id());
    }
  }

  /** A policy that came into force at a row, and the keys of its approvers. */
  private record Loaded(long sequence, List<VerifierKey> approvers) {}

  @Override
  public void row(CheckedRow row) throws LedgerException {
    if (row.is(SystemEvent.APPROVAL_GRANTED) || row.is(SystemEvent.APPROVAL_DENIED)) {
      answer(row);
    } else if (row.is(SystemEvent.APPROVAL_USED)) {
      use(row);
    } else if (row.is(DeferredAuditEvent.CHECK) && row.stored().mentions(MEMBER)) {
      decision(row);
    } else if (row.is(DeferredAuditEvent.CHECK) && !row.stored().hasPayload()) {
      isErased = true;
    }
  }

  private void answer(CheckedRow row) throws LedgerException {
    if (!row.isSound()) {
      unproven++;
      return;
    }
    answers++;
    Optional<ApprovalNote> answer = ApprovalNote.read(row.row());
    if (answer.isEmpty()) {
      broken(row, "the answer to an escalation is signed, but its content is unreadable");
      return;
    }
    Optional<String> fault = escalationFault(row, answer.get());
    fault = fault.isPresent() ? fault : noteFault(row, answer.get());
    fault.ifPresent(message -> broken(row, message));
  }

  /** Checks the use of an approval, which precedes the decision that it permits. */
  private void use(CheckedRow row) throws LedgerException {
    Optional<ApprovalUse> read = ApprovalUse.read(row.row()).filter(any -> row.isSound());
    if (read.isEmpty()) {
      return;
    }
    ApprovalUse use = read.get();
    recall(use.approval());
    String first = claims.putIfAbsent(use.approval(), use.event());
    Decision decision = uses.get(use.approval());
    if (first != null) {
      broken(
          row,
          "approval %s permits one action, and was used for event %s already"
              .formatted(use.approval(), first));
    } else if (decision != null && !decision.event().equals(use.event())) {
      broken(row, usedAlready(use.approval(), decision));
    }
  }

  private static String usedAlready(String approval, Decision first) {
    return "approval %s permits one action, and row %s used it already"
        .formatted(approval, first.sequence());
  }

  /** Returns the fault of the escalation that an answer names. */
  private Optional<String> escalationFault(CheckedRow row, ApprovalNote answer)
      throws LedgerException {
    Optional<ChainRow> request = ledger.row(answer.request());
    if (request.isEmpty() || request.get().sequence() >= row.sequence()) {
      return Optional.of(
          "it answers event %s, which is not in a row before it".formatted(answer.request()));
    }
    if (request.get().payload().isEmpty()) {
      // The erasure is on record, or the payload check reports it.
      return Optional.empty();
    }
    if (!EventQuery.Facets.of(request.get()).verdict().equals("escalate")) {
      return Optional.of(
          "it answers row %s, which is no escalation".formatted(request.get().sequence()));
    }
    Optional<ApprovalSubject> asked = ApprovalSubject.of(request.get().payload().get());
    return asked.equals(Optional.of(answer.subject()))
        ? Optional.empty()
        : Optional.of(
            "it states another action, agent or policy than row %s, which it answers"
                .formatted(request.get().sequence()));
  }

  private Optional<String> noteFault(CheckedRow row, ApprovalNote answer) throws LedgerException {
    if (answer.note().isEmpty()) {
      return Optional.empty();
    }
    Optional<Loaded> policy =
        Optional.ofNullable(policies().get(answer.subject().policy()))
            .filter(each -> each.sequence() < row.sequence());
    if (policy.isEmpty()) {
      return Optional.of(
          "it is signed, but no row before it records policy %s, which names the approvers"
              .formatted(answer.subject().policy()));
    }
    return answer.noteFault(
        policy.get().approvers(), origin -> origins.isEmpty() || origins.contains(origin));
  }

  /**
   * Returns the policies on record by their digest. The digest does not cover the list of
   * approvers, which comes through the queue; so the first record of a policy counts, and a later
   * one with other approvers is a fault.
   */
  private Map<String, Loaded> policies() throws LedgerException {
    Map<String, Loaded> known = policies;
    if (known == null) {
      Map<String, Loaded> read = new HashMap<>();
      ledger.forEachRow(
          RowQuery.ofType(SystemEvent.POLICY_LOADED),
          row -> {
            row.details(SystemEvent.POLICY_LOADED, PolicyText::read)
                .filter(any -> content.content(row).isEmpty())
                .ifPresent(loaded -> add(row.sequence(), loaded, read));
            return true;
          });
      known = read;
      policies = read;
    }
    return known;
  }

  private void add(long sequence, PolicyText.Recorded policy, Map<String, Loaded> read) {
    Loaded loaded = new Loaded(sequence, ApprovalNote.keys(policy.approvers()));
    Loaded first = read.putIfAbsent(policy.digest(), loaded);
    if (first != null && !first.approvers().equals(loaded.approvers())) {
      findings.broken(
          Finding.APPROVALS,
          sequence,
          "policy %s has other approvers here than in row %s, and one text names only one list"
              .formatted(policy.digest(), first.sequence()));
    }
  }

  private void decision(CheckedRow checked) throws LedgerException {
    if (!checked.isSound()) {
      // The payload or the signature check reports it.
      return;
    }
    ChainRow row = checked.row();
    Optional<String> named = approval(row);
    if (named.isEmpty()) {
      return;
    }
    String id = named.get();
    recall(id);
    Optional<String> fault = fault(row, id);
    if (fault.isPresent()) {
      // It used nothing, so it is no fault of a later row.
      broken(checked, fault.get());
      return;
    }
    Decision first = uses.putIfAbsent(id, Decision.of(row));
    if (first != null) {
      broken(checked, usedAlready(id, first));
    } else if (!claims.getOrDefault(id, row.id()).equals(row.id())) {
      broken(
          checked,
          "approval %s permits one action, and was used for event %s"
              .formatted(id, claims.get(id)));
    }
  }

  /** Reads the uses of an approval in the rows before those that are checked, once. */
  private void recall(String id) throws LedgerException {
    Optional<ChainRow> granted =
        before > 0 && recalled.add(id)
            ? ledger.row(id).filter(row -> row.sequence() < before)
            : Optional.empty();
    Optional<ApprovalNote> approval = granted.flatMap(ApprovalNote::read);
    if (approval.isEmpty()) {
      return;
    }
    long from = granted.get().sequence();
    recall(
        new RowQuery(from, Optional.empty(), Optional.of(SystemEvent.APPROVAL_USED)),
        row -> ApprovalUse.isOf(id, row),
        row -> claims.putIfAbsent(id, ApprovalUse.read(row).orElseThrow().event()));
    String agent = approval.get().subject().agentId();
    recall(
        new RowQuery(from, Optional.of(agent), Optional.of(DeferredAuditEvent.CHECK)),
        row -> approval(row).equals(Optional.of(id)),
        row -> uses.putIfAbsent(id, Decision.of(row)));
  }

  private void recall(RowQuery query, Predicate<ChainRow> isUse, Consumer<ChainRow> found)
      throws LedgerException {
    ledger.forEachRow(
        query,
        row -> {
          if (row.sequence() > before) {
            return false;
          }
          if (!row.hasPayload()) {
            isErased = true;
          } else if (isUse.test(row) && content.content(row).isEmpty()) {
            found.accept(row);
          } else if (isUse.test(row)) {
            findings.unknown(
                Finding.APPROVALS,
                row.sequence(),
                "it states the use of an approval that a later row names, and was changed after it was signed, so it is unknown if the approval was used twice");
          }
          return true;
        });
  }

  /** Returns the approval that a decision names; the text may also be part of its action. */
  private static Optional<String> approval(ChainRow row) {
    try {
      return row.mentions(MEMBER)
          ? Optional.ofNullable(
              CanonicalJson.read(row.payload().orElseThrow()).path("approval").asString(null))
          : Optional.empty();
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  private Optional<String> fault(ChainRow row, String id) throws LedgerException {
    Optional<ChainRow> granted = ledger.row(id).filter(each -> content.content(each).isEmpty());
    Optional<ApprovalNote> approval = granted.flatMap(ApprovalNote::read);
    if (approval.isEmpty() || granted.get().sequence() >= row.sequence()) {
      return Optional.of(
          "it was permitted by approval %s, and no sound row before it has this approval"
              .formatted(id));
    }
    long at = granted.get().sequence();
    if (approval.get().isExpired(Instant.parse(row.timestamp()))) {
      return Optional.of(
          "it was permitted by the answer in row %s, which is a denial or had expired"
              .formatted(at));
    }
    return ApprovalSubject.of(row.payload().orElseThrow())
            .filter(approval.get().subject()::permits)
            .isPresent()
        ? Optional.empty()
        : Optional.of(
            "it was permitted by the approval in row %s, which is for another action, agent, principal or policy"
                .formatted(at));
  }

  private void broken(CheckedRow row, String message) {
    findings.broken(Finding.APPROVALS, row.sequence(), message);
  }

  @Override
  public void end() {
    if (unproven > 0) {
      findings.absent(
          Finding.APPROVALS,
          "%s answers to escalations were not checked, because their rows are not sound"
              .formatted(unproven));
    }
    if (answers > 0 || !uses.isEmpty()) {
      findings.holds(
          Finding.APPROVALS,
          "%s to escalations, %s permitted by an approval%s"
              .formatted(
                  Findings.count(answers, "answer", "answers"),
                  Findings.count(uses.size(), "action", "actions"),
                  isErased ? "; whether decisions with erased payloads used one is unknown" : ""));
    }
  }
}
