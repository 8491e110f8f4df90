// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.TypeCounts;
import dev.indelible.monitor.VerdictCounts;
import dev.indelible.note.RowCheck;
import dev.indelible.note.RowFault;
import dev.indelible.note.Tally;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Compares the tallies in the chain with its rows and with each other. Each tally counts exactly
 * the rows since the previous tally. A run has no more outcomes than attempts. Over all runs, the
 * rows contain at least the decisions that the runs appended.
 *
 * <p>A row that no run counts is not a fault: a run that was killed, made only one decision, or is
 * still running has not counted its rows. The number of these rows is reported as unknown. Used by
 * one thread.
 */
final class CompletenessCheck implements Check {
  private final Findings findings;
  private final LedgerReader ledger;

  /** True if rows before the first row checked are left out. */
  private final boolean partial;

  /** The last tally of each run that has not ended. */
  private final Map<UUID, Tally> open = new HashMap<>();

  /** The runs that have ended, and the sums of their last tallies. */
  private final Set<UUID> ended = new HashSet<>();

  private Sums endedSums = Sums.NONE;

  /** Decisions in the rows since the last tally. */
  private long checks;

  private long refusals;

  /** Decisions in rows, as the tallies count them. */
  private TypeCounts covered = TypeCounts.NONE;

  /** Decisions that the runs count as appended, and decisions replayed from the dead letters. */
  private TypeCounts accounted = TypeCounts.NONE;

  /** Decisions that a run appended for an earlier run. */
  private long recovered;

  private TypeCounts deadLettered = TypeCounts.NONE;
  private long replayedOrPurged;

  /** The row of the last tally; 0 before the first. */
  private long lastTally;

  /** Number of rows before the last tally when it was written, minus the number now. */
  private long shift;

  /** True if a row since the last tally was changed, so that these rows cannot be counted. */
  private boolean changed;

  private long tallies;
  private long changedRanges;
  private long unreadable;

  /** The row before this one; null at the first. */
  private @Nullable CheckedRow before;

  /**
   * Creates a check.
   *
   * @param since the first row checked; if it is later than row 1, the sums before it are unknown
   */
  CompletenessCheck(Findings findings, LedgerReader ledger, long since) {
    this.findings = findings;
    this.ledger = ledger;
    this.partial = since > 1;
  }

  /**
   * Sums over the last tallies of some runs.
   *
   * @param attempts decisions asked for
   * @param unrecorded decisions that by design leave no row
   * @param rejected decisions that the queue rejected
   * @param pending decisions without an outcome
   * @param lost decisions recorded as lost
   */
  private record Sums(
      VerdictCounts attempts, long unrecorded, long rejected, long pending, long lost) {
    static final Sums NONE = new Sums(VerdictCounts.NONE, 0, 0, 0, 0);

    Sums plus(Tally tally) {
      return new Sums(
          attempts.plus(tally.attempts()),
          unrecorded + tally.unrecorded().total(),
          rejected + tally.outcomes().rejected().total(),
          pending + tally.pending(),
          lost + tally.outcomes().lost());
    }
  }

  @Override
  public void row(CheckedRow row) {
    changed |= isChanged(row);
    if (row.is(DeferredAuditEvent.CHECK)) {
      checks++;
    } else if (row.is(DeferredAuditEvent.REFUSAL)) {
      refusals++;
    } else if (row.is(SystemEvent.TALLY)) {
      Optional<Tally> tally = row.isSound() ? Tally.read(row.row()) : Optional.empty();
      if (row.isSound() && tally.isEmpty()) {
        broken(row.sequence(), "the tally is signed, but its content is unreadable");
      }
      tally.ifPresentOrElse(read -> tally(row.sequence(), read), () -> unreadable++);
    } else if (row.isSound() && row.is(SystemEvent.DEAD_LETTER_REPLAYED)) {
      replayedOrPurged++;
      accounted = accounted.plus(replayed(row));
    } else if (row.isSound() && row.is(SystemEvent.DEAD_LETTER_PURGED)) {
      replayedOrPurged++;
    }
    before = row;
  }

  /**
   * Returns a count of the decision that a replay note is about; the decision's row precedes the
   * note.
   */
  private TypeCounts replayed(CheckedRow note) {
    CheckedRow decision = before;
    Optional<String> replayed =
        note.row().details(SystemEvent.DEAD_LETTER_REPLAYED, details -> details.string("event_id"));
    if (decision == null || !replayed.equals(Optional.of(decision.row().id()))) {
      return TypeCounts.NONE;
    }
    return TypeCounts.one(decision.row().eventType());
  }

