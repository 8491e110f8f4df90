// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.crypto.SigningException;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.SystemEvent;
import dev.indelible.event.Timestamps;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.RowSealer;
import dev.indelible.ledger.RowSignatureNote;
import dev.indelible.ledger.TamperNote;
import dev.indelible.merkle.Hash;
import dev.indelible.queue.AuditCounters;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
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
final class BatchAppend {
  /** How often a refused event is tried again before it becomes a dead letter (D6). */
  static final int RETRY_BUDGET = 5;

  /**
   * How far a row that does not check out may stand beyond all rows there are and still be built
   * upon. Rows planted further out could otherwise use up all sequences.
   */
  private static final long MAX_GAP = 1L << 20;

  /** Waiting dead letters that a batch keeps the ids of; with more, each event asks the ledger. */
  private static final int MOST_WAITING_IDS = 10_000;

  /** Where an event ended that became a dead letter. */
  static final long BURIED = -1;

  /** Where an event ended that was a dead letter already. */
  static final long BURIED_BEFORE = 0;

  private final SqliteWriter writer;
  private final RowSealer sealer;
  private final HeadGuard guard;
  private final AuditCounters counters;
  private final List<AppendOutcome> outcomes = new ArrayList<>();

  /** Whether the events came through a queue. */
  private boolean queued;

  private long[] places = {};
  private final BitSet found = new BitSet();
  private Head head = Head.EMPTY;
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

  BatchAppend(SqliteWriter writer, RowSealer sealer, HeadGuard guard, AuditCounters counters) {
    this.writer = writer;
    this.sealer = sealer;
    this.guard = guard;
    this.counters = counters;
  }

  /**
   * As {@link #run}, of what came through a queue: what only the log itself may say becomes a dead
   * letter. Whoever can write into a journal could otherwise have it signed.
   */
  List<AppendOutcome> runQueued(List<AuditEvent> batch, List<AuditEvent> following)
      throws SQLException {
    queued = true;
    return run(batch, following);
  }

