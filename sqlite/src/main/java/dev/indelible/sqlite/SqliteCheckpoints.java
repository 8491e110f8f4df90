// SPDX-License-Identifier: Apache-2.0
package dev.indelible.sqlite;

import dev.indelible.checkpoint.CheckpointSigner;
import dev.indelible.checkpoint.ForkException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.Throttle;
import dev.indelible.ledger.HeadGuard;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.queue.AuditCounters;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the ledger's checkpoints signed, from time to time and at the end. Outlives the sinks it
 * works for, so that none of them signs what contradicts an earlier one's. Used by the drainer's
 * thread.
 *
 * <p>Rows are settled without a checkpoint: one that fails for the weather is tried again later,
 * and one that would contradict an earlier one ends the signing, not the recording; so does what
 * others keep of the log, if it has the log's own signature and contradicts it.
 */
final class SqliteCheckpoints {
  /** How often a checkpoint is signed while there is something new. */
  static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

  /** The key of the health entry. */
  private static final String SOURCE = HealthEntry.CHECKPOINTS;

  /** What a person does about a ledger that contradicts what was signed. */
  private static final String HOW_TO_GO_ON =
      ". Put back the database that has those rows. To go on with this one, move the file"
          + " last-checkpoint out of the data directory and keep it as evidence, and restart";

  /** How often a checkpoint that is not signed because of a lock is logged, at most. */
  private static final Duration LOCK_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(SqliteCheckpoints.class);

  /** Failures in a row after which a lock counts as a fault: some ten seconds of them. */
  private static final int LASTING = 10;

  private final Optional<CheckpointFile> lastSigned;
  private final Signer key;
  private final Optional<String> origin;
  private final Duration interval;
  private final HeadGuard guard;
  private final AuditCounters counters;

  /** Made when the ledger is known. */
  private @Nullable CheckpointSigner signer;

  private final Throttle locksLog = Throttle.of(LOCK_LOG_INTERVAL);

  private long lastTry = System.nanoTime();

  /** Whether this process may have added something new. */
  private boolean due = true;

  /** Attempts since one last went well. */
  private int failures;

  /** Whether storage contradicts what was signed; it will not by itself agree again. */
  private boolean stopped;

  /**
   * Checkpoints of a ledger.
   *
   * @param lastSigned a file of its own beside the database, in which the last one is kept, so that
   *     a database that is set back by itself is not signed on; if none is, empty
   * @param key signs them
   * @param origin the log's name in them; if not said, {@code indelible/} and the ledger's id
   * @param interval how often one is signed, at most
   * @param guard knows the keys that earlier ones may be signed with
   * @param counters where it is noted that signing has ended
   */
  SqliteCheckpoints(
      Optional<Path> lastSigned,
      Signer key,
      Optional<String> origin,
      Duration interval,
      HeadGuard guard,
      AuditCounters counters) {
    this.lastSigned = lastSigned.map(CheckpointFile::new);
    this.key = key;
    this.origin = origin;
    this.interval = interval;
    this.guard = guard;
    this.counters = counters;
  }

  /** Notes that this process added to the chain. */
  void appended() {
    due = true;
  }

  /**
   * Signs one if the last was long enough ago, and the chain may have grown since. What others
   * write is looked at too: it may revoke this process's key.
   */
  void signIfDue(SqliteWriter writer) {
    if (System.nanoTime() - lastTry < interval.toNanos()) {
      return;
    }
    lastTry = System.nanoTime();
    due |= writer.isChangedByOthers();
    if (due) {
      signIfNew(writer);
    }
  }

