// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.TypeCounts;
import dev.indelible.event.VerdictCounts;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowCheck;
import dev.indelible.ledger.RowFault;
import dev.indelible.ledger.Tally;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Whether every decision that was asked for is in the chain, by the tallies in it: the rows between
 * two tallies are those that the second counted; each run's attempts have an outcome each; and
 * there are as many decisions in the rows as the runs say that they appended.
 *
 * <p>A row that no run counted is no fault: a run that was killed, or asked one question, or is
 * still at work has not said. It is named as unknown, with the rows between which it is.
 */
final class CompletenessCheck implements Check {
  static final String COMPLETENESS = "completeness";

  /** Most places named where rows are in no run's count; the rest is told as one. */
  private static final int MAX_PLACES = 20;

  private final Findings findings;
  private final LedgerReader ledger;

  /** Whether the rows before the first one shown are not checked. */
  private final boolean partial;

  /** The last tally of each run that has not said that it ended. */
  private final Map<UUID, Tally> open = new HashMap<>();

  /** Those that have said so, and what they said in all. */
  private final Set<UUID> ended = new HashSet<>();

  private Said saidAtTheEnd = Said.NOTHING;

  /**
   * Where decisions came in that no run counted; each step has more of them than the one before.
   */
  private final Deque<Step> steps = new ArrayDeque<>();

  /** Decisions in the rows since the last tally. */
  private long checks;

  private long refusals;

  /** Decisions in rows that tallies cover, as these say. */
  private TypeCounts covered = TypeCounts.NONE;

  /** Decisions that runs say they appended, and that were replayed from the dead letters. */
  private TypeCounts accounted = TypeCounts.NONE;

  /** Decisions that a run appended for an earlier one, and the rows between which they are. */
  private long recovered;

  private long recoveredFrom;
  private long recoveredTo;

  private TypeCounts deadLettered = TypeCounts.NONE;
  private long replayedOrPurged;

  /** The row of the last tally; 0 before the first. */
  private long lastTally;

  /** How many rows more than now there were before the last tally when it was written. */
  private long shift;

  /** Whether a row since the last tally was changed: what it was then, nobody can count. */
  private boolean changed;

  private long tallies;
  private long changedRanges;
  private long unreadable;

  /** The row before this one; null at the first. */
  private @Nullable CheckedRow before;

  /**
   * Checks the rows from some row on.
   *
   * @param since that row; the sums of what was before are then not known
   */
  CompletenessCheck(Findings findings, LedgerReader ledger, long since) {
    this.findings = findings;
    this.ledger = ledger;
    this.partial = since > 1;
  }

  /**
   * What the last tallies of some runs say in all.
   *
   * @param attempts what they were asked
   * @param unrecorded what of it is by design not on record
   * @param rejected what was not accepted
   * @param pending what had no outcome
   * @param lost what is lost on record
   */
  private record Said(
      VerdictCounts attempts, long unrecorded, long rejected, long pending, long lost) {
    static final Said NOTHING = new Said(VerdictCounts.NONE, 0, 0, 0, 0);

    Said plus(Tally tally) {
      return new Said(
          attempts.plus(tally.attempts()),
          unrecorded + tally.unrecorded().total(),
          rejected + tally.outcomes().rejected().total(),
          pending + tally.pending(),
          lost + tally.outcomes().lost());
    }
  }

