// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.encoding.PolicySeen;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.CanonicalJson;
import dev.indelible.json.JsonFormatException;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.OperatorHistory.Loaded;
import dev.indelible.note.OperatorHistory.Operator;
import dev.indelible.verify.Finding;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Checks that the policy of each decision is on record before the decision. After the row of an
 * operator's key, also checks that the operator admitted each policy, that the numbers rise, and
 * that no decision is made under a policy more than {@link OperatorHistory#CHANGEOVER} after one
 * with a higher number came into force. Used by one thread.
 *
 * <p>Gates on several hosts learn of a policy from the chain. A row states if its gate had no
 * contact with the chain ({@link PolicySeen}), and is judged by what that gate could know:
 *
 * <ul>
 *   <li>A policy that a gate without contact puts into force replaces no other, because its row may
 *       have waited in a journal. When the gate has contact again, it records the policy again.
 *   <li>A decision that a gate without contact makes under a replaced policy is no fault, but is
 *       counted.
 * </ul>
 *
 * <p>A gate that records through a queue states its policy itself. If the text that it states has
 * the digest that a later decision names, the rules of that decision are on record. The rows do not
 * show which gate made a decision, and only the gate itself states that it decided by these rules.
 */
final class PolicyCheck implements Check {
  private static final long CHANGEOVER_MICROS =
      TimeUnit.MICROSECONDS.convert(OperatorHistory.CHANGEOVER);

  /** The number of a policy that no operator admitted. */
  private static final long NOT_ADMITTED = -1;

  /** The time at which a policy in force is replaced: not yet. */
  private static final long NEVER = Long.MAX_VALUE;

  private final Findings findings;
  private final OperatorHistory history;
  private final long from;

  /** The policies on record, keyed by digest. */
  private final Map<String, State> policies = new HashMap<>();

  /**
   * For each number, the time at which a gate with contact first had a policy with it in force, in
   * microseconds.
   */
  private final TreeMap<Long, Long> numbers = new TreeMap<>();

  /** The digests of the policies that gates stated, with their text. */
  private final Set<String> stated = new HashSet<>();

  /** Statements of gates without the text of their digest. */
  private long statedWithoutText;

  /** Decisions that name a policy which only gates stated. */
  private long byGates;

  private long loads;
  private long withoutText;

  /** Decisions that name a policy on record. */
  private long proven;

  /** Decisions before the first policy on record. */
  private long before;

  private long erased;

  /** Decisions that name a policy that is not on record, and the first of them. */
  private long unrecorded;

  private long firstUnrecorded;

  /** Rows of gates that could not know of a later policy, and the first of them. */
  private long unknowing;

  private long firstUnknowing;

  /** A policy on record. */
  private static final class State {
    private long number = NOT_ADMITTED;

    /** The time at which a policy with a higher number came into force, in microseconds. */
    private long replaced = NEVER;
  }

  /**
   * Creates a check.
   *
   * @param keys the keys of the log
   * @param since the first row checked; earlier policies are read through the index by type
   */
  PolicyCheck(Findings findings, LedgerReader ledger, KeyHistory keys, long since)
      throws LedgerException {
    this.findings = findings;
    this.history = new OperatorHistory(keys);
    // A row with a number below 1 was planted, and is checked too.
    this.from = since > 1 ? since : Long.MIN_VALUE;
    if (since > 1) {
      readBefore(ledger);
    }
  }

  private void readBefore(LedgerReader ledger) throws LedgerException {
    OperatorHistory.forEachRow(ledger, from, this::take);
    // What gates stated does not depend on the order of the other rows.
    ledger.forEachRow(
        RowQuery.ofType(PolicyText.GATE_LOADED),
        row -> {
          boolean isEarlier = row.sequence() < from;
          if (isEarlier) {
            take(row);
          }
          return isEarlier;
        });
  }

  @Override
  public void row(CheckedRow row) {
    if (row.policy().isPresent()) {
      decided(row, row.policy().get());
    } else if (row.is(SystemEvent.POLICY_LOADED)
        || row.is(SystemEvent.POLICY_OPERATOR)
        || row.is(PolicyText.GATE_LOADED)) {
      take(row.row());
    } else if (!row.stored().hasPayload()
        && (row.is(DeferredAuditEvent.CHECK) || row.is(DeferredAuditEvent.REFUSAL))) {
      erased++;
    }
  }

  private void take(ChainRow row) {
    if (row.is(PolicyText.GATE_LOADED)) {
      row.details(PolicyText.GATE_LOADED, PolicyText::read)
          .filter(PolicyText.Recorded::isProven)
          .ifPresentOrElse(policy -> stated.add(policy.digest()), () -> statedWithoutText++);
      return;
    }
    Optional<Operator> operator = history.operator();
    Optional<Loaded> loaded = history.take(row);
    if (loaded.isPresent()) {
      loaded(row, loaded.get());
    } else if (!history.operator().equals(operator)) {
      Admitted base = history.newest().orElseThrow();
      admit(base.digest(), base.number(), Timestamps.micros(row.timestamp()));
    }
  }

  private void loaded(ChainRow row, Loaded loaded) {
    loads++;
    String digest = loaded.recorded().digest();
    if (loaded.recorded().text().isEmpty()) {
      withoutText++;
    } else if (!loaded.recorded().isProven()) {
      broken(row.sequence(), "it records a text that is not that of policy " + digest);
    }
    long time = Timestamps.micros(row.timestamp());
    Optional<String> seen = loaded.recorded().seen();
    State policy =
        admit(digest, loaded.number().orElse(NOT_ADMITTED), seen.isEmpty() ? time : NEVER);
    if (!isLate(time, policy)) {
      return;
    }
    if (isUnknown(seen, policy)) {
      unknowing(row.sequence());
    } else if (loaded.number().isPresent()) {
      broken(
          row.sequence(),
          "it puts policy %s, number %s, into force more than a minute after number %s"
              .formatted(digest, loaded.number().getAsLong(), next(policy)));
    }
  }

  /**
   * Records that a policy is in force from a time on.
   *
   * @param time the time; {@link #NEVER} if no gate with contact has it in force yet
   */
  private State admit(String digest, long number, long time) {
    State policy = policies.computeIfAbsent(digest, any -> new State());
    policy.number = Math.max(policy.number, number);
    if (number != NOT_ADMITTED && time != NEVER && numbers.putIfAbsent(number, time) == null) {
      for (State other : policies.values()) {
        if (other.number < number) {
          other.replaced = Math.min(other.replaced, time);
        }
      }
    }
    policy.replaced =
        numbers.tailMap(policy.number, false).values().stream()
            .min(Comparator.naturalOrder())
            .orElse(NEVER);
    return policy;
  }

  private static boolean isLate(long time, State policy) {
    return policy.replaced != NEVER && time - policy.replaced > CHANGEOVER_MICROS;
  }

  /** Returns true if a gate had no contact since a policy was replaced. */
  private static boolean isUnknown(Optional<String> seen, State policy) {
    return PolicySeen.isBefore(seen, policy.replaced, OperatorHistory.CHANGEOVER);
  }

  private void unknowing(long sequence) {
    firstUnknowing = unknowing++ == 0 ? sequence : firstUnknowing;
  }

  /** Returns the number of the policy that replaced a policy. */
  private long next(State policy) {
    return numbers.higherKey(policy.number);
  }

  private void decided(CheckedRow row, String digest) {
    State policy = policies.get(digest);
    if (policy == null) {
      notOnRecord(row, digest);
      return;
    }
    proven++;
    if (policy.replaced == NEVER) {
      return;
    }
    ChainRow decoded = row.row();
    if (!isLate(Timestamps.micros(decoded.timestamp()), policy)) {
      return;
    }
    if (isUnknown(seen(decoded), policy)) {
      unknowing(row.sequence());
      return;
    }
    broken(
        row.sequence(),
        policy.number == NOT_ADMITTED
            ? "it was decided under policy %s, which the operator did not admit".formatted(digest)
            : "it was decided under policy %s, number %s, more than a minute after number %s came into force"
                .formatted(digest, policy.number, next(policy)));
  }

  /** Returns the last contact that a decision states for its gate; empty if it states none. */
  private static Optional<String> seen(ChainRow row) {
    try {
      return row.hasPayload()
          ? Optional.ofNullable(
              CanonicalJson.read(row.payload().orElseThrow())
                  .path(PolicySeen.MEMBER)
                  .asString(null))
          : Optional.empty();
    } catch (JsonFormatException e) {
      return Optional.empty();
    }
  }

  /**
   * Counts a decision whose policy is not on record. Without an operator this is no fault, because
   * a program can have a policy of its own that states no text. With one, that policy is never in
   * force.
   */
  private void notOnRecord(CheckedRow row, String digest) {
    Optional<Operator> operator = history.operator();
    if (operator.isEmpty() && stated.contains(digest)) {
      byGates++;
      return;
    }
    if (loads == 0 && operator.isEmpty()) {
      before++;
      return;
    }
    if (operator.isPresent()
        && !OperatorHistory.isWithinChangeover(operator.get().timestamp(), row.row().timestamp())
        && !PolicySeen.isBefore(
            seen(row.row()),
            Timestamps.micros(operator.get().timestamp()),
            OperatorHistory.CHANGEOVER)) {
      broken(
          row.sequence(),
          "it was decided under policy %s, which %s"
              .formatted(
                  digest,
                  stated.contains(digest)
                      ? "a gate stated, but the operator did not admit"
                      : "was never loaded"));
      return;
    }
    firstUnrecorded = unrecorded++ == 0 ? row.sequence() : firstUnrecorded;
  }

  private void broken(long sequence, String message) {
    if (sequence >= from) {
      findings.broken(Finding.POLICY, sequence, message);
    }
  }

  @Override
  public void end() {
    history.faults().forEach(fault -> broken(fault.sequence(), fault.message()));
    if (unrecorded > 0) {
      findings.absent(
          Finding.POLICY,
          firstUnrecorded,
          "%s from row %s on name a policy that is not on record, so its rules are unknown: a program with its own policy records them"
              .formatted(Findings.count(unrecorded, "decision", "decisions"), firstUnrecorded));
    }
    if (unknowing > 0) {
      findings.absent(
          Finding.POLICY,
          firstUnknowing,
          "%s from row %s on are of gates that decided by a replaced policy while they had no contact with the ledger: they state that they had not read the chain since the policy was replaced"
              .formatted(Findings.count(unknowing, "row", "rows"), firstUnknowing));
    }
    if (byGates > 0) {
      findings.absent(
          Finding.POLICY,
          "%s name a policy that a gate stated before, with the text of its digest. That the gate decided by it, and that anyone admitted it, is not checked"
              .formatted(Findings.count(byGates, "decision", "decisions")));
    }
    if (statedWithoutText > 0) {
      findings.absent(
          Finding.POLICY,
          "%s of gates lack the text of the policy that they name"
              .formatted(Findings.count(statedWithoutText, "statement", "statements")));
    }
    if (before > 0) {
      findings.absent(
          Finding.POLICY,
          "%s were made before the first policy on record, so their rules are unknown"
              .formatted(Findings.count(before, "decision", "decisions")));
    }
    if (loads > 0 || history.operator().isPresent()) {
      findings.holds(Finding.POLICY, describe());
    }
  }

  private String describe() {
    StringBuilder text = new StringBuilder();
    text.append(
        "the policy of %s was on record before it"
            .formatted(Findings.count(proven, "decision", "decisions")));
    if (erased > 0) {
      text.append(
          "; that of %s with erased payloads is unknown"
              .formatted(Findings.count(erased, "decision", "decisions")));
    }
    if (withoutText > 0) {
      text.append(
          "; the text of %s was too long to be recorded"
              .formatted(Findings.count(withoutText, "policy", "policies")));
    }
    history
        .operator()
        .ifPresentOrElse(
            operator ->
                text.append(
                    "; from row %s on, the operator's key %s admitted each policy, the last with number %s"
                        .formatted(
                            operator.sequence(),
                            operator.key(),
                            history.newest().map(Admitted::number).orElse(0L))),
            () -> text.append("; no operator's key, so nobody signed the policies"));
    return text.toString();
  }
}
