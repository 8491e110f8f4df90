// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.append.FleetEvents;
import dev.indelible.append.FleetEvents.Candidate;
import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.ShardRows;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.HealthReasons;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardException;
import dev.indelible.note.ShardOpening;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The directory of a fleet. It is the data directory of the log of logs, and in {@code shards/} has
 * the data directory of each shard, or a link to it. The log of logs and the shards are ordinary
 * logs. Witnesses cosign the log of logs only.
 *
 * @param data the data directory of the log of logs
 */
public record Fleet(DataDirectory data) {
  /** Creates access to a fleet. */
  public static Fleet at(Path directory) {
    return new Fleet(new DataDirectory(directory));
  }

  /** Returns the data directory of a shard. */
  public DataDirectory shard(String name) {
    return new DataDirectory(shards().resolve(ShardOpening.requireName(name)));
  }

  /** Returns the directory of the shards. */
  Path shards() {
    return data.path().resolve("shards");
  }

  /** Returns true if a ledger is the log of logs of a fleet, by its rows. */
  public static boolean isFleet(LedgerReader ledger) throws LedgerException {
    return ledger.size(SystemEvent.FLEET_CREATED) > 0;
  }

  /**
   * The state of a shard.
   *
   * @param shard the shard, as the log of logs has it
   * @param age the time since its checkpoint was last admitted
   * @param problem the reason why no further checkpoint can be admitted, or the age, if it is more
   *     than promised; empty if there is no problem
   */
  public record ShardState(Shard shard, Duration age, Optional<String> problem) {}

  /**
   * Returns the state of each shard, open or closed. Compares each open shard with its last
   * admitted checkpoint, and changes nothing.
   *
   * @throws ShardException if the log in the directory is no log of logs
   */
  public List<ShardState> states() throws LedgerException, KeyException, ShardException {
    FleetHistory history = history();
    Duration promise = history.creation().orElseThrow().freshness();
    Instant now = Timestamps.now();
    return history.shards().stream().map(shard -> state(shard, promise, now)).toList();
  }

  /**
   * Reads the shards, and of each the last admitted checkpoint.
   *
   * @throws ShardException if the log in the directory is no log of logs
   */
  FleetHistory history() throws LedgerException, KeyException, ShardException {
    try (StoredLedger ledger = data.engine().open()) {
      FleetHistory history = ShardRows.read(ledger, keys(ledger));
      history.creation().orElseThrow(Fleet::none);
      return history;
    }
  }

  static ShardException none() {
    return new ShardException(
        "the log is not the log of logs of a fleet; 'indelible fleet init' creates one");
  }

  private ShardState state(Shard shard, Duration promise, Instant now) {
    Duration age = Duration.between(Instant.parse(shard.lastSeen()), now);
    if (!shard.isOpen()) {
      return new ShardState(shard, age, Optional.empty());
    }
    Optional<String> problem;
    try {
      Candidate newest = newest(shard);
      problem =
          FleetEvents.refusal(shard, newest)
              .or(() -> HealthReasons.stale(shard.name(), age, promise));
    } catch (LedgerException | ShardException | RuntimeException e) {
      // A damaged tree can cause any exception.
      problem = Optional.of(String.valueOf(e.getMessage()));
    }
    return new ShardState(shard, age, problem);
  }

  /** Returns the last checkpoint of an open shard, with the proof for the log of logs. */
  Candidate newest(Shard shard) throws LedgerException, ShardException {
    return new ShardLog(shard.name(), shard(shard.name()))
        .candidate(
            (VerificationKey) shard.opening().key().key(),
            shard.checkpoint().map(Checkpoint::size).orElse(0L));
  }

  /** Returns the keys of the log of logs, from its own files and its chain. */
  KeyHistory keys(LedgerReader ledger) throws LedgerException, KeyException {
    return KeyHistory.read(ledger, data.keys().accepted(), true);
  }

  /** Returns the names of the directories of shards, in alphabetical order. */
  List<String> shardDirectories() throws LedgerException {
    if (!Files.isDirectory(shards())) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(shards())) {
      return found
          .filter(Files::isDirectory)
          .map(path -> path.getFileName().toString())
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new LedgerException(shards() + ": cannot be read: " + DurableFiles.reason(e), false, e);
    }
  }

  /** Returns a ring of one key. */
  static KeyRing ring(VerificationKey key) {
    return KeyRing.of(List.of(key));
  }
}
