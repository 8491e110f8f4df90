// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.append.AppendSettings;
import dev.indelible.append.LedgerRun;
import dev.indelible.append.LedgerSink;
import dev.indelible.append.RowSealer;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.drain.AppendOutcome;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.StoredRow;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.note.ErasureNote;
import dev.indelible.pending.EventBatch;
import dev.indelible.storage.LedgerWriter.Remains;
import dev.indelible.storage.LedgerWriter.TreeState;
import dev.indelible.storage.RefusedException.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of {@link LedgerWriter} and of its reader. Every ledger must pass it. */
public abstract class LedgerWriterContract {
  /** The agent whose rows the ledger under test refuses. */
  protected static final String REFUSED_AGENT = "agent:refused";

  private static final SigningKey KEY =
      SigningKey.fromSeed("the key of the writer's contract".getBytes(StandardCharsets.UTF_8));

  private static final UUID JOURNAL = new UUID(1, 2);
  private static final String TIME = "2026-11-23T01:02:03.456789Z";

  private final RowSealer sealer = new RowSealer(KEY);
  private LedgerFactory ledger;
  private LedgerWriter writer;

  /** Creates an empty ledger that refuses every row of {@link #REFUSED_AGENT}. */
  protected abstract LedgerFactory create() throws Exception;

  /** Returns the committed position of a journal; 0 if the ledger has none. */
  protected abstract long position(UUID journal) throws Exception;

  /** Returns what is left of an erased payload in this ledger's storage. */
  protected Remains remains() {
    return Remains.NONE;
  }

  @BeforeEach
  void open() throws Exception {
    ledger = create();
    writer = ledger.open();
  }

  @AfterEach
  void close() {
    writer.close();
  }

  @Test
  void committedTransactionIsComplete() throws Exception {
    List<ChainRow> rows = rows("agent:a", 3);
    writer.begin();
    insert(rows);
    writer.insertDeadLetter(row(Head.EMPTY, "agent:b"), "constraint: x", TIME, 6);
    writer.advance(JOURNAL, 42);
    writer.storeTile(0, 0, rows.get(0).recordHash());
    writer.storeTreeState(new TreeState(1, 1));
    writer.insertCheckpoint(new StoredCheckpoint(1, "note".getBytes(StandardCharsets.UTF_8)));
    writer.commit();
    writer.close();

    writer = ledger.open();
    assertThat(sequences()).containsExactly(1L, 2L, 3L);
    assertThat(writer.lastRow().orElseThrow().head()).isEqualTo(rows.get(2).head());
    assertThat(writer.countWaitingDeadLetters()).isEqualTo(1);
    assertThat(position(JOURNAL)).isEqualTo(42);
    assertThat(writer.tile(0, 0)).hasValue(rows.get(0).recordHash());
    assertThat(writer.treeState()).hasValue(new TreeState(1, 1));
    assertThat(writer.lastCheckpoint().orElseThrow().size()).isEqualTo(1);
  }

  @Test
  void rolledBackTransactionWritesNothing() throws Exception {
    writer.begin();
    insert(rows("agent:a", 3));
    writer.insertDeadLetter(row(Head.EMPTY, "agent:b"), "constraint: x", TIME, 6);
    writer.advance(JOURNAL, 42);
    writer.storeTile(0, 0, new byte[32]);
    writer.storeTreeState(new TreeState(1, 1));
    writer.rollback();
    requireEmpty();
  }

  @Test
  void closeRollsBackTheOpenTransaction() throws Exception {
    writer.begin();
    insert(rows("agent:a", 3));
    writer.close();
    writer = ledger.open();
    requireEmpty();
    writer.begin();
    writer.rollback();
  }

  @Test
  void emptyResultOrErrorRollsBack() throws Exception {
    assertThat(
            writer.inTransaction(
                () -> {
                  insert(rows("agent:a", 1));
                  return Optional.empty();
                }))
        .isEmpty();
    assertThatThrownBy(
            () ->
                writer.inTransaction(
                    () -> {
                      insert(rows("agent:a", 1));
                      throw new IllegalStateException("a test");
                    }))
        .hasMessage("a test");
    requireEmpty();
  }

