// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.append.FleetEvents;
import dev.indelible.append.FleetEvents.Candidate;
import dev.indelible.append.FleetEvents.Outcome;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DataDirectory.SigningKeys;
import dev.indelible.directory.DirectoryException;
import dev.indelible.encoding.Timestamps;
import dev.indelible.journal.JournalException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.FleetCreation;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.LogEnd;
import dev.indelible.note.ShardException;
import dev.indelible.note.ShardOpening;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Opens and closes the shards of a fleet, and admits their checkpoints to the log of logs. Each
 * change is one transaction of the log of logs, and the next call reads it from there, so the
 * process may be killed at any point. Used by one thread.
 */
public final class FleetWriter implements AutoCloseable {
  private final Fleet fleet;
  private final FleetEvents events;
  private final FleetCreation creation;

  private FleetWriter(Fleet fleet, FleetEvents events, FleetCreation creation) {
    this.fleet = fleet;
    this.events = events;
    this.creation = creation;
  }

  /**
   * Creates a fleet without shards: its log of logs, with a key. If there is one, opens it.
   *
   * @param origin the name of the log of logs; empty for the default name
   * @param freshness the promised age of the newest admitted checkpoint of an open shard
   * @throws ShardException if the directory has another log
   */
  public static FleetWriter create(Fleet fleet, Optional<String> origin, Duration freshness)
      throws DirectoryException, KeyException, LedgerException, ShardException {
    if (ShardLog.isBegun(fleet.data())) {
      return open(fleet);
    }
    SigningKey key = fleet.data().prepareKey();
    FleetEvents events =
        fleet.data().fleetEvents(new SigningKeys(key, Fleet.ring(key.verificationKey())));
    return opened(fleet, events, () -> events.create(origin, freshness));
  }

  /**
   * Opens an existing fleet.
   *
   * @throws ShardException if the log in the directory is no log of logs
   */
  public static FleetWriter open(Fleet fleet) throws KeyException, LedgerException, ShardException {
    FleetEvents events = fleet.data().fleetEvents(fleet.data().signingKeys());
    return opened(fleet, events, () -> events.history().creation().orElseThrow(Fleet::none));
  }

  /** Supplies the name and promise of a fleet. */
  @FunctionalInterface
  private interface Begun {
    FleetCreation get() throws LedgerException, ShardException;
  }

  private static FleetWriter opened(Fleet fleet, FleetEvents events, Begun begun)
      throws LedgerException, ShardException {
    boolean opened = false;
    try {
      FleetWriter writer = new FleetWriter(fleet, events, begun.get());
      opened = true;
      return writer;
    } finally {
      if (!opened) {
        events.close();
      }
    }
  }

  /** Returns the name and the promise of the fleet. */
  public FleetCreation creation() {
    return creation;
  }

  /**
   * Opens a shard. Its log is the one in its directory; if there is none, creates it, with a key of
   * its own.
   *
   * @param predecessor the closed shard that it continues; empty for none
   * @param ledger the URL of the shard's ledger; empty for the one that its directory names or has
   * @return the shard's first admitted checkpoint
   * @throws ShardException if the fleet cannot have this shard
   */
  public Checkpoint openShard(String name, Optional<String> predecessor, Optional<String> ledger)
      throws DirectoryException, KeyException, LedgerException, ShardException {
    DataDirectory data = fleet.shard(name);
    ShardLog log = new ShardLog(name, ledger.map(data::withLedger).orElse(data));
    events.history().requireUnused(name);
    if (predecessor.isPresent()) {
      events.history().requireClosed(predecessor.get());
    }
    if (!ShardLog.isBegun(log.data())) {
      begin(log, predecessor);
    } else if (ledger.isPresent()) {
      // Records the URL. Without it, the shard's next writer would begin a second log of its key.
      log.data().openWriter().close();
    }
    VerificationKey first = log.firstKey();
    Candidate candidate = log.candidate(first, 0);
    Checkpoint checkpoint = candidate.request().checkpoint().unverified();
    VerifierKey key = new VerifierKey(checkpoint.origin(), SignatureType.ED25519, first);
    events.open(new ShardOpening(name, key, checkpoint.size(), predecessor), candidate);
    return checkpoint;
  }

  /** Begins the log of a shard. After a crash, the next attempt finds the log, or begins it. */
  private void begin(ShardLog log, Optional<String> predecessor)
      throws DirectoryException, KeyException, LedgerException {
    String origin = creation.origin() + "/shard/" + log.name();
    SigningKey key = log.data().prepareKey();
    VerificationKey first = key.verificationKey();
    ShardOpening opening =
        new ShardOpening(
            log.name(), new VerifierKey(origin, SignatureType.ED25519, first), 0, predecessor);
    try (FleetEvents own = log.data().fleetEvents(new SigningKeys(key, Fleet.ring(first)))) {
      own.beginShard(opening);
    }
  }

