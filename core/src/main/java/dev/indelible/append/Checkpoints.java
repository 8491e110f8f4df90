// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.base.Throttle;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.CheckpointSigner;
import dev.indelible.checkpoint.ForkException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningException;
import dev.indelible.event.SystemEvent;
import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.monitor.AuditCounters;
import dev.indelible.storage.LedgerUnavailableException;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.LedgerWriter.Confirmed;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Signs checkpoints of the ledger from time to time and at the end. Shared by the successive sinks
 * of a run, so that no sink signs a checkpoint that contradicts an earlier one. Used by the
 * drainer's thread.
 *
 * <p>Rows are settled without waiting for a checkpoint. A checkpoint that a transient fault
 * prevents is retried later. Signing stops, and recording continues, if a checkpoint would
 * contradict an earlier one, or if evidence outside the ledger, for example in an anchor file, has
 * the log's signature and contradicts the log.
 */
public final class Checkpoints {
  /** The interval at which checkpoints are signed while the tree grows. */
  private static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(1);

  /** The key of the health entry. */
  private static final String SOURCE = HealthEntry.CHECKPOINTS;

  /** Remedy for a ledger that contradicts a signed checkpoint. */
  private static final String HOW_TO_CONTINUE =
      ". Restore the database that has those rows. To continue with this one, move the file"
          + " last-checkpoint out of the data directory and keep it as evidence, and restart";

  /** Remedy for a stored checkpoint that is not of this log. */
  private static final String HOW_TO_REPAIR =
      ". The checkpoint in the database was changed, or is of another log: 'indelible log verify'"
          + " names it; restore the database from a backup";

  /** The minimum time between two log lines about checkpoints that a lock prevents. */
  private static final Duration LOCK_LOG_INTERVAL = Duration.ofMinutes(1);

  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

  /** Consecutive failures after which a lock or a standby is a fault: about ten seconds. */
  private static final int LASTING = 10;

  private final Settings settings;
  private final HeadGuard guard;
  private final AuditCounters counters;

  /** Null until the ledger is known. */
  private @Nullable CheckpointSigner signer;

  private final Throttle locksLog = Throttle.of(LOCK_LOG_INTERVAL);

  private long lastTry = System.nanoTime();

  /** True if this process may have appended rows since the last checkpoint. */
  private boolean due = true;

  /** Consecutive failures. */
  private int failures;

  /** The number of rows that checkpoints covered when one was last due. */
  private long covered = -1;

  /** True if signing has stopped; it does not resume by itself. */
  private boolean stopped;

  /**
   * Settings of checkpoints.
   *
   * @param key the key that signs the checkpoints
   * @param origin the log's name in the checkpoints; if null, the name in its last checkpoint, or
   *     {@code indelible/} and the ledger's id if it has none
   * @param interval the minimum time between two checkpoints
   * @param file the file that keeps the last checkpoint, and the source of the ML-DSA-44 key
   */
  public record Settings(
      Signer key, @Nullable String origin, Duration interval, CheckpointFile file) {

    /** Returns settings with the default interval and origin, and no checkpoint file. */
    public static Settings of(Signer key) {
      return new Settings(key, null, DEFAULT_INTERVAL, CheckpointFile.none());
    }

    /** Returns these settings with another interval. */
    public Settings withInterval(Duration longest) {
      return new Settings(key, origin, longest, file);
    }

    /** Returns these settings with another origin; null for the name that the log has. */
    public Settings withOrigin(@Nullable String name) {
      return new Settings(key, name, interval, file);
    }

    /** Returns these settings with a file for the last checkpoint. */
    public Settings withFile(CheckpointFile kept) {
      return new Settings(key, origin, interval, kept);
    }

    /** Returns the name that a log has or gets in its checkpoints. */
    String originOf(LedgerWriter writer) throws LedgerException {
      if (origin != null) {
        return origin;
      }
      Optional<byte[]> last = writer.lastCheckpoint().map(StoredCheckpoint::note);
      if (last.isEmpty()) {
        last = file.read();
      }
      try {
        if (last.isPresent()) {
          return SignedCheckpoint.parse(last.get()).unverified().origin();
        }
      } catch (CheckpointParseException e) {
        // The signer refuses to continue it, whatever the name.
      }
      return "indelible/" + writer.ledger();
    }
  }

  /**
   * Creates the checkpoints of a ledger.
   *
   * @param guard knows the keys that may have signed earlier checkpoints
   * @param counters receives the health entry if signing fails or stops
   */
  public Checkpoints(Settings settings, HeadGuard guard, AuditCounters counters) {
    this.settings = settings;
    this.guard = guard;
    this.counters = counters;
  }

  /** Records that this process appended to the chain. */
  void appended() {
    due = true;
  }

  /**
   * Signs a checkpoint if the interval has passed and the chain may have grown. Rows of other
   * writers also count, because another writer may revoke this process's key.
   */
  void signIfDue(ChainEnd end) {
    if (System.nanoTime() - lastTry < settings.interval().toNanos()) {
      return;
    }
    lastTry = System.nanoTime();
    due |= end.writer().isChangedByOthers();
    if (due) {
      signIfNew(end);
    }
  }