  /** During a transaction no other writer can change the end of the chain. */
  @Test
  void transactionIsExclusive() throws Exception {
    try (LedgerWriter other = ledger.open()) {
      writer.begin();
      assertThatThrownBy(other::begin)
          .isInstanceOfSatisfying(
              LedgerUnavailableException.class, e -> assertThat(e.isLocked()).isTrue());
      insert(rows("agent:a", 1));
      assertThat(other.lastRow()).isEmpty();
      writer.commit();
      other.begin();
      assertThat(other.lastRow()).isPresent();
      other.rollback();
    }
  }

  @Test
  void refusalNamesItsCause() throws Exception {
    List<ChainRow> rows = rows("agent:a", 2);
    writer.begin();
    insert(rows);
    ChainRow first = rows.get(0);
    assertThat(refusal(first)).isIn(Refusal.ID_TAKEN, Refusal.LOST_RACE);
    assertThat(refusal(row(rows.get(0).head(), "agent:b"))).isEqualTo(Refusal.LOST_RACE);
    AuditEvent again = event("agent:a", first.id());
    assertThat(refusal(sealer.seal(rows.get(1).head(), again))).isEqualTo(Refusal.ID_TAKEN);
    assertThat(refusal(row(rows.get(1).head(), REFUSED_AGENT))).isEqualTo(Refusal.PERMANENT);
    writer.commit();
    assertThat(sequences()).containsExactly(1L, 2L);
  }

  @Test
  void refusedRowLeavesTheTransactionUsable() throws Exception {
    List<ChainRow> rows = rows("agent:a", 4);
    writer.begin();
    insert(rows.subList(0, 1));
    writer.insertDeadLetter(row(Head.EMPTY, "agent:b"), "constraint: x", TIME, 6);
    writer.advance(JOURNAL, 7);
    insert(rows.subList(1, 3));
    RefusedException refused = refused(row(rows.get(2).head(), REFUSED_AGENT));
    assertThat(refused.reason()).isNotBlank().doesNotContain(writer.name());
    assertThat(refused(row(rows.get(2).head(), REFUSED_AGENT))).isNotNull();
    insert(rows.subList(3, 4));
    writer.commit();

    assertThat(sequences()).containsExactly(1L, 2L, 3L, 4L);
    assertThat(writer.countWaitingDeadLetters()).isEqualTo(1);
    assertThat(position(JOURNAL)).isEqualTo(7);
  }

  /** The rows before a refused one are inserted, and those after it are not. */
  @Test
  void insertStopsAtTheRefusedRow() throws Exception {
    List<ChainRow> rows = rows("agent:a", 40);
    for (int before : List.of(0, 1, 17, 39)) {
      writer.begin();
      List<ChainRow> insert = new ArrayList<>(rows.subList(0, before));
      ChainRow refused = row(before == 0 ? Head.EMPTY : rows.get(before - 1).head(), REFUSED_AGENT);
      insert.add(refused);
      insert.add(row(refused.head(), "agent:b"));
      assertThatThrownBy(() -> writer.insert(insert))
          .isInstanceOfSatisfying(
              RefusedException.class,
              e -> {
                assertThat(e.refusal()).isEqualTo(Refusal.PERMANENT);
                assertThat(e.inserted()).isEqualTo(before);
              });
      assertThat(writer.size()).isEqualTo(before);
      insert(rows.subList(before, rows.size()));
      assertThat(sequences()).hasSize(40);
      writer.rollback();
    }
  }

