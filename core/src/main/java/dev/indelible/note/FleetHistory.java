// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.note.OperatorHistory.Fault;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The shards of a fleet, read from the events in its log of logs. The commands, health and the
 * verifier decide by this class which shards are open, and which checkpoint of each was admitted
 * last.
 *
 * <p>An event counts if a key of the log of logs that is valid at its row signed it, and if it
 * agrees with the events before it: names and origins are used once, and the checkpoints of a shard
 * are signed by the key that they name and never get smaller. That each checkpoint continues the
 * one before is proved when it is admitted; only the shard's own rows show it later.
 *
 * <p>Used by one thread.
 */
public final class FleetHistory {
  private final KeyHistory keys;
  private final RowCheck check;
  private final Map<String, Shard> shards = new LinkedHashMap<>();
  private final List<Fault> faults = new ArrayList<>();
  private Optional<FleetCreation> creation = Optional.empty();

  /** Creates a history without events. */
  public FleetHistory(KeyHistory keys) {
    this.keys = keys;
    this.check = new RowCheck(keys.keys());
  }

  /**
   * An admitted checkpoint.
   *
   * @param sequence its row in the log of logs
   * @param timestamp the time of that row
   * @param content the checkpoint
   */
  public record Admitted(long sequence, String timestamp, ShardCheckpoint content) {}

  /**
   * A shard.
   *
   * @param opening its name, key and predecessor
   * @param opened the row that opened it
   * @param newest the last admitted checkpoint; empty if none is admitted yet
   * @param closing its last checkpoint; empty if it is open
   */
  public record Shard(
      ShardOpening opening,
      ChainRow opened,
      Optional<Admitted> newest,
      Optional<ShardClosing> closing) {
    /** Returns the name of the shard in the fleet. */
    public String name() {
      return opening.shard();
    }

    /** Returns true if the shard may get further rows. */
    public boolean isOpen() {
      return closing.isEmpty();
    }

    /** Returns the last admitted checkpoint; empty if none is admitted yet. */
    public Optional<Checkpoint> checkpoint() {
      return newest.map(Admitted::content).map(ShardCheckpoint::checkpoint);
    }

    /** Returns the time at which a checkpoint was last admitted, or the shard was opened. */
    public String lastSeen() {
      return newest.map(Admitted::timestamp).orElse(opened.timestamp());
    }
  }

  /**
   * Creates the history from rows about the fleet. Of the rows {@code shard.checkpoint}, the last
   * of each shard is enough.
   */
  public static FleetHistory of(Collection<ChainRow> rows, KeyHistory keys) {
    FleetHistory history = new FleetHistory(keys);
    rows.stream().sorted(Comparator.comparingLong(ChainRow::sequence)).forEach(history::take);
    return history;
  }

  /**
   * Adds the next row. A row of another type has no effect, nor has one before {@code
   * fleet.created}: the log of a shard begins with {@code shard.opened}, and is no log of logs.
   *
   * @return the checkpoint that the row admits; empty if it admits none
   */
  public Optional<Admitted> take(ChainRow row) {
    if (!SystemEvent.FLEET_EVENTS.contains(row.eventType())
        || creation.isEmpty() && !row.is(SystemEvent.FLEET_CREATED)) {
      return Optional.empty();
    }
    try {
      if (!isSigned(row)) {
        throw new ShardException("no valid key of this log signed it");
      }
      switch (row.eventType()) {
        case SystemEvent.FLEET_CREATED -> create(content(FleetCreation.read(row)));
        case SystemEvent.SHARD_OPENED -> open(row, content(ShardOpening.read(row)));
        case SystemEvent.SHARD_CHECKPOINT -> {
          return Optional.of(admit(row, content(ShardCheckpoint.read(row))));
        }
        default -> close(content(ShardClosing.read(row)));
      }
    } catch (ShardException e) {
      faults.add(
          new Fault(
              row.sequence(), "%s is ignored: %s".formatted(row.eventType(), e.getMessage())));
    }
    return Optional.empty();
  }

