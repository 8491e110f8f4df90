// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.ThrowingFunction;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.Hash;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.RowSignatureNote;
import dev.indelible.note.TamperNote;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.RefusedException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Settles one batch within one transaction, which its caller begins and commits.
 *
 * <p>Usually all rows of a batch are inserted in one series: they are sealed ahead on other threads
 * and inserted on this thread. A refused row ends the series. Its event is settled by itself, and
 * the next series begins after it. The series after a refusal is short and later ones double in
 * length, so that consecutive refusals waste little sealing.
 *
 * <p>The class is long because every way in which an event is settled reads and changes the end of
 * the chain.
 */
public final class BatchAppend {
  /** Retries of a refused event before it becomes a dead letter (D6). */
  static final int RETRY_BUDGET = 5;

  /** Value of {@code ownFrom} for a batch that was not tried before in this run. */
  static final long NOT_TRIED_BEFORE = Long.MAX_VALUE;

  private final ChainEnd end;
  private final LedgerWriter writer;
  private LedgerTree tree;
  private final RowSealer sealer;
  private final AuditCounters counters;
  private final List<AppendOutcome> outcomes = new ArrayList<>();

  /** True if the events came through a queue, to which other software can write. */
  private boolean queued;

  /** True if the events may be appended to a log that was ended. */
  private boolean mayFollowEnd;

  /**
   * The reasons for which events of the batch may not become rows; keys are compared as objects.
   */
  private Map<AuditEvent, String> refused = Map.of();

  /**
   * First row that an earlier attempt at this batch may have appended. If a row from here on has an
   * event of this batch, that attempt appended the row, although its commit reported an error.
   */
  private long ownFrom = NOT_TRIED_BEFORE;

  /** End of the chain in this transaction. */
  private Head head = Head.EMPTY;

  /** First row that this attempt can append. */
  private long appendedFrom;

  private final List<LedgerWatch.DeadLettered> deadLettered = new ArrayList<>();

  /** True if this batch appended a row that reports tampering. */
  private boolean noted;

  /** The events of the batch that have a dead letter. */
  private Set<UUID> withDeadLetter = Set.of();

  private long unsigned;

  /** Record hashes of consecutive rows that were inserted and are not in the tree yet. */
  private final List<Hash> leaves = new ArrayList<>();

  /** The row before the first of {@link #leaves}. */
  private long base;

  /** Last existing row that was found for an event; a failed insert may have left it. */
  private long known;

  /** Cause of the last refusal; empty if there was none. */
  private String lastRefusal = "";

  /** Creates an append in a transaction of this ledger. */
  public BatchAppend(ChainEnd end, RowSealer sealer, AuditCounters counters) {
    this.end = end;
    this.writer = end.writer();
    this.tree = end.tree();
    this.sealer = sealer;
    this.counters = counters;
  }

  /**
   * Settles a batch that came through a queue, as {@link #run} does. An event of a type that only
   * the log itself writes becomes a dead letter; otherwise anyone who can write to a journal could
   * have it signed.
   *
   * @param refused events that become dead letters, each with the reason; found by identity,
   *     because two events may state one id
   * @param ownFrom first row that an earlier attempt at this batch may have appended, or {@link
   *     #NOT_TRIED_BEFORE}
   */
  List<AppendOutcome> runQueued(EventBatch batch, Map<AuditEvent, String> refused, long ownFrom)
      throws LedgerException {
    queued = true;
    this.refused = new IdentityHashMap<>(refused);
    this.ownFrom = ownFrom;
    return run(batch.events(), batch.following());
  }