  @Test
  void everyColumnIsStoredAsItIs() throws Exception {
    ChainRow signed = row(Head.EMPTY, "agent:\u00e4\u4e16\ud83d\ude00 \"x\" \\.");
    ChainRow unsigned =
        new ChainRow(
            2,
            UUID.randomUUID().toString(),
            "agent:b",
            "governance.check",
            signed.payloadHash(),
            Optional.empty(),
            ChainRow.UNSIGNED,
            TIME,
            signed.recordHash(),
            Optional.empty(),
            Optional.empty());
    writer.begin();
    insert(List.of(signed, unsigned));
    writer.commit();
    assertThat(writer.rowsBetween(0, 2, 2).get(0).toJson()).isEqualTo(signed.toJson());
    assertThat(writer.lastRow().orElseThrow().toJson()).isEqualTo(unsigned.toJson());
    try (VerifiableLedger reader = writer.reader()) {
      List<ChainRow> read = new ArrayList<>();
      reader.forEachRow(RowQuery.all(), read::add);
      assertThat(read.stream().map(ChainRow::toJson).toList())
          .containsExactly(signed.toJson(), unsigned.toJson());
      assertThat(inRanges(reader, 1).stream().map(row -> row.decoded().toJson()).toList())
          .containsExactly(signed.toJson(), unsigned.toJson());
    }
  }

  @Test
  void queriesSeeRowsOfTheOpenTransaction() throws Exception {
    List<ChainRow> rows = rows("agent:a", 5);
    writer.begin();
    insert(rows);
    String type = rows.get(0).eventType();
    assertThat(writer.size()).isEqualTo(5);
    assertThat(writer.count(type, 2, 4)).isEqualTo(3);
    assertThat(writer.count("audit.gap", 1, Long.MAX_VALUE)).isZero();
    assertThat(writer.row(rows.get(2).id()).orElseThrow().sequence()).isEqualTo(3);
    assertThat(writer.row("absent")).isEmpty();
    assertThat(writer.lastRowBelow(3).orElseThrow().sequence()).isEqualTo(2);
    assertThat(writer.lastRowBelow(1)).isEmpty();
    assertThat(writer.lastOfType(type, 5, row -> row.sequence() < 4).orElseThrow().sequence())
        .isEqualTo(3);
    assertThat(writer.rowsOfType(type)).hasSize(5);
    assertThat(writer.rowsBetween(1, 4, 2)).extracting(ChainRow::sequence).containsExactly(2L, 3L);
    assertThat(writer.firstRowSince(rows.get(0).timestamp())).hasValue(1);
    assertThat(writer.firstRowSince("9999-01-01T00:00:00.000000Z")).isEmpty();
    writer.rollback();
  }

  @Test
  void eachJournalHasItsPosition() throws Exception {
    UUID other = new UUID(3, 4);
    writer.begin();
    writer.advance(JOURNAL, 1);
    writer.advance(other, 2);
    writer.advance(JOURNAL, 3);
    assertThat(writer.position(JOURNAL)).as("within the transaction").isEqualTo(3);
    writer.commit();
    assertThat(writer.position(other)).as("outside of a transaction").isEqualTo(2);
    assertThat(writer.position(new UUID(5, 6))).isZero();
    assertThat(position(JOURNAL)).isEqualTo(3);
    assertThat(position(other)).isEqualTo(2);
    assertThat(position(new UUID(5, 6))).isZero();
  }

  @Test
  void deadLetterIsReplayedOrRemovedOnce() throws Exception {
    ChainRow first = row(Head.EMPTY, "agent:a");
    writer.begin();
    writer.insertDeadLetter(first, "constraint: x", TIME, 6);
    writer.insertDeadLetter(row(Head.EMPTY, "agent:b"), "id_reused", TIME, 1);
    List<DeadLetter> waiting = writer.waitingDeadLetters();
    assertThat(waiting).extracting(DeadLetter::agentId).containsExactly("agent:a", "agent:b");
    assertThat(waiting.get(0).attempts()).isEqualTo(6);
    assertThat(writer.deadLettered(List.of(UUID.fromString(first.id()), JOURNAL)))
        .containsExactly(UUID.fromString(first.id()));
    assertThat(writer.deadLetters(first.id(), false)).hasSize(1);
    assertThat(writer.deadLetters(first.id(), false).get(0).payload())
        .isEqualTo(new String(first.payload().orElseThrow(), StandardCharsets.UTF_8));

    assertThat(writer.markReplayed(waiting.get(0))).isTrue();
    assertThat(writer.markReplayed(waiting.get(0))).isFalse();
    assertThat(writer.deadLetters(first.id(), true)).isEmpty();
    assertThat(writer.removeDeadLetter(waiting.get(1))).isTrue();
    assertThat(writer.removeDeadLetter(waiting.get(1))).isFalse();
    assertThat(writer.countWaitingDeadLetters()).isZero();
    assertThat(writer.removeReplayed(first.id())).isEqualTo(1);
    assertThat(writer.removeReplayed(first.id())).isZero();
    writer.commit();
  }