  /** Returns true if a key of the log that is valid at this row signed it. */
  public boolean isSigned(ChainRow row) {
    return keys.isTrustedFor(row) && check.content(row).isEmpty();
  }

  private static <T> T content(Optional<T> read) throws ShardException {
    return read.orElseThrow(() -> new ShardException("its content cannot be read, or is erased"));
  }

  private void create(FleetCreation content) throws ShardException {
    if (creation.isPresent()) {
      throw new ShardException("the log is the log of logs of a fleet already");
    }
    creation = Optional.of(content);
  }

  private void open(ChainRow row, ShardOpening opening) throws ShardException {
    requireOpenable(opening);
    shards.put(opening.shard(), new Shard(opening, row, Optional.empty(), Optional.empty()));
  }

  private Admitted admit(ChainRow row, ShardCheckpoint content) throws ShardException {
    Shard shard = requireOpen(content.shard());
    content.requireOf(shard.opening());
    Checkpoint next = content.checkpoint();
    long size = shard.checkpoint().map(Checkpoint::size).orElse(shard.opening().firstSize());
    if (next.size() < size) {
      throw new ShardException(
          "its checkpoint is over %s rows of shard %s, and one over %s was admitted"
              .formatted(next.size(), shard.name(), size));
    }
    if (next.size() == size && shard.checkpoint().filter(last -> !last.equals(next)).isPresent()) {
      throw new ShardException(
          "its checkpoint is over %s rows of shard %s, and one over other rows was admitted"
              .formatted(size, shard.name()));
    }
    Admitted newest = new Admitted(row.sequence(), row.timestamp(), content);
    shards.put(
        shard.name(),
        new Shard(shard.opening(), shard.opened(), Optional.of(newest), Optional.empty()));
    return newest;
  }

  private void close(ShardClosing closing) throws ShardException {
    Shard shard = requireOpen(closing.shard());
    if (!shard.checkpoint().equals(Optional.of(closing.last()))) {
      throw new ShardException(
          "it states a checkpoint of shard %s that is not the last one admitted"
              .formatted(shard.name()));
    }
    shards.put(
        shard.name(),
        new Shard(shard.opening(), shard.opened(), shard.newest(), Optional.of(closing)));
  }

  /** Requires that a shard can be opened now. */
  public void requireOpenable(ShardOpening opening) throws ShardException {
    requireUnused(opening.shard());
    if (opening.predecessor().isPresent()) {
      requireClosed(opening.predecessor().get());
    }
    String origin = opening.origin();
    if (creation.filter(fleet -> fleet.origin().equals(origin)).isPresent()
        || shards.values().stream().anyMatch(shard -> shard.opening().origin().equals(origin))) {
      throw new ShardException("its origin %s is of another log".formatted(origin));
    }
  }

  /** Requires that no shard ever had a name. */
  public void requireUnused(String name) throws ShardException {
    if (shards.containsKey(name)) {
      throw new ShardException(
          "a shard %s was opened before; each name is used once".formatted(name));
    }
  }

  /** Requires that a shard is closed, so that another can continue it. */
  public void requireClosed(String name) throws ShardException {
    if (shard(name).filter(before -> !before.isOpen()).isEmpty()) {
      throw new ShardException("its predecessor %s is not a closed shard".formatted(name));
    }
  }

  /** Returns an open shard. */
  public Shard requireOpen(String name) throws ShardException {
    Shard shard = shards.get(name);
    if (shard == null || !shard.isOpen()) {
      throw new ShardException(
          shard == null
              ? "there is no shard %s".formatted(name)
              : "shard %s is closed".formatted(name));
    }
    return shard;
  }

  /** Returns the name and the promise of the fleet; empty if the log is not a log of logs. */
  public Optional<FleetCreation> creation() {
    return creation;
  }

  /** Returns the shards, in the order in which they were opened. */
  public Collection<Shard> shards() {
    return List.copyOf(shards.values());
  }

  /** Returns a shard; empty if there is none of that name. */
  public Optional<Shard> shard(String name) {
    return Optional.ofNullable(shards.get(name));
  }

  /** Returns the faults of the events. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }
}