  /**
   * Settles every event of the batch, in order.
   *
   * @param following what waits behind it, to be sealed ahead
   */
  List<AppendOutcome> run(List<AuditEvent> batch, List<AuditEvent> following) throws SQLException {
    places = new long[batch.size()];
    head = trustedHead();
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
        buried(BURIED_BEFORE);
        continue;
      }
      int inserted = outcomes.size();
      boolean last = events.size() == batch.size() - outcomes.size();
      Optional<SQLException> refusal =
          insertWhile(sealer.sealAhead(head, events, last ? following : List.of()));
      inserted = outcomes.size() - inserted;
      if (refusal.isPresent()) {
        settleRefused(events.get(inserted), refusal.get());
      }
      run = refusal.isPresent() ? 1 : Math.min(batch.size(), run * 2);
    }
    growTree();
    keepTree(() -> writer.tree().takeIn(known));
    return outcomes;
  }

  /**
   * Chains what the log itself has to say, which is no dead letter if it is refused.
   *
   * @param what it is about, for the error
   * @throws SQLException if the database will not have it
   */
  void chain(SystemEvent note, String what) throws SQLException {
    if (run(List.of(note), List.of()).contains(AppendOutcome.DLQ_LANDED)) {
      throw new SQLException(what + " cannot be put on record: " + lastRefusal);
    }
  }

  /**
   * The events up to the first that is a dead letter already: one that was settled before, and
   * whose answer was lost on the way; or that is to become one.
   */
  private List<AuditEvent> notYetBuried(List<AuditEvent> events, int max) throws SQLException {
    int count = Math.min(max, events.size());
    for (int i = 0; i < count; i++) {
      if (isReserved(events.get(i)) || isLetter(events.get(i))) {
        return events.subList(0, i);
      }
    }
    return events.subList(0, count);
  }

  private void settleReserved(AuditEvent event) throws SQLException {
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
  <T> Optional<T> say(Saying<T> saying, Function<T, AuditEvent> event) throws SQLException {
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
    Optional<T> at(Head end) throws SQLException;
  }

  /**
   * Where each event ended: the sequence of its row, which may have been there already; {@link
   * #BURIED} or {@link #BURIED_BEFORE}.
   */
  long[] places() {
    return places;
  }

  /** Which of the events, by their place in the batch, have a row that was there already. */
  BitSet found() {
    return found;
  }

  private void appended(long sequence) {
    places[outcomes.size()] = sequence;
    outcomes.add(AppendOutcome.APPENDED);
  }

  private void buried(long place) {
    places[outcomes.size()] = place;
    outcomes.add(AppendOutcome.DLQ_LANDED);
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
  Head head() {
    return head;
  }

  /** Inserts the row of one event behind an end of the chain, and makes it the end. */
  private void append(Head onto, AuditEvent event) throws SQLException {
    ChainRow row = sealer.seal(onto, event);
    writer.insert(row);
    stand(row, null);
  }

  /**
   * Makes a row that was inserted the end of the chain.
   *
   * @param hash its record hash, where that is known already
   */
  private void stand(ChainRow row, byte @Nullable [] hash) throws SQLException {
    if (row.sequence() != base + leaves.size() + 1) {
      growTree();
      base = row.sequence() - 1;
    }
    head = hash == null ? row.head() : new Head(row.sequence(), hash);
    leaves.add(Hash.of(head.hash()));
  }

  private void growTree() throws SQLException {
    if (!leaves.isEmpty()) {
      keepTree(() -> writer.tree().grow(base, leaves, base + leaves.size()));
      leaves.clear();
    }
  }

  /**
   * A tree that someone damaged holds up no row: it stays as it is, for the verifier to name. Its
   * health entry stays until a restart: a later change that succeeds does not show that all of the
   * tree is whole again.
   */
  private void keepTree(TreeChange change) throws SQLException {
    try {
      change.run();
    } catch (SqliteTree.DamagedException e) {
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
    void run() throws SQLException;
  }

  /** Inserts rows up to the first that is refused; the rest is left. */
  private Optional<SQLException> insertWhile(Iterator<List<ChainRow>> chunks) throws SQLException {
    while (chunks.hasNext()) {
      List<ChainRow> rows = chunks.next();
      for (int i = 0; i < rows.size(); i++) {
        try {
          writer.insert(rows.get(i));
          stand(rows.get(i), i + 1 < rows.size() ? rows.get(i + 1).prevHash() : null);
          appended(rows.get(i).sequence());
          unsigned += rows.get(i).signature().isEmpty() ? 1 : 0;
        } catch (SQLException e) {
          if (SqliteFault.of(e) == SqliteFault.WEATHER) {
            throw e;
          }
          return Optional.of(e);
        }
      }
    }
    return Optional.empty();
  }

  /** Settles an event whose row was refused once. */
  private void settleRefused(AuditEvent event, SQLException refusal) throws SQLException {
    SQLException last = refusal;
    for (int retry = 1; retry <= RETRY_BUDGET; retry++) {
      switch (SqliteFault.of(last)) {
        case WEATHER -> throw last;
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
        case POISON -> {}
      }
      try {
        append(head, event);
        appended(head.sequence());
        return;
      } catch (SQLException again) {
        last = again;
      }
    }
    if (SqliteFault.of(last) == SqliteFault.WEATHER) {
      throw last;
    }
    requireSchema(last);
    bury(event, "constraint: " + SqliteFault.describe(last), RETRY_BUDGET + 1);
  }

  /** D6: an event is not at fault when the tables are not as they were made. */
  private void requireSchema(SQLException refusal) throws SQLException {
    SQLException cause = writer.explain(refusal);
    if (cause instanceof SqliteSchema.ForeignSchemaException) {
      throw cause;
    }
  }

  /** D4: the same event again is the row that is there; other content under its id is refused. */
  private void settleKnownId(AuditEvent event, ChainRow first, int attempts) throws SQLException {
    if (!isSame(event, first)) {
      bury(event, DeadLetter.ID_REUSED, attempts);
      return;
    }
    known = Math.max(known, first.sequence());
    found.set(outcomes.size());
    appended(first.sequence());
  }

  private static boolean isSame(AuditEvent event, ChainRow row) {
    return row.payload().isPresent()
        ? event.content().isContentOf(row.payload().get())
        : row.agentId().equals(event.agentId())
            && row.eventType().equals(event.eventType())
            && row.timestamp().equals(Timestamps.format(event.timestamp()));
  }

  private boolean isLetter(AuditEvent event) throws SQLException {
    String id = event.id().toString();
    if (waiting != null && !waiting.contains(id)) {
      return false;
    }
    for (byte[] payload : writer.letters(id)) {
      if (event.content().isContentOf(payload)) {
        return true;
      }
    }
    return false;
  }

  private void bury(AuditEvent event, String reason, int attempts) throws SQLException {
    lastRefusal = reason;
    if (isLetter(event)) {
      buried(BURIED_BEFORE);
      return;
    }
    ChainRow row = sealer.seal(head, event);
    writer.insertLetter(row, reason, Timestamps.format(Timestamps.now()), attempts);
    if (waiting != null) {
      waiting.add(row.id());
    }
    buried(BURIED);
    deadLettered.add(
        new LedgerWatch.DeadLettered(row.id(), row.agentId(), row.eventType(), reason));
  }

  /**
   * Makes sure that a key was not given up by another writer: what it signs behind that counts as
   * broken. To be called within the transaction in which it signs. Nothing is looked for while the
   * chain ends as this writer left it, and no more than the rows behind that while it goes on
   * there.
   *
   * @param last the last row
   * @throws SigningException if it was
   * @throws HeadGuard.KeysUnreadableException if that cannot be told
   */
  static void requireNotGivenUp(
      SqliteWriter writer, HeadGuard guard, VerificationKey key, Optional<ChainRow> last)
      throws SQLException {
    Optional<Head> seen = guard.lastSeen();
    if (seen.isPresent() && seen.equals(last.map(ChainRow::head))) {
      return;
    }
    boolean goesOn =
        seen.isPresent()
            && seen.equals(writer.lastRowBelow(seen.get().sequence() + 1).map(ChainRow::head));
    long from = goesOn ? seen.get().sequence() + 1 : 1;
    if (writer.count(SystemEvent.KEY_COMPROMISED, from, Long.MAX_VALUE) > 0) {
      List<ChainRow> events = new ArrayList<>(writer.rowsOfType(SystemEvent.KEY_COMPROMISED));
      events.addAll(writer.rowsOfType(SystemEvent.KEY_ROTATED));
      Optional<KeyHistory.KeyValidity> era =
          KeyHistory.of(writer.ledger(), events, guard.accepted()).era(key.keyId());
      if (era.filter(KeyHistory.KeyValidity::isGivenUp).isPresent()) {
        throw SigningException.givenUp(key, era.get().givenUp());
      }
    }
  }

  /** The end of the chain to build upon, with notes chained first of what is wrong with it. */
  private Head trustedHead() throws SQLException {
    Optional<ChainRow> last = writer.lastRow();
    requireNotGivenUp(writer, guard, sealer.key(), last);
    if (last.isEmpty()) {
      return note(Head.EMPTY, guard.judgeEmpty());
    }
    Optional<ChainRow> before = writer.lastRowBelow(last.get().sequence());
    Optional<TamperNote> wrong = judge(last.get(), before);
    if (wrong.isEmpty()) {
      return last.get().head();
    }
    long reach = reach(before);
    if (last.get().sequence() <= reach) {
      return note(end(last), wrong);
    }
    return note(trustedHeadBelow(reach + 1), wrong);
  }

  /** The same without the rows planted too far out. */
  private Head trustedHeadBelow(long sequence) throws SQLException {
    Optional<ChainRow> last = writer.lastRowBelow(sequence);
    if (last.isEmpty()) {
      return note(Head.EMPTY, guard.judgeEmpty());
    }
    Optional<ChainRow> before = writer.lastRowBelow(last.get().sequence());
    return note(end(last), judge(last.get(), before));
  }

  private Optional<TamperNote> judge(ChainRow last, Optional<ChainRow> before) throws SQLException {
    boolean mayBeUnsigned =
        last.attestLevel().equals(ChainRow.UNSIGNED) && isUnsignedBelow(last.sequence());
    return guard.judge(last, end(before), mayBeUnsigned);
  }

  /** Whether the chain says, signed, that rows before that one are not. */
  private boolean isUnsignedBelow(long sequence) throws SQLException {
    return writer
        .lastOfType(SystemEvent.ROW_SIGNATURES, sequence, guard::isSound)
        .flatMap(RowSignatureNote::read)
        .filter(note -> !note.everyRow())
        .isPresent();
  }

  /** D11: that rows are not signed is itself on record, before the first of them. */
  private void declareSignatures() throws SQLException {
    boolean unsignedSoFar = isUnsignedBelow(head.sequence() + 1);
    if (unsignedSoFar == sealer.signsEveryRow()) {
      append(head, new RowSignatureNote(sealer.signsEveryRow()).toEvent());
    }
  }

  /** The highest sequence to build upon: rows are as many as they say, or vouch for their place. */
  private long reach(Optional<ChainRow> before) throws SQLException {
    long known = before.filter(guard::isSound).map(ChainRow::sequence).orElse(0L);
    return Math.max(writer.size(), known) + MAX_GAP;
  }

  private static Head end(Optional<ChainRow> last) {
    return last.map(ChainRow::head).filter(head -> head.sequence() > 0).orElse(Head.EMPTY);
  }

  private Head note(Head onto, Optional<TamperNote> wrong) throws SQLException {
    if (wrong.isEmpty() || isNoted(wrong.get())) {
      return onto;
    }
    append(onto, wrong.get().toEvent());
    noted = true;
    return head;
  }

  /** Whether the chain has this very note already, and not just a row that looks like it. */
  private boolean isNoted(TamperNote note) throws SQLException {
    return writer.rowsOfType(SystemEvent.TAMPER).stream()
        .filter(row -> TamperNote.read(row).filter(noted -> noted.isAbout(note)).isPresent())
        .anyMatch(guard::isSound);
  }
}