  /**
   * Signs a checkpoint if the tree has grown and the ledger file is still in place. Rows committed
   * to a file that was removed or replaced are not settled, and must not be signed.
   */
  public void signIfNew(ChainEnd end) {
    LedgerWriter writer = end.writer();
    lastTry = System.nanoTime();
    if (stopped || counters.isContradicted() || !writer.isStillThere()) {
      return;
    }
    try {
      long last = writer.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
      long size = end.tree().state().size();
      if (size != last) {
        Confirmed confirmed = writer.confirmed(size);
        long before = covered;
        // A standby that is away costs a query a second, and no transaction.
        boolean isBehind = last < size && confirmed.size() <= last;
        covered = isBehind ? last : Math.max(last, sign(end, confirmed.size()));
        due = covered < size;
        if (due && covered <= before && confirmed.reason().isPresent()) {
          behind(confirmed.reason().get());
          return;
        }
      } else {
        if (guard.lastSeen().isPresent() && guard.lastSeen().get().sequence() < last) {
          // Other writers appended and signed meanwhile, and may have revoked this key.
          end.requireMaySign(settings.key().verificationKey(), writer.lastRow());
        }
        due = false;
      }
      failures = 0;
      counters.healthEntries().clear(SOURCE);
    } catch (LedgerTree.DamagedException e) {
      stop(e.getMessage());
    } catch (SigningException e) {
      if (e.isRevoked()) {
        stop(String.valueOf(e.getMessage()));
      } else {
        failed(String.valueOf(e.getMessage()), false);
      }
    } catch (ForkException e) {
      stop(e.getMessage() + (e.isUnverified() ? HOW_TO_REPAIR : HOW_TO_CONTINUE));
    } catch (LedgerException e) {
      failed(e.getMessage(), e instanceof LedgerUnavailableException fault && fault.isLocked());
    } catch (RuntimeException e) {
      // The rows are settled, and must not be retried because a checkpoint failed.
      failed(e.getMessage() == null ? e.toString() : e.getMessage(), false);
    }
  }

  private void stop(String reason) {
    counters.healthEntries().set(SOURCE, "no checkpoint is signed any more: " + reason);
    stopped = true;
  }

  /** Reports that a standby does not confirm rows, if that lasts. */
  private void behind(String reason) {
    failures++;
    if (failures >= LASTING) {
      counters.healthEntries().set(SOURCE, "no checkpoint is signed for now: " + reason);
    }
  }

  /**
   * Reports a failure after which signing is retried. Health shows the failure until a retry
   * succeeds.
   *
   * @param isLock true if another writer holds a lock, which is a fault only if it lasts
   */
  private void failed(String reason, boolean isLock) {
    failures++;
    if (!isLock || failures >= LASTING) {
      counters
          .healthEntries()
          .set(SOURCE, "no checkpoint is signed for now; signing is retried: " + reason);
    } else {
      locksLog.ifDue(() -> LOG.warn("no checkpoint is signed for now: {}", reason));
    }
  }

  /**
   * Reads the last checkpoint, proves that the tree continues it, and signs and stores the next
   * one, all in one transaction: so the second of two writers reads the checkpoint that the first
   * signed. Signs nothing if an earlier checkpoint covers all confirmed rows, or if a key event
   * follows them: the key of this process may not be valid at that size yet.
   *
   * @param confirmed the number of rows that survive a fail-over
   * @return the number of rows that the new checkpoint covers; 0 if none is signed
   */
  private long sign(ChainEnd end, long confirmed) throws LedgerException, ForkException {
    LedgerWriter writer = end.writer();
    LedgerTree tree = end.tree();
    CheckpointSigner signing = signer(writer);
    Optional<SignedCheckpoint> stored =
        writer.inTransaction(
            () -> {
              Optional<StoredCheckpoint> last = writer.lastCheckpoint();
              long rows = tree.state().size();
              long covered = last.map(StoredCheckpoint::size).orElse(0L);
              long before = Math.max(covered, signing.signed());
              // The signer reports a tree that is shorter than an earlier checkpoint.
              long size = rows < before ? rows : Math.min(confirmed, rows);
              if (size == covered
                  || size < before && before <= rows
                  || size < rows && hasKeyEvent(writer, size)) {
                return Optional.empty();
              }
              end.requireMaySign(settings.key().verificationKey(), writer.lastRow());
              SignedCheckpoint next =
                  SecondSignature.add(
                      signing.sign(
                          last.map(StoredCheckpoint::note), guard.accepted().keys(), tree, size),
                      end,
                      settings.file());
              writer.insertCheckpoint(new StoredCheckpoint(size, next.bytes()));
              return Optional.of(next);
            });
    // If the ledger file was replaced, its checkpoint is gone with it, and the next file must not
    // be required to continue that checkpoint.
    if (stored.isPresent() && writer.isStillThere()) {
      signing.stored(stored.get());
      settings.file().write(stored.get());
    }
    return stored.map(signed -> signed.unverified().size()).orElse(0L);
  }

  private static boolean hasKeyEvent(LedgerWriter writer, long after) throws LedgerException {
    for (String type : SystemEvent.KEY_EVENTS) {
      if (writer.count(type, after + 1, Long.MAX_VALUE) > 0) {
        return true;
      }
    }
    return false;
  }

  private CheckpointSigner signer(LedgerWriter writer) throws LedgerException {
    CheckpointSigner made = signer;
    if (made == null) {
      Optional<byte[]> before = settings.file().read();
      made = new CheckpointSigner(settings.originOf(writer), settings.key());
      if (before.isPresent()) {
        made.signedBefore(before.get(), guard.accepted().keys());
      }
      signer = made;
    }
    return made;
  }
}