  /**
   * A gate of a queue may send the id and the content of another gate's event, so that it is
   * refused. The event of the other gate is recorded all the same (D2).
   */
  @Test
  void refusedEventHidesNoGenuineEvent() throws Exception {
    DeferredAuditEvent genuine = event("agent:a");
    AuditEvent hostile =
        AuditEvent.stored(
            genuine.id(), "agent:b", genuine.eventType(), genuine.timestamp(), genuine.content());
    Map<AuditEvent, String> refused = new IdentityHashMap<>();
    refused.put(hostile, DeadLetter.REFUSED + "contradiction: gate b: its payload is of another");
    List<String> ids = List.of(genuine.id().toString());
    try (LedgerSink sink = sink()) {
      assertThat(sink.append(EventBatch.of(List.of(hostile)), refused))
          .containsExactly(AppendOutcome.DLQ_LANDED);
      assertThat(writer.known(ids)).isEmpty();
      requireRecorded(genuine, false);
      assertThat(sink.append(EventBatch.of(List.of(hostile)), refused))
          .containsExactly(AppendOutcome.DLQ_REPEATED);
      assertThat(sink.append(EventBatch.of(List.of(genuine))))
          .containsExactly(AppendOutcome.APPENDED);
      assertThat(writer.known(ids)).hasSize(1);
      assertThat(sink.append(EventBatch.of(List.of(genuine, hostile)), refused))
          .noneMatch(AppendOutcome::isDeadLetter);
    }
    assertThat(writer.row(ids.get(0)).orElseThrow().agentId()).isEqualTo("agent:a");
    assertThat(writer.countWaitingDeadLetters()).isEqualTo(1);
  }

  /** Dead letters of other events, however many there are, hide none of a batch (D2). */
  @Test
  void deadLettersOfABatchAreFoundAmongMany() throws Exception {
    List<UUID> events = new ArrayList<>();
    writer.begin();
    for (int i = 0; i < 20; i++) {
      ChainRow row = row(Head.EMPTY, "agent:b");
      writer.insertDeadLetter(row, DeadLetter.REFUSED + "x", TIME, 1);
      events.add(UUID.fromString(row.id()));
      // In a batch of fewer events than there are dead letters, and in one of more.
      requireFound(events, 1);
      requireFound(events, 40);
    }
    ChainRow last = sealer.seal(Head.EMPTY, event("agent:b", events.get(0).toString()));
    for (int i = 0; i < LedgerWriter.MOST_OF_ONE_EVENT; i++) {
      writer.insertDeadLetter(last, DeadLetter.REFUSED + i, TIME, 1);
    }
    assertThat(writer.deadLetters(last.id(), true))
        .extracting(DeadLetter::failureReason)
        .hasSize(LedgerWriter.MOST_OF_ONE_EVENT)
        .doesNotContain(DeadLetter.REFUSED + "x");
    assertThat(writer.deadLetters(last.id(), false)).isEmpty();
    writer.rollback();
  }

  /** Looks for the first and the last of these events, among others without a dead letter. */
  private void requireFound(List<UUID> events, int others) throws LedgerException {
    Set<UUID> known = new HashSet<>(List.of(events.get(0), events.get(events.size() - 1)));
    Set<UUID> wanted = new HashSet<>(known);
    IntStream.range(0, others).forEach(i -> wanted.add(new UUID(i, 7)));
    assertThat(writer.deadLettered(wanted)).isEqualTo(known);
  }

