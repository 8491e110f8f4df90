// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.drain.AppendOutcome;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerWriter;
import dev.indelible.ledger.RefusedException;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.RowSignatureNote;
import dev.indelible.ledger.TamperNote;
import dev.indelible.merkle.Hash;
import dev.indelible.queue.AuditCounters;
import dev.indelible.queue.EventBatch;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Settles one batch inside one transaction that its caller began and will commit.
 *
 * <p>The common case is one straight run: rows are sealed ahead on other threads and inserted on
 * this one. A row that SQLite refuses leaves the rows before it standing; its event is settled by
 * itself, and the next run begins behind it, short at first and then longer, so that many refusals
 * in a row waste little sealing.
 */
public final class BatchAppend {
  /** How often a refused event is tried again before it becomes a dead letter (D6). */
  static final int RETRY_BUDGET = 5;

  /** Waiting dead letters that a batch keeps the ids of; with more, each event asks the ledger. */
  private static final int MOST_WAITING_IDS = 10_000;

  /** States that a batch was not tried before in this run. */
  static final long NOT_TRIED_BEFORE = Long.MAX_VALUE;

  private final ChainEnd end;
  private final LedgerWriter writer;
  private final LedgerTree tree;
  private final RowSealer sealer;
  private final AuditCounters counters;
  private final List<AppendOutcome> outcomes = new ArrayList<>();

  /** Whether the events came through a queue. */
  private boolean queued;

  /**
   * Rows from here on were appended by an earlier attempt at this batch whose answer was lost, if
   * they have an event of it.
   */
  private long ownFrom = NOT_TRIED_BEFORE;

  private Head head = Head.EMPTY;

  /** The first row that this batch can append. */
  private long appendedFrom;

  private final List<LedgerWatch.DeadLettered> deadLettered = new ArrayList<>();

  /** Whether a row was appended that reports tampering. */
  private boolean noted;

  /** Ids of the dead letters that wait; null while they are unknown, or too many to be kept. */
  private @Nullable Set<String> waiting;

  private long unsigned;

  /** The record hashes of rows inserted one behind another, which the tree does not have yet. */
  private final List<Hash> leaves = new ArrayList<>();

  /** The row that the first of them follows. */
  private long base;

  /** The last row that an event was found to have already; it may have come in by an error. */
  private long known;

  /** Why the last event that was refused was refused. */
  private String lastRefusal = "";

  public BatchAppend(ChainEnd end, RowSealer sealer, AuditCounters counters) {
    this.end = end;
    this.writer = end.writer();
    this.tree = end.tree();
    this.sealer = sealer;
    this.counters = counters;
  }

  /**
   * As {@link #run}, of what came through a queue: what only the log itself may say becomes a dead
   * letter. Whoever can write into a journal could otherwise have it signed.
   */
  List<AppendOutcome> runQueued(EventBatch batch, long ownFrom) throws LedgerException {
    queued = true;
    this.ownFrom = ownFrom;
    return run(batch.events(), batch.following());
  }

  /**
   * Settles every event of the batch, in order.
   *
   * @param following what waits behind it, to be sealed ahead
   */
  public List<AppendOutcome> run(List<AuditEvent> batch, List<AuditEvent> following)
      throws LedgerException {
    head = trustedHead();
    appendedFrom = head.sequence() + 1;
    declareSignatures();
    waiting = writer.waitingIds(MOST_WAITING_IDS).orElse(null);
    int run = batch.size();
    while (outcomes.size() < batch.size()) {
      List<AuditEvent> rest = batch.subList(outcomes.size(), batch.size());
      List<AuditEvent> events = notYetBuried(rest, run);
      if (events.isEmpty() && isReserved(rest.get(0))) {
        settleReserved(rest.get(0));
        continue;
      }
      if (events.isEmpty()) {
        lastRefusal = "the same event is a dead letter already";
        settled(AppendOutcome.DLQ_REPEATED);
        continue;
      }
      int inserted = outcomes.size();
      boolean last = events.size() == batch.size() - outcomes.size();
      Optional<RefusedException> refusal =
          insertWhile(sealer.sealAhead(head, events, last ? following : List.of()));
      inserted = outcomes.size() - inserted;
      if (refusal.isPresent()) {
        settleRefused(events.get(inserted), refusal.get());
      }
      run = refusal.isPresent() ? 1 : Math.min(batch.size(), run * 2);
    }
    growTree();
    keepTree(() -> tree.catchUp(known));
    return outcomes;
  }