  /**
   * Settles every event of the batch, in order.
   *
   * @param following events that wait after the batch, to be sealed ahead
   * @return an outcome for each event
   */
  public List<AppendOutcome> run(List<AuditEvent> batch, List<AuditEvent> following)
      throws LedgerException {
    mayFollowEnd = !queued && !batch.isEmpty() && batch.stream().allMatch(BatchAppend::isErasure);
    head = trustedHead();
    appendedFrom = head.sequence() + 1;
    declareSignatures();
    withDeadLetter = writer.deadLettered(batch.stream().map(AuditEvent::id).toList());
    int run = batch.size();
    while (outcomes.size() < batch.size()) {
      List<AuditEvent> rest = batch.subList(outcomes.size(), batch.size());
      List<AuditEvent> events = beforeDeadLetter(rest, run);
      Optional<String> refusedFor = events.isEmpty() ? refused(rest.get(0)) : Optional.empty();
      if (refusedFor.isPresent()) {
        settleForbidden(rest.get(0), refusedFor.get());
        continue;
      }
      if (events.isEmpty()) {
        lastRefusal = "the event is a dead letter already";
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
   * Appends an event of the log itself, which never becomes a dead letter.
   *
   * @param what the event's subject, for the error
   * @throws LedgerException if the event is refused
   */
  void chain(SystemEvent note, String what) throws LedgerException {
    chain(List.of(note), what);
  }

  /** Appends events of the log itself, in order, as {@link #chain(SystemEvent, String)} does. */
  void chain(List<SystemEvent> notes, String what) throws LedgerException {
    if (run(List.copyOf(notes), List.of()).stream().anyMatch(AppendOutcome::isDeadLetter)) {
      throw new LedgerException(
          writer.name() + ": " + what + " cannot be recorded: " + lastRefusal);
    }
  }

  /** Returns the events before the first that is a dead letter or may not become a row. */
  private List<AuditEvent> beforeDeadLetter(List<AuditEvent> events, int max)
      throws LedgerException {
    int count = Math.min(max, events.size());
    for (int i = 0; i < count; i++) {
      if (refused(events.get(i)).isPresent() || isDeadLetter(events.get(i))) {
        return events.subList(0, i);
      }
    }
    return events.subList(0, count);
  }

  /** Settles an event that may not become a row: as its row, if it has one, or a dead letter. */
  private void settleForbidden(AuditEvent event, String reason) throws LedgerException {
    Optional<ChainRow> first = writer.row(event.id().toString());
    if (first.isPresent() && isSame(event, first.get())) {
      settleKnownId(event, first.get(), 1, Long.MAX_VALUE);
    } else {
      boolean isOfItself = first.isEmpty() || refused.containsKey(event);
      deadLetter(event, isOfItself ? reason : DeadLetter.ID_REUSED, 1);
    }
  }

  /** Returns the reason for which an event may not become a row; empty if it may. */
  private Optional<String> refused(AuditEvent event) {
    String reason = refused.get(event);
    return reason == null && queued && SystemEvent.isReserved(event.eventType())
        ? Optional.of("only the log itself records " + event.eventType())
        : Optional.ofNullable(reason);
  }

  private static boolean isErasure(AuditEvent event) {
    return event.eventType().equals(SystemEvent.PAYLOAD_ERASED);
  }

  /** Returns the cause of the last refusal; empty if there was none. */
  String lastRefusal() {
    return lastRefusal;
  }

  /**
   * Appends an event of the log itself whose content depends on its position. The content is
   * created in the transaction, when the end of the chain is known and no other writer can append.
   *
   * @return the content; empty if nothing was appended
   */
  <T> Optional<T> chainAt(
      ThrowingFunction<Head, Optional<T>, LedgerException> content, Function<T, AuditEvent> event)
      throws LedgerException {
    head = trustedHead();
    declareSignatures();
    Optional<T> made = content.apply(head);
    if (made.isPresent()) {
      append(head, event.apply(made.get()));
    }
    growTree();
    return made;
  }

  private void settled(AppendOutcome outcome) {
    outcomes.add(outcome);
  }

  /** Returns the events that became dead letters. */
  List<LedgerWatch.DeadLettered> deadLettered() {
    return deadLettered;
  }

  /** Returns true if a row was appended that reports tampering. */
  boolean isNoted() {
    return noted;
  }

  /** Returns the number of unsigned rows inserted. */
  long unsigned() {
    return unsigned;
  }

  /** Returns the end of the chain after this batch. */
  public Head head() {
    return head;
  }

  /** Records the new end of the chain, once it is committed. */
  public void committed() {
    end.committed(head, tree);
  }

  /** Inserts the row of one event after an end of the chain; the row becomes the end. */
  private void append(Head onto, AuditEvent event) throws LedgerException {
    ChainRow row = sealer.seal(onto, event);
    writer.insert(List.of(row));
    stand(row, null);
  }

  /**
   * Makes an inserted row the end of the chain.
   *
   * @param hash the row's record hash; null if it is not known yet
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
   * Changes the tree. A damaged tree does not delay rows: it is left unchanged, and the verifier
   * reports the damage. The health entry stays until a restart, because a later successful change
   * does not prove that the whole tree is undamaged.
   */
  private void keepTree(TreeChange change) throws LedgerException {
    try {
      change.run();
    } catch (LedgerTree.DamagedException e) {
      counters
          .healthEntries()
          .set(
              HealthEntry.TREE,
              "the stored tree is damaged, so it does not grow, but rows are still recorded: %s; 'indelible log verify' names the damage"
                  .formatted(e.getMessage()));
    }
  }

  /** A change of the tree. */
  @FunctionalInterface
  private interface TreeChange {
    void run() throws LedgerException;
  }

  /** Inserts rows up to the first that is refused, and returns the refusal. */
  private Optional<RefusedException> insertWhile(Iterator<List<ChainRow>> chunks)
      throws LedgerException {
    while (chunks.hasNext()) {
      List<ChainRow> rows = next(chunks);
      try {
        writer.insert(rows);
      } catch (RefusedException refusal) {
        inserted(rows, refusal.inserted());
        return Optional.of(refusal);
      }
      inserted(rows, rows.size());
    }
    return Optional.empty();
  }

  /** Returns the rows of the next chunks, as many as one insert should have. */
  private List<ChainRow> next(Iterator<List<ChainRow>> chunks) {
    List<ChainRow> rows = chunks.next();
    if (rows.size() < writer.rowsAtOnce() && chunks.hasNext()) {
      rows = new ArrayList<>(rows);
      while (rows.size() < writer.rowsAtOnce() && chunks.hasNext()) {
        rows.addAll(chunks.next());
      }
    }
    return rows;
  }

  /** Settles the events of the first rows of an insert. */
  private void inserted(List<ChainRow> rows, int count) throws LedgerException {
    for (int i = 0; i < count; i++) {
      stand(rows.get(i), i + 1 < rows.size() ? rows.get(i + 1).prevHash() : null);
      settled(AppendOutcome.APPENDED);
      unsigned += rows.get(i).signature().isEmpty() ? 1 : 0;
    }
  }

  /** Settles an event whose row was refused once: retries it, or makes it a dead letter. */
  private void settleRefused(AuditEvent event, RefusedException refusal) throws LedgerException {
    RefusedException last = refusal;
    long before = head.sequence();
    for (int retry = 1; retry <= RETRY_BUDGET; retry++) {
      switch (last.refusal()) {
        case ID_TAKEN -> {
          Optional<ChainRow> first = writer.row(event.id().toString());
          if (first.isPresent()) {
            settleKnownId(event, first.get(), retry, before);
            return;
          }
          // No row has this id: a trigger violated the constraint with its own row.
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
    deadLetter(event, "constraint: " + last.reason(), RETRY_BUDGET + 1);
  }

  /**
   * Settles an event whose id already has a row (D4). If the contents are equal, the event keeps
   * that row; if not, it becomes a dead letter.
   *
   * @param before the chain's end before the event was tried; a failed insert may have left a row
   *     after it
   */
  private void settleKnownId(AuditEvent event, ChainRow first, int attempts, long before)
      throws LedgerException {
    if (!isSame(event, first)) {
      deadLetter(event, DeadLetter.ID_REUSED, attempts);
      return;
    }
    known = Math.max(known, first.sequence());
    boolean triedBefore = first.sequence() >= ownFrom && first.sequence() < appendedFrom;
    boolean inserted = first.sequence() > before;
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

  /**
   * Returns true if an event is a dead letter already. A refused one is a dead letter only of a
   * refused event: its gate may have sent the content of another gate's event.
   */
  private boolean isDeadLetter(AuditEvent event) throws LedgerException {
    return withDeadLetter.contains(event.id())
        && isDeadLetter(writer, event, refused.containsKey(event));
  }

  /**
   * Returns true if an event, with this content, is a dead letter that was not replayed.
   *
   * @param withRefused as for {@link LedgerWriter#deadLetters}
   */
  public static boolean isDeadLetter(LedgerWriter writer, AuditEvent event, boolean withRefused)
      throws LedgerException {
    return writer.deadLetters(event.id().toString(), withRefused).stream()
        .map(letter -> letter.payload().getBytes(StandardCharsets.UTF_8))
        .anyMatch(event.content()::isContentOf);
  }

  private void deadLetter(AuditEvent event, String reason, int attempts) throws LedgerException {
    lastRefusal = reason;
    if (isDeadLetter(event)) {
      settled(AppendOutcome.DLQ_REPEATED);
      return;
    }
    ChainRow row = sealer.seal(head, event);
    writer.insertDeadLetter(row, reason, Timestamps.format(Timestamps.now()), attempts);
    withDeadLetter.add(event.id());
    settled(AppendOutcome.DLQ_LANDED);
    deadLettered.add(
        new LedgerWatch.DeadLettered(row.id(), row.agentId(), row.eventType(), reason));
  }

  /** Returns the end of the chain to append to. First appends a note for each fault of the end. */
  private Head trustedHead() throws LedgerException {
    ChainEnd.Trusted trusted = end.judge(sealer.key());
    if (trusted.ended().isPresent() && !mayFollowEnd) {
      throw new LogEndedException(writer.name(), trusted.ended().get());
    }
    tree = end.tree();
    Head onto = trusted.head();
    // After the end of a log, the verifier alone reports tampering.
    for (TamperNote note : trusted.ended().isPresent() ? List.<TamperNote>of() : trusted.tamper()) {
      append(onto, note.toEvent());
      noted = true;
      onto = head;
    }
    return onto;
  }

  /**
   * Appends an event that turns row signatures off if the next row is the first unsigned one, or on
   * again if it is the first signed one (D11).
   */
  private void declareSignatures() throws LedgerException {
    if (end.isUnsignedBelow(head.sequence() + 1) == sealer.signsEveryRow()) {
      append(head, new RowSignatureNote(sealer.signsEveryRow()).toEvent());
    }
  }
}