  /** An event that is refused now and was a dead letter before is not one a second time (D2). */
  @Test
  void deadLetterIsNotRefusedAgain() throws Exception {
    DeferredAuditEvent event = event(REFUSED_AGENT);
    Map<AuditEvent, String> refused = new IdentityHashMap<>();
    refused.put(event, DeadLetter.REFUSED + "reserved_event: gate b: not of a gate");
    try (LedgerSink sink = sink()) {
      assertThat(sink.append(EventBatch.of(List.of(event))))
          .containsExactly(AppendOutcome.DLQ_LANDED);
      assertThat(writer.known(List.of(event.id().toString()))).hasSize(1);
      requireRecorded(event, true);
      assertThat(sink.append(EventBatch.of(List.of(event)), refused))
          .containsExactly(AppendOutcome.DLQ_REPEATED);
    }
    assertThat(writer.countWaitingDeadLetters()).isEqualTo(1);
  }

  /** Checks what a journal asks a ledger before it forgets an event. */
  private void requireRecorded(AuditEvent event, boolean isRecorded) throws LedgerException {
    try (VerifiableLedger reader = writer.reader()) {
      if (reader instanceof StoredLedger stored) {
        assertThat(stored.isRecorded(event.id())).isEqualTo(isRecorded);
      }
    }
  }

  private LedgerSink sink() {
    AppendSettings settings = AppendSettings.of(KEY, KeyRing.of(List.of(KEY.verificationKey())));
    return new LedgerSink(LedgerRun.of(ledger, settings, new AuditCounters()));
  }

  @Test
  void erasureRemovesOnlyThePayload() throws Exception {
    ChainRow row = rows("agent:a", 1).get(0);
    writer.begin();
    ErasureNote note = ErasureNote.of(row, 0, "a test", "a person");
    insert(List.of(row, sealer.seal(row.head(), note.toEvent())));
    assertThat(writer.erasePayload(row)).isTrue();
    assertThat(writer.erasePayload(row)).isFalse();
    writer.commit();
    ChainRow left = writer.row(row.id()).orElseThrow();
    assertThat(left.payload()).isEmpty();
    assertThat(left.head()).isEqualTo(row.head());
    assertThat(writer.purgeTraces()).isEqualTo(remains());
  }

  @Test
  void writesOfOtherWritersAreNoticed() throws Exception {
    writer.isChangedByOthers();
    assertThat(writer.isChangedByOthers()).isFalse();
    try (LedgerWriter other = ledger.open()) {
      other.begin();
      other.insert(rows("agent:a", 1));
      other.commit();
    }
    assertThat(writer.isChangedByOthers()).isTrue();
    assertThat(writer.isChangedByOthers()).isFalse();
    assertThat(writer.isStillThere()).isTrue();
  }

  @Test
  void readerSeesCommittedRows() throws Exception {
    List<ChainRow> rows = rows("agent:a", 2);
    writer.begin();
    insert(rows);
    writer.commit();
    try (LedgerReader reader = writer.reader()) {
      assertThat(reader.id()).hasValue(writer.ledger());
      assertThat(reader.size()).isEqualTo(2);
      assertThat(reader.row(2).orElseThrow().head()).isEqualTo(rows.get(1).head());
      assertThat(reader.row(rows.get(0).id())).isPresent();
      assertThat(reader.dlqSize()).isZero();
    }
  }

  @Test
  void readerSelectsRows() throws Exception {
    List<ChainRow> rows = new ArrayList<>(rows("agent:a", 3));
    rows.add(row(rows.get(2).head(), "agent:b"));
    writer.begin();
    insert(rows);
    writer.commit();
    String type = rows.get(0).eventType();
    try (VerifiableLedger reader = writer.reader()) {
      assertThat(selected(reader, RowQuery.from(3))).containsExactly(3L, 4L);
      assertThat(selected(reader, RowQuery.ofType(type))).hasSize(4);
      assertThat(selected(reader, RowQuery.ofType("audit.gap"))).isEmpty();
      assertThat(selected(reader, new RowQuery(2, Optional.of("agent:a"), Optional.of(type))))
          .containsExactly(2L, 3L);
      List<Long> first = new ArrayList<>();
      reader.forEachRow(
          RowQuery.all(),
          row -> {
            first.add(row.sequence());
            return first.size() < 2;
          });
      assertThat(first).containsExactly(1L, 2L);
      assertThat(reader.lastRow().orElseThrow().sequence()).isEqualTo(4);
      assertThat(reader.row(9)).isEmpty();
      assertThat(reader.row("absent")).isEmpty();
      assertThat(reader.size(type)).isEqualTo(4);
      assertThat(reader.size("audit.gap")).isZero();
    }
  }

