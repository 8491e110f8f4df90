// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.indelible.action.Bash;
import dev.indelible.append.RowSealer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.decision.Refuse;
import dev.indelible.event.AuditEvent;
import dev.indelible.event.DeferredAuditEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.storage.LedgerWriter.TreeState;
import dev.indelible.storage.RefusedException.Refusal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contract of {@link LedgerWriter}. Every ledger must pass it. */
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
    writer.savepoint();
    ChainRow first = rows.get(0);
    assertThat(refusal(first)).isIn(Refusal.ID_TAKEN, Refusal.LOST_RACE);
    assertThat(refusal(row(rows.get(0).head(), "agent:b"))).isEqualTo(Refusal.LOST_RACE);
    AuditEvent again = event("agent:a", first.id());
    assertThat(refusal(sealer.seal(rows.get(1).head(), again))).isEqualTo(Refusal.ID_TAKEN);
    assertThat(refusal(row(rows.get(1).head(), REFUSED_AGENT))).isEqualTo(Refusal.PERMANENT);
    writer.commit();
    assertThat(sequences()).containsExactly(1L, 2L);
  }

  /**
   * A refusal may lose the rows inserted since the savepoint, but no others, and it reports the
   * loss.
   */
  @Test
  void refusedRowLeavesTheTransactionUsable() throws Exception {
    List<ChainRow> rows = rows("agent:a", 4);
    writer.begin();
    writer.insert(rows.get(0));
    writer.savepoint();
    writer.insertDeadLetter(row(Head.EMPTY, "agent:b"), "constraint: x", TIME, 6);
    writer.advance(JOURNAL, 7);
    writer.insert(rows.get(1));
    writer.insert(rows.get(2));
    RefusedException refused = refused(row(rows.get(2).head(), REFUSED_AGENT));
    assertThat(refused.reason()).isNotBlank().doesNotContain(writer.name());
    if (refused.isRowsLost()) {
      assertThat(writer.size()).isEqualTo(1);
      insert(rows.subList(1, 3));
    }
    writer.savepoint();
    assertThat(refused(row(rows.get(2).head(), REFUSED_AGENT))).isNotNull();
    writer.insert(rows.get(3));
    writer.commit();

    assertThat(sequences()).containsExactly(1L, 2L, 3L, 4L);
    assertThat(writer.countWaitingDeadLetters()).isEqualTo(1);
    assertThat(position(JOURNAL)).isEqualTo(7);
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
    writer.commit();
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
    assertThat(writer.waitingIds(2).orElseThrow()).hasSize(2).contains(first.id());
    assertThat(writer.waitingIds(1)).isEmpty();
    assertThat(writer.deadLetters(first.id())).containsExactly(first.payload().orElseThrow());

    assertThat(writer.markReplayed(waiting.get(0))).isTrue();
    assertThat(writer.markReplayed(waiting.get(0))).isFalse();
    assertThat(writer.deadLetters(first.id())).isEmpty();
    assertThat(writer.removeDeadLetter(waiting.get(1))).isTrue();
    assertThat(writer.removeDeadLetter(waiting.get(1))).isFalse();
    assertThat(writer.countWaitingDeadLetters()).isZero();
    assertThat(writer.removeReplayed(first.id())).isEqualTo(1);
    assertThat(writer.removeReplayed(first.id())).isZero();
    writer.commit();
  }

  @Test
  void erasureRemovesOnlyThePayload() throws Exception {
    ChainRow row = rows("agent:a", 1).get(0);
    writer.begin();
    writer.insert(row);
    assertThat(writer.erasePayload(row)).isTrue();
    assertThat(writer.erasePayload(row)).isFalse();
    writer.commit();
    ChainRow left = writer.row(row.id()).orElseThrow();
    assertThat(left.payload()).isEmpty();
    assertThat(left.head()).isEqualTo(row.head());
    assertThat(writer.purgeTraces()).isTrue();
  }

  @Test
  void writesOfOtherWritersAreNoticed() throws Exception {
    writer.isChangedByOthers();
    assertThat(writer.isChangedByOthers()).isFalse();
    try (LedgerWriter other = ledger.open()) {
      other.begin();
      other.insert(rows("agent:a", 1).get(0));
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
    for (ChainRow row : rows) {
      writer.insert(row);
    }
  }

  private Refusal refusal(ChainRow row) {
    return refused(row).refusal();
  }

  private RefusedException refused(ChainRow row) {
    try {
      writer.insert(row);
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
