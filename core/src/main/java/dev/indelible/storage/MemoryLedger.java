// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.storage.RefusedException.Refusal;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in memory, for unit tests of programs that record. Each transaction copies the ledger,
 * so it is suitable for thousands of rows. The class is long because it implements both interfaces
 * of a ledger over one state.
 */
public final class MemoryLedger implements LedgerFactory {
  private static final String NAME = "ledger in memory";

  /** Time that {@code begin} waits for another writer. */
  private static final Duration BUSY_TIMEOUT = Duration.ofMillis(250);

  private final UUID id = UUID.randomUUID();

  /** Held during a transaction. */
  private final Semaphore transaction = new Semaphore(1);

  /** Rows that are refused. */
  private final Predicate<ChainRow> refused;

  /** The committed state; never changed, but replaced by a commit. */
  private volatile State committed = new State();

  /** Creates an empty ledger. */
  public MemoryLedger() {
    this(row -> false);
  }

  private MemoryLedger(Predicate<ChainRow> refused) {
    this.refused = refused;
  }

  /**
   * Creates an empty ledger that refuses the rows of an agent, so that dead letters can be tested.
   */
  public static MemoryLedger refusing(String agentId) {
    return new MemoryLedger(row -> row.agentId().equals(agentId));
  }

  @Override
  public LedgerWriter open() {
    return new Writer();
  }

  /** Returns a reader of the state committed so far. */
  public VerifiableLedger reader() {
    return new Reader(id, committed);
  }

  /** Returns the position up to which the ledger has the events of a journal. */
  public long position(UUID journal) {
    return committed.positions.getOrDefault(journal, 0L);
  }

  /** Key of a tile. */
  private record TileKey(int level, long index) {}

  /** Content of a ledger. A transaction changes its own copy; a committed state never changes. */
  private static final class State {
    final NavigableMap<Long, ChainRow> rows = new TreeMap<>();
    final Map<String, Long> sequences = new HashMap<>();
    final NavigableMap<Long, DeadLetter> deadLetters = new TreeMap<>();
    final Map<UUID, Long> positions = new HashMap<>();
    final Map<TileKey, byte[]> tiles = new HashMap<>();
    final NavigableMap<Long, StoredCheckpoint> checkpoints = new TreeMap<>();
    LedgerWriter.TreeState tree = new LedgerWriter.TreeState(0, 0);
    long lastNumber;

    State copy() {
      State copy = new State();
      copy.rows.putAll(rows);
      copy.sequences.putAll(sequences);
      copy.deadLetters.putAll(deadLetters);
      copy.positions.putAll(positions);
      copy.tiles.putAll(tiles);
      copy.checkpoints.putAll(checkpoints);
      copy.tree = tree;
      copy.lastNumber = lastNumber;
      return copy;
    }

    List<ChainRow> ofType(String eventType) {
      return rows.values().stream().filter(row -> row.eventType().equals(eventType)).toList();
    }

    List<DeadLetter> waiting() {
      return deadLetters.values().stream()
          .filter(deadLetter -> deadLetter.replayedAs().isEmpty())
          .toList();
    }
  }

  private static <T> Optional<T> value(Map.@Nullable Entry<Long, T> entry) {
    return entry == null ? Optional.empty() : Optional.of(entry.getValue());
  }

  /** A connection to the ledger. */
  private final class Writer implements LedgerWriter {
    /** The transaction's own copy; null outside of one. */
    private @Nullable State working;

    /** The committed state that this connection saw last. */
    private State seen = committed;

    private State state() {
      return working == null ? committed : working;
    }

    private State changed() throws LedgerException {
      if (working == null) {
        throw new LedgerException(NAME + ": a write outside of a transaction");
      }
      return working;
    }

    @Override
    public String name() {
      return NAME;
    }

    @Override
    public UUID ledger() {
      return id;
    }