  /**
   * Chains what the log itself has to say, which is no dead letter if it is refused.
   *
   * @param what it is about, for the error
   * @throws LedgerException if the database will not have it
   */
  void chain(SystemEvent note, String what) throws LedgerException {
    if (run(List.of(note), List.of()).get(0).isDeadLetter()) {
      throw new LedgerException(
          writer.name() + ": " + what + " cannot be put on record: " + lastRefusal);
    }
  }

  /**
   * The events up to the first that is a dead letter already: one that was settled before, and
   * whose answer was lost on the way; or that is to become one.
   */
  private List<AuditEvent> notYetBuried(List<AuditEvent> events, int max) throws LedgerException {
    int count = Math.min(max, events.size());
    for (int i = 0; i < count; i++) {
      if (isReserved(events.get(i)) || isLetter(events.get(i))) {
        return events.subList(0, i);
      }
    }
    return events.subList(0, count);
  }

  private void settleReserved(AuditEvent event) throws LedgerException {
    Optional<ChainRow> first = writer.row(event.id().toString());
    if (first.isPresent()) {
      settleKnownId(event, first.get(), 1);
    } else {
      bury(event, "only the log itself says " + event.eventType(), 1);
    }
  }

  private boolean isReserved(AuditEvent event) {
    return queued && SystemEvent.isReserved(event.eventType());
  }

  /** Why the last event that was refused was refused; empty if none was. */
  String lastRefusal() {
    return lastRefusal;
  }

  /**
   * Chains what the log has to say of itself. What that is may depend on where it will stand: it is
   * made when the end of the chain is known, and nobody else can write.
   *
   * @return what was said; empty if there was nothing to say
   */
  <T> Optional<T> say(Saying<T> saying, Function<T, AuditEvent> event) throws LedgerException {
    head = trustedHead();
    declareSignatures();
    Optional<T> said = saying.at(head);
    if (said.isPresent()) {
      append(head, event.apply(said.get()));
    }
    growTree();
    return said;
  }

  /** What is said at an end of the chain. */
  @FunctionalInterface
  interface Saying<T> {
    Optional<T> at(Head end) throws LedgerException;
  }

  private void settled(AppendOutcome outcome) {
    outcomes.add(outcome);
  }

  /** The events that became dead letters. */
  List<LedgerWatch.DeadLettered> deadLettered() {
    return deadLettered;
  }

  /** Whether a row was appended that reports tampering. */
  boolean isNoted() {
    return noted;
  }

  /** How many rows were inserted unsigned. */
  long unsigned() {
    return unsigned;
  }

  /** The end of the chain after this batch. */
  public Head head() {
    return head;
  }

  /** Remembers what was appended, once it is committed. */
  public void committed() {
    end.committed(head, tree);
  }

  /** Inserts the row of one event behind an end of the chain, and makes it the end. */
  private void append(Head onto, AuditEvent event) throws LedgerException {
    ChainRow row = sealer.seal(onto, event);
    writer.savepoint();
    writer.insert(row);
    stand(row, null);
  }

  /**
   * Makes a row that was inserted the end of the chain.
   *
   * @param hash its record hash, where that is known already
   */
  private void stand(ChainRow row, byte @Nullable [] hash) throws LedgerException {
    if (row.sequence() != base + leaves.size() + 1) {
      growTree();
      base = row.sequence() - 1;
    }
    head = hash == null ? row.head() : new Head(row.sequence(), hash);
    leaves.add(Hash.of(head.hash()));
  }

  private void growTree() throws LedgerException {
    if (!leaves.isEmpty()) {
      keepTree(() -> tree.grow(base, leaves, base + leaves.size()));
      leaves.clear();
    }
  }

  /**
   * A tree that someone damaged holds up no row: it stays as it is, for the verifier to name. Its
   * health entry stays until a restart: a later change that succeeds does not show that all of the
   * tree is whole again.
   */
  private void keepTree(TreeChange change) throws LedgerException {
    try {
      change.run();
    } catch (LedgerTree.DamagedException e) {
      counters
          .healthEntries()
          .set(
              HealthEntry.TREE,
              "the stored tree is damaged and left as it is, and rows are recorded: %s; 'indelible log verify' names the damage"
                  .formatted(e.getMessage()));
    }
  }

  /** Something done to the tree. */
  @FunctionalInterface
  private interface TreeChange {
    void run() throws LedgerException;
  }