  /**
   * Decisions in no run's count, as seen at a tally.
   *
   * @param sequence the tally's row
   * @param surplus how many
   */
  private record Step(long sequence, long surplus) {}

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
        broken(row.sequence(), "the tally is signed, and says nothing that can be read");
      }
      tally.ifPresentOrElse(said -> tally(row.sequence(), said), () -> unreadable++);
    } else if (row.isSound() && row.is(SystemEvent.LETTER_REPLAYED)) {
      replayedOrPurged++;
      accounted = accounted.plus(replayed(row));
    } else if (row.isSound() && row.is(SystemEvent.LETTER_PURGED)) {
      replayedOrPurged++;
    }
    before = row;
  }

  /** The row before a note of a replay, written with it, is the decision that was replayed. */
  private TypeCounts replayed(CheckedRow note) {
    CheckedRow decision = before;
    Optional<String> replayed =
        note.row().said(SystemEvent.LETTER_REPLAYED, details -> details.string("event_id"));
    if (decision == null || !replayed.equals(Optional.of(decision.row().id()))) {
      return TypeCounts.NONE;
    }
    return TypeCounts.one(decision.row().eventType());
  }

  /** A payload that is other, or erased, leaves what is counted as it was. */
  private static boolean isChanged(CheckedRow row) {
    // No stream: most rows of a log that signs none of them come here.
    for (RowFault fault : row.faults()) {
      if (fault.proven()
          && !fault.check().equals(RowCheck.PAYLOAD)
          && !RowCheck.isUnsigned(row.stored(), fault)) {
        return true;
      }
    }
    return false;
  }

  private void tally(long sequence, Tally said) {
    if (unreadable == 0) {
      compareRows(sequence, said);
      if (ended.contains(said.run())) {
        broken(sequence, "run %s speaks on after its last tally".formatted(said.run()));
      } else {
        Optional<Tally> spoken = Optional.ofNullable(open.remove(said.run()));
        compareRun(sequence, said, spoken);
        compareSums(sequence, said, spoken);
        keep(said);
      }
    }
    tallies++;
    lastTally = sequence;
    changedRanges += changed ? 1 : 0;
    changed = false;
    checks = 0;
    refusals = 0;
  }

  private void keep(Tally said) {
    if (said.closed()) {
      ended.add(said.run());
      saidAtTheEnd = saidAtTheEnd.plus(said);
    } else {
      open.put(said.run(), said);
    }
  }

  /** The rows since the tally before are those that this one counted. */
  private void compareRows(long sequence, Tally said) {
    TypeCounts found = new TypeCounts(checks, refusals);
    long moved = said.last() + 1 - sequence;
    boolean known = !changed && (tallies > 0 || !partial);
    if (known && !found.equals(said.rows())) {
      broken(
          sequence,
          "rows %s to %s hold %s; when the tally in row %s was written, %s"
              .formatted(
                  lastTally + 1, sequence - 1, found.describe(), sequence, said.rows().describe()));
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

  /** A run's tallies follow each other, and its attempts have an outcome each, or wait for it. */
  private void compareRun(long sequence, Tally said, Optional<Tally> before) {
    long expected = before.map(Tally::number).orElse(0L) + 1;
    if (said.number() != expected && (before.isPresent() || !partial)) {
      broken(
          sequence,
          "the tally in row %s is number %s of run %s, and number %s was to come"
              .formatted(sequence, said.number(), said.run(), expected));
    }
    Tally.Outcomes outcomes = said.outcomes();
    if (outcomes.byType().exceeds(said.attempts().byType())) {
      broken(
          sequence,
          "run %s was asked for %s, and says where %s ended"
              .formatted(
                  said.run(), said.attempts().byType().describe(), outcomes.byType().describe()));
    }
    TypeCounts appendedBefore = before.map(CompletenessCheck::appended).orElse(TypeCounts.NONE);
    if (appendedBefore.exceeds(appended(said))) {
      broken(sequence, "run %s counts less than it did before".formatted(said.run()));
    }
  }

  /** There are no fewer decisions in the rows than the runs appended. */
  private void compareSums(long sequence, Tally said, Optional<Tally> before) {
    covered = covered.plus(said.rows());
    accounted =
        accounted
            .plus(appended(said))
            .minus(before.map(CompletenessCheck::appended).orElse(TypeCounts.NONE));
    deadLettered =
        deadLettered
            .plus(said.outcomes().deadLettered())
            .minus(before.map(one -> one.outcomes().deadLettered()).orElse(TypeCounts.NONE));
    long more = said.recovered().total() - before.map(one -> one.recovered().total()).orElse(0L);
    if (more > 0) {
      recoveredFrom = recovered == 0 ? lastTally + 1 : recoveredFrom;
      recoveredTo = sequence - 1;
      recovered += more;
    }
    if (partial) {
      return;
    }
    if (accounted.exceeds(covered)) {
      broken(
          sequence,
          "up to row %s the runs count %s, and the rows hold %s"
              .formatted(sequence, accounted.describe(), covered.describe()));
      accounted = covered;
    }
    long surplus = covered.minus(accounted).total();
    while (!steps.isEmpty() && steps.getLast().surplus() >= surplus) {
      steps.removeLast();
    }
    steps.addLast(new Step(sequence, surplus));
  }

  private static TypeCounts appended(Tally tally) {
    return tally.outcomes().appended().plus(tally.recovered());
  }

  @Override
  public void end() throws LedgerException {
    if (tallies == 0) {
      findings.absent(
          COMPLETENESS,
          unreadable > 0
              ? "no tally here is signed by an accepted key and readable"
              : "there is no tally: whether every decision is here cannot be told");
      return;
    }
    if (unreadable > 0) {
      findings.absent(
          COMPLETENESS,
          "%s tallies are not signed by an accepted key or cannot be read; without them the others cannot be added up"
              .formatted(unreadable));
      return;
    }
    compareDeadLetters();
    if (findings.hasFault(COMPLETENESS)) {
      return;
    }
    if (changedRanges > 0) {
      findings.absent(
          COMPLETENESS,
          "rows under %s of %s tallies were changed: whether they are those that were counted cannot be told"
              .formatted(changedRanges, tallies));
    } else if (partial || !(nameUncounted() | nameRecovered() | nameOutstanding())) {
      findings.holds(COMPLETENESS, summary());
    }
  }

  /** A dead letter leaves the table only by a note in the chain. */
  private void compareDeadLetters() throws LedgerException {
    if (!partial && deadLettered.total() > 0) {
      // In this order: one that is replayed meanwhile is then counted twice, and not missed.
      long waiting = ledger.dlqSize();
      long there = waiting + replayedOrPurged;
      if (there < deadLettered.total()) {
        there = waiting + replayedOrPurgedByNow();
      }
      if (there < deadLettered.total()) {
        findings.broken(
            COMPLETENESS,
            "%s decisions became dead letters, and %s are there or were replayed or purged on record"
                .formatted(deadLettered.total(), there));
      }
    }
  }

  private long replayedOrPurgedByNow() throws LedgerException {
    return ledger.size(SystemEvent.LETTER_REPLAYED) + ledger.size(SystemEvent.LETTER_PURGED);
  }

  /** Says where there are decisions that no run counted; returns whether there are. */
  private boolean nameUncounted() {
    Step from = new Step(0, 0);
    int places = 0;
    for (Iterator<Step> left = steps.iterator(); left.hasNext(); ) {
      Step step = left.next();
      boolean last = places == MAX_PLACES - 1 || !left.hasNext();
      Step to = last ? steps.getLast() : step;
      if (to.surplus() > from.surplus()) {
        places++;
        findings.absent(
            COMPLETENESS,
            from.sequence() + 1,
            "%s decisions in rows %s to %s are in no run's own count: it was killed, asked one question, keeps no tallies, or is at work; %s"
                .formatted(
                    to.surplus() - from.surplus(),
                    from.sequence() + 1,
                    to.sequence() - 1,
                    summary()));
      }
      from = step;
      if (last) {
        break;
      }
    }
    return places > 0;
  }

  /**
   * Says where a run appended what one left that had not said so in a last tally; returns whether
   * there are such rows.
   */
  private boolean nameRecovered() {
    long left = saidAtTheEnd.pending();
    if (recovered <= left) {
      return false;
    }
    findings.absent(
        COMPLETENESS,
        recoveredFrom,
        "%s decisions in rows %s to %s were left waiting by a run that was killed: they are here, and how often it was asked is in no tally; %s"
            .formatted(recovered - left, recoveredFrom, recoveredTo, summary()));
    return true;
  }

  /** Says how many decisions of runs that ended are still to come; returns whether there are. */
  private boolean nameOutstanding() {
    long outstanding = saidAtTheEnd.pending() - recovered;
    if (outstanding > 0) {
      findings.absent(
          COMPLETENESS,
          lastTally,
          "%s decisions had no outcome when their runs ended, and have not come since: they wait in a journal, became dead letters in another run, or are lost; %s"
              .formatted(outstanding, summary()));
    }
    return outstanding > 0;
  }

  private String summary() {
    Said said = saidAtTheEnd;
    for (Tally tally : open.values()) {
      said = said.plus(tally);
    }
    StringBuilder text = new StringBuilder();
    text.append(
        "%s%s asked for in %s (%s), by %s up to row %s: %s in rows"
            .formatted(
                partial ? "from the first tally on " : "",
                Findings.count(said.attempts().total(), "decision", "decisions"),
                Findings.count(ended.size() + open.size(), "run", "runs"),
                said.attempts().describe(),
                Findings.count(tallies, "tally", "tallies"),
                lastTally,
                covered.total()));
    append(text, recovered, "of them left waiting by an earlier run");
    append(text, deadLettered.total(), "dead letters");
    append(text, said.rejected(), "not accepted, and refused");
    append(text, said.lost(), "lost on record");
    append(text, said.pending() - recovered, "without an outcome yet");
    append(text, said.unrecorded(), "by design not recorded");
    append(text, open.size(), "runs that have not said that they ended");
    append(text, checks + refusals, "more in rows behind the last tally");
    return text.toString();
  }

  private static void append(StringBuilder text, long count, String what) {
    if (count > 0) {
      text.append(", ").append(count).append(' ').append(what);
    }
  }

  private void broken(long sequence, String message) {
    findings.broken(COMPLETENESS, sequence, message);
  }
}