    @Override
    public void begin() throws LedgerException {
      boolean free = false;
      try {
        free = transaction.tryAcquire(BUSY_TIMEOUT.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      if (!free) {
        throw new LedgerUnavailableException(NAME + ": locked by another writer", true, null);
      }
      working = committed.copy();
    }

    @Override
    public void commit() throws LedgerException {
      committed = changed();
      seen = committed;
      rollback();
    }

    @Override
    public void rollback() {
      if (working != null) {
        working = null;
        transaction.release();
      }
    }

    @Override
    public void insert(List<ChainRow> rows) throws LedgerException {
      State state = changed();
      for (int i = 0; i < rows.size(); i++) {
        ChainRow row = rows.get(i);
        if (state.sequences.containsKey(row.id())) {
          throw refuse(Refusal.ID_TAKEN, "the id is taken", i);
        }
        if (state.rows.containsKey(row.sequence())) {
          throw refuse(Refusal.LOST_RACE, "the sequence is taken", i);
        }
        if (refused.test(row)) {
          throw refuse(Refusal.PERMANENT, "this ledger refuses the agent's rows", i);
        }
        state.rows.put(row.sequence(), row);
        state.sequences.put(row.id(), row.sequence());
      }
    }

    private static RefusedException refuse(Refusal refusal, String reason, int inserted) {
      return new RefusedException(NAME, refusal, reason, inserted, null);
    }

    @Override
    public Optional<ChainRow> lastRow() {
      return value(state().rows.lastEntry());
    }

    @Override
    public Optional<ChainRow> lastRowBelow(long sequence) {
      return value(state().rows.lowerEntry(sequence));
    }

    @Override
    public Optional<ChainRow> row(String eventId) {
      return Optional.ofNullable(state().sequences.get(eventId)).map(state().rows::get);
    }

    @Override
    public Optional<ChainRow> lastOfType(String eventType, long below, Predicate<ChainRow> holds) {
      return state().rows.headMap(below, false).descendingMap().values().stream()
          .filter(row -> row.eventType().equals(eventType) && holds.test(row))
          .findFirst();
    }

    @Override
    public List<ChainRow> rowsOfType(String eventType) {
      return state().ofType(eventType);
    }

    @Override
    public List<ChainRow> rowsBetween(long after, long to, int limit) {
      return to <= after
          ? List.of()
          : state().rows.subMap(after, false, to, true).values().stream().limit(limit).toList();
    }

    @Override
    public OptionalLong firstRowSince(String timestamp) {
      return state().rows.values().stream()
          .filter(row -> row.timestamp().compareTo(timestamp) >= 0)
          .mapToLong(ChainRow::sequence)
          .findFirst();
    }

    @Override
    public long size() {
      return state().rows.size();
    }

    @Override
    public long count(String eventType, long from, long to) {
      return state().ofType(eventType).stream()
          .filter(row -> row.sequence() >= from && row.sequence() <= to)
          .count();
    }

    @Override
    public boolean erasePayload(ChainRow row) throws LedgerException {
      ChainRow stored = changed().rows.get(row.sequence());
      if (stored == null || !stored.id().equals(row.id()) || !stored.hasPayload()) {
        return false;
      }
      changed().rows.put(row.sequence(), stored.withoutPayload());
      return true;
    }

    @Override
    public Remains purgeTraces() {
      return Remains.NONE;
    }

    @Override
    public long position(UUID journal) {
      return state().positions.getOrDefault(journal, 0L);
    }

    @Override
    public void advance(UUID journal, long position) throws LedgerException {
      changed().positions.put(journal, position);
    }

    @Override
    public void insertDeadLetter(ChainRow row, String reason, String failedAt, int attempts)
        throws LedgerException {
      State state = changed();
      long number = ++state.lastNumber;
      state.deadLetters.put(
          number,
          new DeadLetter(
              number,
              row.id(),
              row.agentId(),
              row.eventType(),
              row.timestamp(),
              row.payloadHash(),
              new String(row.payload().orElseThrow(), StandardCharsets.UTF_8),
              reason,
              failedAt,
              attempts,
              Optional.empty()));
    }

    @Override
    public List<DeadLetter> waitingDeadLetters() {
      return state().waiting().stream().filter(deadLetter -> !deadLetter.isRefused()).toList();
    }

    @Override
    public long countWaitingDeadLetters() {
      return state().waiting().size();
    }

    @Override
    public Set<UUID> deadLettered(Collection<UUID> events) {
      // One pass, as the copy for the transaction is.
      List<String> ids = state().deadLetters.values().stream().map(DeadLetter::id).toList();
      return LedgerWriter.among(events, ids);
    }

    @Override
    public List<DeadLetter> deadLetters(String eventId, boolean withRefused) {
      return state().deadLetters.descendingMap().values().stream()
          .filter(letter -> letter.id().equals(eventId) && letter.replayedAs().isEmpty())
          .filter(letter -> withRefused || !letter.isRefused())
          .limit(MOST_OF_ONE_EVENT)
          .toList();
    }

    @Override
    public boolean markReplayed(DeadLetter deadLetter) throws LedgerException {
      DeadLetter stored = changed().deadLetters.get(deadLetter.number());
      if (stored == null || stored.replayedAs().isPresent()) {
        return false;
      }
      changed().deadLetters.put(deadLetter.number(), stored.replayed());
      return true;
    }

    @Override
    public boolean removeDeadLetter(DeadLetter deadLetter) throws LedgerException {
      return changed().deadLetters.remove(deadLetter.number()) != null;
    }

    @Override
    public int removeReplayed(String eventId) throws LedgerException {
      int before = changed().deadLetters.size();
      changed()
          .deadLetters
          .values()
          .removeIf(
              deadLetter -> deadLetter.id().equals(eventId) && deadLetter.replayedAs().isPresent());
      return before - changed().deadLetters.size();
    }

    @Override
    public Optional<TreeState> treeState() {
      return Optional.of(state().tree);
    }

    @Override
    public void storeTreeState(TreeState tree) throws LedgerException {
      changed().tree = tree;
    }

    @Override
    public Optional<byte[]> tile(int level, long index) {
      return Optional.ofNullable(state().tiles.get(new TileKey(level, index)));
    }

    @Override
    public void storeTile(int level, long index, byte[] hashes) throws LedgerException {
      changed().tiles.put(new TileKey(level, index), hashes.clone());
    }

    @Override
    public Optional<StoredCheckpoint> lastCheckpoint() {
      return value(state().checkpoints.lastEntry());
    }

    @Override
    public void insertCheckpoint(StoredCheckpoint checkpoint) throws LedgerException {
      changed().checkpoints.put(checkpoint.size(), checkpoint);
    }

    @Override
    public boolean isChangedByOthers() {
      boolean changed = seen != committed;
      seen = committed;
      return changed;
    }

    @Override
    public boolean isStillThere() {
      return true;
    }

    @Override
    public VerifiableLedger reader() {
      return MemoryLedger.this.reader();
    }

    @Override
    public void close() {
      rollback();
    }
  }

  /**
   * Reads one committed state.
   *
   * @param ledger the ledger's id
   * @param state the state to read; never changed
   */
  private record Reader(UUID ledger, State state) implements VerifiableLedger {
    @Override
    public Optional<UUID> id() {
      return Optional.of(ledger);
    }

    @Override
    public void forEachRow(RowQuery query, Visitor<ChainRow> visitor) {
      for (ChainRow row : state.rows.tailMap(query.from(), true).values()) {
        if (query.agentId().filter(agent -> !agent.equals(row.agentId())).isEmpty()
            && query.eventType().filter(type -> !type.equals(row.eventType())).isEmpty()
            && !visitor.visit(row)) {
          return;
        }
      }
    }

    @Override
    public Optional<ChainRow> row(long sequence) {
      return Optional.ofNullable(state.rows.get(sequence));
    }

    @Override
    public Optional<ChainRow> row(String eventId) {
      return Optional.ofNullable(state.sequences.get(eventId)).map(state.rows::get);
    }

    @Override
    public Optional<ChainRow> lastRow() {
      return value(state.rows.lastEntry());
    }

    @Override
    public long size() {
      return state.rows.size();
    }

    @Override
    public long size(String eventType) {
      return state.ofType(eventType).size();
    }

    @Override
    public OptionalLong treeSize() {
      return OptionalLong.of(state.tree.size());
    }

    @Override
    public Optional<byte[]> tile(int level, long index) {
      return Optional.ofNullable(state.tiles.get(new TileKey(level, index)));
    }

    @Override
    public Optional<StoredCheckpoint> lastCheckpoint() {
      return value(state.checkpoints.lastEntry());
    }

    @Override
    public void forEachCheckpoint(long from, long to, Visitor<StoredCheckpoint> visitor) {
      for (StoredCheckpoint checkpoint : state.checkpoints.tailMap(from, true).values()) {
        if (checkpoint.size() > to || !visitor.visit(checkpoint)) {
          return;
        }
      }
    }

    @Override
    public long dlqSize() {
      return state.waiting().size();
    }

    @Override
    public void forEachDeadLetter(long from, Visitor<DeadLetter> visitor) {
      for (DeadLetter deadLetter : state.deadLetters.tailMap(from, true).values()) {
        if (!visitor.visit(deadLetter)) {
          return;
        }
      }
    }

    @Override
    public void close() {}
  }
}