  /**
   * Returns true if a row has a proven fault that affects the counts; a changed or erased payload
   * does not.
   */
  private static boolean isChanged(CheckedRow row) {
    // No stream, for speed: without row signatures, every row has a fault.
    for (RowFault fault : row.faults()) {
      if (fault.proven()
          && !fault.check().equals(RowCheck.PAYLOAD)
          && !RowCheck.isUnsigned(row.stored(), fault)) {
        return true;
      }
    }
    return false;
  }

  private void tally(long sequence, Tally tally) {
    if (unreadable == 0) {
      compareRows(sequence, tally);
      if (ended.contains(tally.run())) {
        broken(sequence, "run %s has another tally after its last one".formatted(tally.run()));
      } else {
        Optional<Tally> previous = Optional.ofNullable(open.remove(tally.run()));
        compareRun(sequence, tally, previous);
        compareSums(sequence, tally, previous);
        keep(tally);
      }
    }
    tallies++;
    lastTally = sequence;
    changedRanges += changed ? 1 : 0;
    changed = false;
    checks = 0;
    refusals = 0;
  }

  private void keep(Tally tally) {
    if (tally.closed()) {
      ended.add(tally.run());
      endedSums = endedSums.plus(tally);
    } else {
      open.put(tally.run(), tally);
    }
  }

  /** Compares the rows since the previous tally with the counts of this tally. */
  private void compareRows(long sequence, Tally tally) {
    TypeCounts found = new TypeCounts(checks, refusals);
    long moved = tally.last() + 1 - sequence;
    boolean known = !changed && (tallies > 0 || !partial);
    if (known && !found.equals(tally.rows())) {
      broken(
          sequence,
          "rows %s to %s have %s; when the tally in row %s was written, they had %s"
              .formatted(
                  lastTally + 1,
                  sequence - 1,
                  found.describe(),
                  sequence,
                  tally.rows().describe()));
    } else if (known && moved != shift) {
      broken(
          sequence,
          "between rows %s and %s there are %s rows %s than when the tally in row %s was written"
              .formatted(
                  lastTally,
                  sequence,
                  Math.abs(moved - shift),
                  moved > shift ? "fewer" : "more",
                  sequence));
    }
    shift = moved;
  }

  /** Compares a run's tally with the run's previous one, and its outcomes with its attempts. */
  private void compareRun(long sequence, Tally tally, Optional<Tally> previous) {
    long expected = previous.map(Tally::number).orElse(0L) + 1;
    if (tally.number() != expected && (previous.isPresent() || !partial)) {
      broken(
          sequence,
          "the tally in row %s is number %s of run %s; number %s is missing"
              .formatted(sequence, tally.number(), tally.run(), expected));
    }
    TypeCounts outcomes = tally.outcomes().byType();
    TypeCounts attempts = tally.attempts().byType();
    if (outcomes.exceeds(attempts)) {
      broken(
          sequence,
          "run %s counts more outcomes (%s) than attempts (%s)"
              .formatted(tally.run(), outcomes.describe(), attempts.describe()));
    }
    if (previous
        .map(CompletenessCheck::appended)
        .orElse(TypeCounts.NONE)
        .exceeds(appended(tally))) {
      broken(
          sequence,
          "run %s counts fewer appended decisions than in its previous tally"
              .formatted(tally.run()));
    }
  }

  /**
   * Adds a tally to the sums over all runs. Checks that the rows contain at least the decisions
   * that the runs appended.
   */
  private void compareSums(long sequence, Tally tally, Optional<Tally> previous) {
    covered = covered.plus(tally.rows());
    accounted =
        accounted
            .plus(appended(tally))
            .minus(previous.map(CompletenessCheck::appended).orElse(TypeCounts.NONE));
    deadLettered =
        deadLettered
            .plus(tally.outcomes().deadLettered())
            .minus(previous.map(one -> one.outcomes().deadLettered()).orElse(TypeCounts.NONE));
    recovered +=
        Math.max(
            0, tally.recovered().total() - previous.map(one -> one.recovered().total()).orElse(0L));
    if (!partial && accounted.exceeds(covered)) {
      broken(
          sequence,
          "up to row %s the runs appended %s, but the rows have %s"
              .formatted(sequence, accounted.describe(), covered.describe()));
      accounted = covered;
    }
  }

