// SPDX-License-Identifier: Apache-2.0
package dev.indelible.monitor;

import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.pending.JournalMark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Counters of the outcomes of one run's decisions, by event type. An event is counted once, after
 * it is settled. If the ledger goes back to an earlier position, the counters go back with it, so
 * that they count what the ledger has. Used by the drainer's thread; counting an event allocates
 * nothing.
 */
public final class OutcomeCounters {
  /**
   * Maximum number of batches for which the counters after them are kept; at most 4 MB. With more,
   * every second one is dropped, so some events may be left uncounted after the ledger went back.
   */
  private static final int MAX_BATCHES = 16_384;

  /** Events of an earlier run that waited; they are settled before all others. */
  private long expectedRecovered;

  private Outcomes now = new Outcomes();

  /** The counters after each batch that the ledger may lose, oldest first. */
  private final List<Committed> batches = new ArrayList<>();

  /**
   * The counters after a batch.
   *
   * @param mark the position that was committed with the batch
   */
  private record Committed(JournalMark mark, Outcomes outcomes) {}

  /** Records the number of events that an earlier run left waiting. */
  void expectRecovered(long events) {
    expectedRecovered += events;
  }

  /** Counts an event that became a row. */
  public void countAppended(AuditEvent event) {
    boolean earlier = isRecovered(event);
    (earlier ? now.recovered : now.appended).add(event);
  }

  /** Counts an event that became a dead letter. */
  public void countDeadLettered(AuditEvent event) {
    if (!isRecovered(event)) {
      now.deadLettered.add(event);
    }
  }

  /** Counts an event that already was a row or a dead letter. */
  public void countRepeated(AuditEvent event) {
    if (!isRecovered(event)) {
      now.repeated.add(event);
    }
  }

  private boolean isRecovered(AuditEvent event) {
    if (now.settledRecovered < expectedRecovered) {
      now.settledRecovered++;
      return true;
    }
    now.lost += GapNote.lost(event);
    return false;
  }

  /** Keeps the counters after a batch, for a ledger that goes back to it. */
  public void committed(JournalMark mark) {
    if (batches.size() >= MAX_BATCHES) {
      List<Committed> half = new ArrayList<>();
      for (int i = 0; i < batches.size(); i += 2) {
        half.add(batches.get(i));
      }
      batches.clear();
      batches.addAll(half);
    }
    batches.add(new Committed(mark, now.copy()));
  }

  /** Returns the journals of the batches to which the counters can go back. */
  public Set<UUID> journals() {
    return batches.stream().map(batch -> batch.mark().journal()).collect(Collectors.toSet());
  }

  /**
   * Goes back to the counters after the last batch that the ledger still has.
   *
   * @param positions the ledger's positions
   */
  void goBack(Map<UUID, Long> positions) {
    while (!batches.isEmpty() && isLost(batches.get(batches.size() - 1).mark(), positions)) {
      batches.remove(batches.size() - 1);
    }
    now = batches.isEmpty() ? new Outcomes() : batches.get(batches.size() - 1).outcomes().copy();
  }

  private static boolean isLost(JournalMark mark, Map<UUID, Long> positions) {
    return positions.getOrDefault(mark.journal(), 0L) < mark.position();
  }

  /** Returns the decisions of an earlier run that became rows. */
  public TypeCounts recovered() {
    return now.recovered.counts();
  }

  /** Returns the decisions of this run that became rows. */
  public TypeCounts appended() {
    return now.appended.counts();
  }

  /** Returns the decisions of this run that became dead letters. */
  public TypeCounts deadLettered() {
    return now.deadLettered.counts();
  }

  /** Returns the decisions of this run that already were rows or dead letters. */
  public TypeCounts repeated() {
    return now.repeated.counts();
  }

  /** Returns the decisions of this run that have an outcome. */
  TypeCounts settled() {
    return appended().plus(deadLettered()).plus(repeated());
  }

  /** Returns the number of lost events that this run's gap events report (D7). */
  public long lost() {
    return now.lost;
  }

  /** The outcomes up to a batch. */
  private static final class Outcomes {
    final Counter recovered = new Counter();
    final Counter appended = new Counter();
    final Counter deadLettered = new Counter();
    final Counter repeated = new Counter();
    long settledRecovered;
    long lost;

    Outcomes copy() {
      Outcomes copy = new Outcomes();
      copy.recovered.set(recovered);
      copy.appended.set(appended);
      copy.deadLettered.set(deadLettered);
      copy.repeated.set(repeated);
      copy.settledRecovered = settledRecovered;
      copy.lost = lost;
      return copy;
    }
  }

  private static final class Counter {
    private long checks;
    private long refusals;

    void add(AuditEvent event) {
      checks += event.eventType().equals(DeferredAuditEvent.CHECK) ? 1 : 0;
      refusals += event.eventType().equals(DeferredAuditEvent.REFUSAL) ? 1 : 0;
    }

    void set(Counter other) {
      checks = other.checks;
      refusals = other.refusals;
    }

    TypeCounts counts() {
      return new TypeCounts(checks, refusals);
    }
  }
}