  /**
   * Signs one if there is something new, and the file is still the ledger: rows committed to one
   * that was removed or replaced are not settled, and must not be signed for.
   */
  void signIfNew(SqliteWriter writer) {
    lastTry = System.nanoTime();
    if (stopped || counters.isContradicted() || !writer.isOnItsFile()) {
      return;
    }
    try {
      Optional<StoredCheckpoint> last = writer.lastCheckpoint();
      if (writer.tree().state().size() != last.map(StoredCheckpoint::size).orElse(0L)) {
        sign(writer);
      } else if (guard.lastSeen().isPresent()
          && guard.lastSeen().get().sequence() < last.map(StoredCheckpoint::size).orElse(0L)) {
        // Others wrote and signed meanwhile, perhaps that this key is revoked.
        BatchAppend.requireNotGivenUp(writer, guard, key.verificationKey(), writer.lastRow());
      }
      failures = 0;
      due = false;
      counters.healthEntries().clear(SOURCE);
    } catch (SqliteTree.DamagedException e) {
      stop(e.getMessage());
    } catch (SigningException e) {
      if (e.isGivenUp()) {
        stop(String.valueOf(e.getMessage()));
      } else {
        failed(String.valueOf(e.getMessage()), false);
      }
    } catch (ForkException e) {
      stop(e.getMessage() + HOW_TO_GO_ON);
    } catch (SQLException e) {
      failed(SqliteFault.describe(e), SqliteFault.isLock(e));
    } catch (RuntimeException e) {
      // The rows are settled: whatever is wrong with a checkpoint must not have them tried again.
      failed(e.getMessage() == null ? e.toString() : e.getMessage(), false);
    }
  }

  private void stop(String reason) {
    counters.healthEntries().set(SOURCE, "no checkpoint is signed any more: " + reason);
    stopped = true;
  }

  /**
   * Notes a failure after which signing is tried again; health reports it until then.
   *
   * @param isLock whether another writer has the ledger, which is no fault unless it lasts
   */
  private void failed(String reason, boolean isLock) {
    failures++;
    if (!isLock || failures >= LASTING) {
      counters
          .healthEntries()
          .set(SOURCE, "no checkpoint is signed for now, it is tried again: " + reason);
    } else {
      locksLog.ifDue(() -> LOG.warn("no checkpoint is signed for now: {}", reason));
    }
  }

  /**
   * Reads the last one, checks that the tree continues it, signs and stores the next: all within
   * one transaction, so that of two writers the second sees what the first has signed.
   */
  private void sign(SqliteWriter writer) throws SQLException, ForkException {
    CheckpointSigner signing = signer(writer);
    Optional<SignedCheckpoint> stored =
        writer.inTransaction(
            () -> {
              Optional<StoredCheckpoint> last = writer.lastCheckpoint();
              long size = writer.tree().state().size();
              if (last.filter(before -> before.size() == size).isPresent()) {
                return Optional.empty();
              }
              BatchAppend.requireNotGivenUp(writer, guard, key.verificationKey(), writer.lastRow());
              SignedCheckpoint next =
                  signing.sign(
                      last.map(StoredCheckpoint::note),
                      guard.accepted().keys(),
                      writer.tree(),
                      size);
              writer.insertCheckpoint(new StoredCheckpoint(size, next.bytes()));
              return Optional.of(next);
            });
    // A file replaced since: the checkpoint is gone with it, and the next file is not held to it.
    if (stored.isPresent() && writer.isOnItsFile()) {
      signing.stored(stored.get());
      lastSigned.ifPresent(file -> file.write(stored.get()));
    }
  }

  /**
   * What was signed last, as far as it is kept.
   *
   * @throws SQLException if it cannot be read
   */
  private Optional<byte[]> before() throws SQLException {
    return lastSigned.isPresent() ? lastSigned.get().read() : Optional.empty();
  }

  private CheckpointSigner signer(SqliteWriter writer) throws SQLException {
    CheckpointSigner made = signer;
    if (made == null) {
      Optional<byte[]> before = before();
      made = new CheckpointSigner(origin.orElse("indelible/" + writer.ledger()), key);
      if (before.isPresent()) {
        made.signedBefore(before.get(), guard.accepted().keys());
      }
      signer = made;
    }
    return made;
  }
}