  private static TypeCounts appended(Tally tally) {
    return tally.outcomes().appended().plus(tally.recovered());
  }

  @Override
  public void end() throws LedgerException {
    if (tallies == 0) {
      findings.absent(
          Finding.COMPLETENESS,
          unreadable > 0
              ? "no tally is both readable and signed by an accepted key"
              : "there is no tally, so a missing decision would not be detected");
      return;
    }
    if (unreadable > 0) {
      findings.absent(
          Finding.COMPLETENESS,
          "%s tallies are unreadable or not signed by an accepted key; the others do not add up without them"
              .formatted(unreadable));
      return;
    }
    compareDeadLetters();
    if (findings.hasFault(Finding.COMPLETENESS)) {
      return;
    }
    if (changedRanges > 0) {
      findings.absent(
          Finding.COMPLETENESS,
          "rows under %s of %s tallies were changed, so they cannot be compared with the counts"
              .formatted(changedRanges, tallies));
      return;
    }
    List<String> open = partial ? List.of() : openTotals();
    open.forEach(total -> findings.absent(Finding.COMPLETENESS, total + "; " + summary()));
    if (open.isEmpty()) {
      findings.holds(Finding.COMPLETENESS, summary());
    }
  }

  /** Checks that each dead letter is in its table, or that a row states its replay or purge. */
  private void compareDeadLetters() throws LedgerException {
    if (!partial && deadLettered.total() > 0) {
      // Counted in this order, a dead letter that is replayed meanwhile is counted twice and not
      // missed.
      long waiting = ledger.dlqSize();
      long there = waiting + replayedOrPurged;
      if (there < deadLettered.total()) {
        there = waiting + replayedOrPurgedByNow();
      }
      if (there < deadLettered.total()) {
        findings.broken(
            Finding.COMPLETENESS,
            "%s decisions became dead letters, but only %s are still there or are recorded as replayed or purged"
                .formatted(deadLettered.total(), there));
      }
    }
  }

  private long replayedOrPurgedByNow() throws LedgerException {
    return ledger.size(SystemEvent.DEAD_LETTER_REPLAYED)
        + ledger.size(SystemEvent.DEAD_LETTER_PURGED);
  }

  /** Returns the totals that do not reconcile but prove no fault. */
  private List<String> openTotals() {
    List<String> totals = new ArrayList<>();
    long uncounted = covered.minus(accounted).total();
    if (uncounted > 0) {
      totals.add(
          "%s decisions in rows are counted by no run: a run was killed, made a single decision, writes no tallies, or is still running"
              .formatted(uncounted));
    }
    long unannounced = recovered - endedSums.pending();
    if (unannounced > 0) {
      totals.add(
          "%s decisions in rows were left waiting by a run that was killed; no tally counts its attempts"
              .formatted(unannounced));
    } else if (unannounced < 0) {
      totals.add(
          "%s decisions had no outcome when their runs ended, and the chain has recorded none since: they wait in a journal, became dead letters in another run, or are lost"
              .formatted(-unannounced));
    }
    return totals;
  }

  private String summary() {
    Sums sums = endedSums;
    for (Tally tally : open.values()) {
      sums = sums.plus(tally);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        "%s%s asked for in %s (%s), by %s up to row %s: %s in rows"
            .formatted(
                partial ? "from the first tally on " : "",
                Findings.count(sums.attempts().total(), "decision", "decisions"),
                Findings.count(ended.size() + open.size(), "run", "runs"),
                sums.attempts().describe(),
                Findings.count(tallies, "tally", "tallies"),
                lastTally,
                covered.total()));
    append(text, recovered, "of them left waiting by an earlier run");
    append(text, deadLettered.total(), "dead letters");
    append(text, sums.rejected(), "rejected, so the gate refused them");
    append(text, sums.lost(), "recorded as lost");
    append(text, sums.pending() - recovered, "without an outcome yet");
    append(text, sums.unrecorded(), "not recorded by design");
    append(text, open.size(), "runs that have not ended");
    append(text, checks + refusals, "more in rows after the last tally");
    return text.toString();
  }

  private static void append(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append(", ").append(count).append(' ').append(what);
    }
  }

  private void broken(long sequence, String message) {
    findings.broken(Finding.COMPLETENESS, sequence, message);
  }
}