  /** A reader may ask for one row while it passes on others. */
  @Test
  void readerAnswersWithinAVisit() throws Exception {
    List<ChainRow> rows = rows("agent:a", 3);
    writer.begin();
    insert(rows);
    writer.commit();
    try (VerifiableLedger reader = writer.reader()) {
      List<Head> found = new ArrayList<>();
      reader.forEachRow(
          RowQuery.all(),
          row -> {
            try {
              return found.add(reader.row(row.sequence()).orElseThrow().head());
            } catch (LedgerException e) {
              throw new AssertionError(e);
            }
          });
      assertThat(found).isEqualTo(rows.stream().map(ChainRow::head).toList());
    }
  }

  /** Ranges are of one snapshot: a row that is appended later is not in it. */
  @Test
  void rangesAreOfOneSnapshot() throws Exception {
    List<ChainRow> rows = rows("agent:a", 9);
    writer.begin();
    insert(rows.subList(0, 8));
    writer.commit();
    try (VerifiableLedger reader = writer.reader()) {
      Optional<RowRanges> ranges = reader.ranges(2);
      writer.begin();
      insert(rows.subList(8, 9));
      writer.commit();
      if (ranges.isEmpty()) {
        return;
      }
      try (RowRanges open = ranges.get()) {
        assertThat(open.readers()).isBetween(1, 2);
        assertThat(open.next(Long.MIN_VALUE)).hasValue(1);
        assertThat(open.next(8)).hasValue(8);
        assertThat(open.next(9)).isEmpty();
        List<Long> read = new ArrayList<>();
        open.forEachRow(3, 100, row -> read.add(row.sequence()));
        assertThat(read).containsExactly(3L, 4L, 5L, 6L, 7L, 8L);
        read.clear();
        open.forEachRow(1, 8, row -> read.add(row.sequence()) && read.size() < 2);
        open.forEachRow(2, 2, row -> read.add(row.sequence()));
        assertThat(read).containsExactly(1L, 2L, 2L);
      }
    }
  }

  @Test
  void readerSeesTreeAndCheckpoints() throws Exception {
    List<ChainRow> rows = rows("agent:a", 2);
    byte[] note = "note \u2014 x\n".getBytes(StandardCharsets.UTF_8);
    writer.begin();
    insert(rows);
    writer.storeTile(0, 0, rows.get(0).recordHash());
    byte[] wider = new byte[64];
    writer.storeTile(0, 0, wider);
    writer.storeTreeState(new TreeState(2, 2));
    writer.insertCheckpoint(new StoredCheckpoint(1, note));
    writer.insertCheckpoint(new StoredCheckpoint(2, note));
    writer.commit();
    try (VerifiableLedger reader = writer.reader()) {
      assertThat(reader.treeSize()).hasValue(2);
      assertThat(reader.tile(0, 0)).hasValue(wider);
      assertThat(reader.tile(1, 0)).isEmpty();
      assertThat(reader.lastCheckpoint().orElseThrow().size()).isEqualTo(2);
      assertThat(reader.lastCheckpoint().orElseThrow().note()).isEqualTo(note);
      List<Long> sizes = new ArrayList<>();
      reader.forEachCheckpoint(1, 1, checkpoint -> sizes.add(checkpoint.size()));
      reader.forEachCheckpoint(0, 9, checkpoint -> sizes.add(checkpoint.size()));
      assertThat(sizes).containsExactly(1L, 1L, 2L);
    }
  }

