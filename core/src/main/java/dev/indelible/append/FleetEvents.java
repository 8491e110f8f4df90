// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.ThrowingSupplier;
import dev.indelible.checkpoint.AddCheckpointRequest;
import dev.indelible.checkpoint.AddCheckpointResponse.Conflict;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.note.FleetCreation;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowCheck;
import dev.indelible.note.ShardCheckpoint;
import dev.indelible.note.ShardClosing;
import dev.indelible.note.ShardException;
import dev.indelible.note.ShardOpening;
import dev.indelible.storage.LedgerWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Appends the events of a fleet to its log of logs. The log of logs admits checkpoints as a witness
 * does (C2SP tlog-witness): it compares a checkpoint with the last one, and stores it in the
 * transaction of the comparison. Its rows are its memory, so a crash leaves no other state behind.
 * Other writers may append at the same time. Used by one thread.
 */
public final class FleetEvents implements AutoCloseable {
  /** Maximum number of new rows read at once. */
  private static final int ROWS_AT_ONCE = 1_000;

  private final LedgerWriter writer;
  private final Signer signer;
  private final KeyRing accepted;
  private final CheckpointFile file;
  private final CommandRows command;

  /** The events up to row {@link #readTo}; null before the first reading. */
  private @Nullable FleetHistory history;

  private long readTo;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer the log's key, which signs the rows
   * @param accepted the public keys accepted on existing rows
   */
  public FleetEvents(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing accepted) {
    this.writer = writer;
    this.signer = signer;
    this.accepted = accepted;
    this.file = file;
    this.command =
        new CommandRows(new ChainEnd(writer, new HeadGuard(new RowCheck(accepted))), file);
  }

  /**
   * A checkpoint of a shard to admit.
   *
   * @param shard the name of the shard in the fleet
   * @param key the key of the shard that signed the checkpoint; the caller has verified that it is
   *     valid at the checkpoint's size
   * @param request the checkpoint, and the proof that it continues the last admitted one
   */
  public record Candidate(String shard, VerifierKey key, AddCheckpointRequest request) {
    private ShardCheckpoint content() {
      return new ShardCheckpoint(shard, key, request.checkpoint());
    }
  }

  /**
   * The result for a candidate.
   *
   * @param shard the name of the shard
   * @param size the size of the candidate
   * @param admitted true if its checkpoint was admitted; false if another process admitted one
   *     meanwhile, or it was refused
   * @param refusal the reason of a refusal; empty if there was none
   */
  public record Outcome(String shard, long size, boolean admitted, Optional<String> refusal) {}

  /**
   * Begins a log of logs, with its first checkpoint.
   *
   * @param origin the name of the log; empty for the default name
   * @return the name and promise of the fleet, which is older if the log was begun before
   * @throws ShardException if the log has other rows
   */
  public FleetCreation create(Optional<String> origin, Duration freshness)
      throws LedgerException, ShardException {
    beginLog(
        () -> {
          String name = origin.isPresent() ? origin.get() : command.originOf(signer);
          return new Beginning(new FleetCreation(name, freshness).toEvent(), name);
        });
    return history()
        .creation()
        .orElseThrow(() -> new ShardException("the log has rows that are not of a fleet"));
  }

  /**
   * Begins the log of a shard with its own {@code shard.opened} event and its first checkpoint,
   * which gives it its name. Does nothing if the log has rows.
   */
  public void beginShard(ShardOpening opening) throws LedgerException {
    beginLog(() -> new Beginning(opening.toEvent(), opening.origin()));
  }

  /**
   * The beginning of a log.
   *
   * @param event its first row
   * @param origin its name
   */
  private record Beginning(SystemEvent event, String origin) {}

  /** Appends the first row of a log and signs its first checkpoint, in one transaction. */
  private void beginLog(ThrowingSupplier<Beginning, LedgerException> source)
      throws LedgerException {
    BatchAppend append = command.begin(signer);
    Optional<SignedCheckpoint> first =
        writer.inTransaction(
            () -> {
              if (writer.lastRow().isPresent()) {
                return Optional.empty();
              }
              Beginning beginning = source.get();
              append.chain(beginning.event(), "the beginning of the log");
              return Optional.of(command.signFirst(signer, beginning.origin()));
            });
    if (first.isPresent()) {
      append.committed();
      // The file, and what admits the checkpoint, must not name a row that a fail-over can lose.
      Optional<String> reason = command.awaitConfirmed().reason();
      if (reason.isPresent()) {
        throw new LedgerException(
            "the log has its first row, but a fail-over could lose it: %s; run the command again"
                .formatted(reason.get()));
      }
      file.write(first.get());
    }
  }

  /**
   * Returns the events up to now.
   *
   * @throws LedgerException if the ledger cannot be read now
   */
  public FleetHistory history() throws LedgerException {
    if (history == null) {
      history = read();
    }
    List<ChainRow> rows;
    do {
      rows = writer.rowsBetween(readTo, Long.MAX_VALUE, ROWS_AT_ONCE);
      if (rows.stream().anyMatch(row -> SystemEvent.KEY_EVENTS.contains(row.eventType()))) {
        // The keys decide which rows count.
        history = read();
        return history;
      }
      for (ChainRow row : rows) {
        history.take(row);
        readTo = row.sequence();
      }
    } while (rows.size() == ROWS_AT_ONCE);
    return history;
  }