  /** Inserts rows up to the first that is refused; the rest is left. */
  private Optional<RefusedException> insertWhile(Iterator<List<ChainRow>> chunks)
      throws LedgerException {
    while (chunks.hasNext()) {
      List<ChainRow> rows = chunks.next();
      writer.savepoint();
      for (int i = 0; i < rows.size(); i++) {
        try {
          writer.insert(rows.get(i));
        } catch (RefusedException refusal) {
          if (refusal.isRowsLost()) {
            insertAgain(rows.subList(0, i));
          }
          return Optional.of(refusal);
        }
        stand(rows.get(i), i + 1 < rows.size() ? rows.get(i + 1).prevHash() : null);
        settled(AppendOutcome.APPENDED);
        unsigned += rows.get(i).signature().isEmpty() ? 1 : 0;
      }
    }
    return Optional.empty();
  }

  /** Inserts the rows that a refused one took with it. */
  private void insertAgain(List<ChainRow> rows) throws LedgerException {
    for (ChainRow row : rows) {
      writer.insert(row);
    }
  }

  /** Settles an event whose row was refused once. */
  private void settleRefused(AuditEvent event, RefusedException refusal) throws LedgerException {
    RefusedException last = refusal;
    for (int retry = 1; retry <= RETRY_BUDGET; retry++) {
      switch (last.refusal()) {
        case ID_TAKEN -> {
          Optional<ChainRow> first = writer.row(event.id().toString());
          if (first.isPresent()) {
            settleKnownId(event, first.get(), retry);
            return;
          }
          // No row has this id: a trigger broke the constraint with one of its own.
        }
        case LOST_RACE -> {
          counters.countUniqueRaceRetry();
          head = trustedHead();
        }
        case PERMANENT -> {}
      }
      try {
        append(head, event);
        settled(AppendOutcome.APPENDED);
        return;
      } catch (RefusedException again) {
        last = again;
      }
    }
    bury(event, "constraint: " + last.reason(), RETRY_BUDGET + 1);
  }

  /** D4: the same event again is the row that is there; other content under its id is refused. */
  private void settleKnownId(AuditEvent event, ChainRow first, int attempts)
      throws LedgerException {
    if (!isSame(event, first)) {
      bury(event, DeadLetter.ID_REUSED, attempts);
      return;
    }
    known = Math.max(known, first.sequence());
    boolean triedBefore = first.sequence() >= ownFrom && first.sequence() < appendedFrom;
    // An insert that failed may leave its row standing, which is not the chain's end yet.
    boolean inserted = first.sequence() > head.sequence();
    if (triedBefore) {
      ownFrom = first.sequence() + 1;
    }
    settled(triedBefore || inserted ? AppendOutcome.APPENDED : AppendOutcome.REPEATED);
  }

  private static boolean isSame(AuditEvent event, ChainRow row) {
    return row.payload().isPresent()
        ? event.content().isContentOf(row.payload().get())
        : row.agentId().equals(event.agentId())
            && row.eventType().equals(event.eventType())
            && row.timestamp().equals(Timestamps.format(event.timestamp()));
  }

  private boolean isLetter(AuditEvent event) throws LedgerException {
    String id = event.id().toString();
    if (waiting != null && !waiting.contains(id)) {
      return false;
    }
    for (byte[] payload : writer.deadLetters(id)) {
      if (event.content().isContentOf(payload)) {
        return true;
      }
    }
    return false;
  }

  private void bury(AuditEvent event, String reason, int attempts) throws LedgerException {
    lastRefusal = reason;
    if (isLetter(event)) {
      settled(AppendOutcome.DLQ_REPEATED);
      return;
    }
    ChainRow row = sealer.seal(head, event);
    writer.insertDeadLetter(row, reason, Timestamps.format(Timestamps.now()), attempts);
    if (waiting != null) {
      waiting.add(row.id());
    }
    settled(AppendOutcome.DLQ_LANDED);
    deadLettered.add(
        new LedgerWatch.DeadLettered(row.id(), row.agentId(), row.eventType(), reason));
  }

  /** Returns the end of the chain to build upon; notes what is wrong with it in the chain first. */
  private Head trustedHead() throws LedgerException {
    ChainEnd.Trusted trusted = end.judge(sealer.key());
    Head onto = trusted.head();
    for (TamperNote note : trusted.tamper()) {
      append(onto, note.toEvent());
      noted = true;
      onto = head;
    }
    return onto;
  }

  /** D11: that rows are not signed is itself on record, before the first of them. */
  private void declareSignatures() throws LedgerException {
    if (end.isUnsignedBelow(head.sequence() + 1) == sealer.signsEveryRow()) {
      append(head, new RowSignatureNote(sealer.signsEveryRow()).toEvent());
    }
  }
}