  @Test
  void readerSeesDeadLetters() throws Exception {
    writer.begin();
    for (int i = 1; i <= 3; i++) {
      writer.insertDeadLetter(row(Head.EMPTY, "agent:" + i), "constraint: x", TIME, i);
    }
    writer.markReplayed(writer.waitingDeadLetters().get(0));
    writer.commit();
    try (VerifiableLedger reader = writer.reader()) {
      List<DeadLetter> read = new ArrayList<>();
      reader.forEachDeadLetter(read::add);
      assertThat(read)
          .extracting(DeadLetter::agentId)
          .containsExactly("agent:1", "agent:2", "agent:3");
      assertThat(read.get(0).replayedAs()).hasValue(read.get(0).id());
      assertThat(read.get(2).replayedAs()).isEmpty();
      assertThat(read.get(2).attempts()).isEqualTo(3);
      assertThat(read.get(2).failedAt()).isEqualTo(TIME);
      assertThat(reader.dlqSize()).isEqualTo(2);
      List<Long> rest = new ArrayList<>();
      reader.forEachDeadLetter(read.get(1).number(), letter -> rest.add(letter.number()));
      assertThat(rest).containsExactly(read.get(1).number(), read.get(2).number());
    }
  }

  private static List<Long> selected(LedgerReader reader, RowQuery query) throws Exception {
    List<Long> found = new ArrayList<>();
    reader.forEachRow(query, row -> found.add(row.sequence()));
    return found;
  }

  /** Returns the rows that a snapshot has, or the rows in one stream if there are no snapshots. */
  private static List<StoredRow> inRanges(VerifiableLedger reader, int readers) throws Exception {
    List<StoredRow> found = new ArrayList<>();
    Optional<RowRanges> ranges = reader.ranges(readers);
    if (ranges.isEmpty()) {
      reader.forEachRow(RowQuery.all(), found::add);
      return found;
    }
    try (RowRanges open = ranges.get()) {
      open.forEachRow(1, Long.MAX_VALUE, found::add);
    }
    return found;
  }

  private void requireEmpty() throws Exception {
    assertThat(writer.lastRow()).isEmpty();
    assertThat(writer.size()).isZero();
    assertThat(writer.countWaitingDeadLetters()).isZero();
    assertThat(writer.treeState()).hasValue(new TreeState(0, 0));
    assertThat(writer.tile(0, 0)).isEmpty();
    assertThat(position(JOURNAL)).isZero();
  }

  private List<Long> sequences() throws Exception {
    return writer.rowsBetween(0, Long.MAX_VALUE, 100).stream().map(ChainRow::sequence).toList();
  }

  private void insert(List<ChainRow> rows) throws LedgerException {
    writer.insert(rows);
  }

  private Refusal refusal(ChainRow row) {
    return refused(row).refusal();
  }

  private RefusedException refused(ChainRow row) {
    try {
      writer.insert(List.of(row));
    } catch (RefusedException e) {
      return e;
    } catch (LedgerException e) {
      throw new AssertionError(e);
    }
    throw new AssertionError("not refused");
  }

  private List<ChainRow> rows(String agent, int count) {
    List<ChainRow> rows = new ArrayList<>();
    Head head = Head.EMPTY;
    for (int i = 0; i < count; i++) {
      rows.add(row(head, agent));
      head = rows.get(i).head();
    }
    return rows;
  }

  private ChainRow row(Head onto, String agent) {
    return sealer.seal(onto, event(agent));
  }

  private static DeferredAuditEvent event(String agent) {
    return DeferredAuditEvent.of(
        agent, new Bash("rm -rf /"), new Refuse("R001", "not here"), Optional.empty());
  }

  private static DeferredAuditEvent event(String agent, String id) {
    DeferredAuditEvent event = event(agent);
    return new DeferredAuditEvent(
        UUID.fromString(id),
        event.agentId(),
        event.action(),
        event.decision(),
        event.policy(),
        event.timestamp());
  }
}