  /** Reads the few rows about shards, and of the many with checkpoints the last of each shard. */
  private FleetHistory read() throws LedgerException {
    long last = writer.lastRow().map(ChainRow::sequence).orElse(0L);
    List<ChainRow> keyEvents = new ArrayList<>();
    for (String type : SystemEvent.KEY_EVENTS) {
      keyEvents.addAll(writer.rowsOfType(type));
    }
    KeyHistory keys = KeyHistory.of(writer.ledger(), keyEvents, accepted);
    List<ChainRow> rows = new ArrayList<>();
    for (String type : SystemEvent.FLEET_EVENTS) {
      if (!type.equals(SystemEvent.SHARD_CHECKPOINT)) {
        rows.addAll(writer.rowsOfType(type));
      }
    }
    FleetHistory opened = FleetHistory.of(rows, keys);
    Set<String> missing = new HashSet<>();
    opened.shards().forEach(shard -> missing.add(shard.name()));
    long first =
        opened.shards().stream().mapToLong(shard -> shard.opened().sequence()).min().orElse(last);
    // Every open shard has a checkpoint within the freshness, unless it is stale.
    writer.lastOfType(
        SystemEvent.SHARD_CHECKPOINT,
        Long.MAX_VALUE,
        row -> {
          Optional<ShardCheckpoint> found = ShardCheckpoint.read(row);
          if (found.isPresent() && missing.contains(found.get().shard()) && opened.isSigned(row)) {
            missing.remove(found.get().shard());
            rows.add(row);
          }
          return missing.isEmpty() || row.sequence() < first;
        });
    readTo = last;
    return FleetHistory.of(rows, keys);
  }

  /**
   * Opens a shard, with its first checkpoint.
   *
   * @throws ShardException if the shard cannot be opened, or its checkpoint cannot be admitted
   */
  public void open(ShardOpening opening, Candidate first) throws LedgerException, ShardException {
    append(
        () -> {
          history().requireOpenable(opening);
          isAdmissible(opening, null, first);
          return List.of(opening.toEvent(), first.content().toEvent());
        });
  }

  /**
   * Admits checkpoints of open shards, each that continues the last admitted one of its shard, in
   * one transaction.
   *
   * @return an outcome for each candidate
   */
  public List<Outcome> admit(List<Candidate> candidates) throws LedgerException {
    List<Outcome> outcomes = new ArrayList<>();
    append(
        () -> {
          FleetHistory now = history();
          List<SystemEvent> events = new ArrayList<>();
          for (Candidate candidate : candidates) {
            outcomes.add(admit(candidate, now, events));
          }
          return events;
        });
    return outcomes;
  }

  private static Outcome admit(Candidate candidate, FleetHistory now, List<SystemEvent> events) {
    String name = candidate.shard();
    long size = candidate.request().checkpoint().unverified().size();
    try {
      boolean admitted = isAdmissible(now.requireOpen(name), candidate);
      if (admitted) {
        events.add(candidate.content().toEvent());
      }
      return new Outcome(name, size, admitted, Optional.empty());
    } catch (ShardException e) {
      return new Outcome(name, size, false, Optional.of(String.valueOf(e.getMessage())));
    }
  }

  /** Returns the reason why a checkpoint of a shard is refused; empty if it is not. */
  public static Optional<String> refusal(Shard shard, Candidate candidate) {
    try {
      isAdmissible(shard, candidate);
      return Optional.empty();
    } catch (ShardException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static boolean isAdmissible(Shard shard, Candidate candidate) throws ShardException {
    return isAdmissible(shard.opening(), shard.checkpoint().orElse(null), candidate);
  }

  /**
   * Requires that a checkpoint continues the last admitted one of its shard.
   *
   * @param last the last admitted checkpoint; null if there is none
   * @return false if another process admitted a later checkpoint meanwhile
   */
  private static boolean isAdmissible(
      ShardOpening opening, @Nullable Checkpoint last, Candidate candidate) throws ShardException {
    candidate.content().requireOf(opening);
    AddCheckpointRequest request = candidate.request();
    long size = request.checkpoint().unverified().size();
    try {
      Optional<Conflict> conflict = request.conflictWith(last);
      if (conflict.isPresent() && request.oldSize() == conflict.get().size()) {
        throw new ShardException(
            "the shard was forked: a checkpoint over its %s rows was admitted, and they were others"
                .formatted(size));
      }
      return conflict.isEmpty();
    } catch (InvalidProofException e) {
      throw new ShardException(
          "the shard was forked: its %s rows do not continue the %s over which a checkpoint was admitted: %s"
              .formatted(size, request.oldSize(), e.getMessage()));
    }
  }

  /**
   * Closes a shard.
   *
   * @param last its last checkpoint, which must be the last admitted one
   * @throws ShardException if it is not, or the shard is not open
   */
  public void close(String name, Checkpoint last) throws LedgerException, ShardException {
    append(
        () -> {
          Shard shard = history().requireOpen(name);
          if (!shard.checkpoint().equals(Optional.of(last))) {
            throw new ShardException("another checkpoint was admitted meanwhile; try again");
          }
          return List.of(new ShardClosing(name, last).toEvent());
        });
  }

  /** Appends events in one transaction, and signs a checkpoint. */
  private <X extends Exception> void append(CommandRows.Events<X> source)
      throws LedgerException, X {
    if (command.append(signer, "the event of the fleet", source)) {
      command.sign(signer);
    }
  }

  @Override
  public void close() {
    writer.close();
  }
}