  /**
   * Closes a shard: ends its log, if that is not ended yet, admits its last checkpoint, and records
   * the closing. A call that was killed is completed by the next one.
   *
   * @param by the person who closes the shard, as that person stated
   * @return its last checkpoint
   * @throws ShardException if the shard is not open, events wait in its journal, or its log can
   *     only be ended on another host
   */
  public Checkpoint closeShard(String name, String by)
      throws LedgerException, KeyException, JournalException, ShardException {
    events.history().requireOpen(name);
    ShardLog log = new ShardLog(name, fleet.shard(name));
    if (!log.data().waiting().isNone()) {
      throw new ShardException(
          "shard %s: events wait in its journal; stop its writer, and let it append them"
              .formatted(name));
    }
    boolean hasKey = log.data().keys().hasSigningKey();
    boolean isEnded = log.isEnded();
    if (!isEnded || hasKey && log.uncovered() > 0) {
      if (!hasKey) {
        throw new ShardException(
            "shard %s: its key is not in %s; on a host that has it, run 'indelible log end', and then this command again"
                .formatted(name, log.data().path()));
      }
      log.data().end(new LogEnd("shard %s of %s is closed".formatted(name, creation.origin()), by));
    }
    if (log.uncovered() > 0) {
      throw new ShardException(
          "shard %s: its last %s rows are not under a checkpoint; 'indelible log end' signs one"
              .formatted(name, log.uncovered()));
    }
    Shard shard = events.history().requireOpen(name);
    Candidate candidate = fleet.newest(shard);
    if (!shard.checkpoint().equals(Optional.of(candidate.request().checkpoint().unverified()))) {
      Outcome outcome = events.admit(List.of(candidate)).get(0);
      if (outcome.refusal().isPresent()) {
        throw new ShardException("shard %s: %s".formatted(name, outcome.refusal().get()));
      }
    }
    Checkpoint last = candidate.request().checkpoint().unverified();
    events.close(name, last);
    return last;
  }

  /**
   * The result of a round for one shard.
   *
   * @param shard the name of the shard
   * @param size the size of its last admitted checkpoint
   * @param admitted true if this round admitted it
   * @param refusal the reason why the shard's checkpoint was not admitted; empty if it was, or if
   *     there is no newer one
   */
  public record Result(String shard, long size, boolean admitted, Optional<String> refusal) {}

  /**
   * Admits the newest checkpoint of each open shard, in one transaction. Admits an unchanged
   * checkpoint again after half of the promised freshness.
   *
   * @return a result for each open shard
   * @throws LedgerException if the log of logs cannot be read or written to now
   */
  public List<Result> admit() throws LedgerException {
    Map<String, Result> results = new LinkedHashMap<>();
    List<Candidate> candidates = new ArrayList<>();
    for (Shard shard : events.history().shards()) {
      if (!shard.isOpen()) {
        continue;
      }
      long size = shard.checkpoint().map(Checkpoint::size).orElse(0L);
      Optional<String> refusal = Optional.empty();
      try {
        Candidate candidate = fleet.newest(shard);
        if (isDue(shard, candidate)) {
          candidates.add(candidate);
        }
      } catch (LedgerException | ShardException | RuntimeException e) {
        // A damaged tree can cause any exception; the other shards are admitted.
        refusal = Optional.of(String.valueOf(e.getMessage()));
      }
      results.put(shard.name(), new Result(shard.name(), size, false, refusal));
    }
    if (!candidates.isEmpty()) {
      for (Outcome outcome : events.admit(candidates)) {
        results.computeIfPresent(
            outcome.shard(),
            (name, before) ->
                new Result(
                    name,
                    outcome.admitted() ? outcome.size() : before.size(),
                    outcome.admitted(),
                    outcome.refusal()));
      }
    }
    return List.copyOf(results.values());
  }

  private boolean isDue(Shard shard, Candidate candidate) {
    Checkpoint next = candidate.request().checkpoint().unverified();
    long micros = Timestamps.micros(Timestamps.now()) - Timestamps.micros(shard.lastSeen());
    return !shard.checkpoint().equals(Optional.of(next))
        || micros >= TimeUnit.MICROSECONDS.convert(creation.freshness()) / 2;
  }

  /** Closes the log of logs. */
  @Override
  public void close() {
    events.close();
  }
}
