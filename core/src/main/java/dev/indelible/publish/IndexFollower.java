// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.health.HealthEntry;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.monitor.HealthEntries;
import dev.indelible.storage.LedgerSource;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.BooleanSupplier;
import java.util.function.LongConsumer;

/**
 * Keeps the index for queries up to date while the log is open (D1). It delays no event: its thread
 * reads the ledger like any other reader, in short transactions, and a failure is reported in
 * health.
 *
 * <p>While events wait for the drainer, this thread works at most a tenth of the time, so that the
 * drainer gets the processor. The index then falls behind, and every result of a query names the
 * row up to which it is complete.
 */
public final class IndexFollower extends Follower {
  /** Time of work between two rests while events wait. */
  private static final Duration SLICE = Duration.ofMillis(50);

  /** The length of a rest while events wait. */
  private static final Duration REST = SLICE.multipliedBy(9);

  /** Time of work between two looks at the drainer while no events wait. */
  private static final Duration LONG_SLICE = Duration.ofMillis(500);

  /** An index that is behind for longer is reported in health. */
  private static final Duration LONGEST_LAG = Duration.ofMinutes(1);

  private final Update update;
  private final BooleanSupplier eventsWait;
  private final HealthEntries health;

  /** The last row of the index, as this thread last saw it; empty before that. */
  private volatile OptionalLong indexed = OptionalLong.empty();

  /** True until the first slice; used only by this thread. */
  private boolean first = true;

  /** The {@link System#nanoTime} at which the index fell behind; used only by this thread. */
  private Optional<Long> behindSince = Optional.empty();

  /** Adds rows to the index. */
  @FunctionalInterface
  public interface Update {
    /**
     * Adds rows until the index has all rows or the time limit is reached. Waits while another
     * process writes the index.
     *
     * @param thorough true to check the index first, as far as the time allows
     * @param progress called with the last row of the index
     * @return the reason that the index is behind: rows are left, or another process writes it;
     *     empty if it has all rows
     * @throws LedgerException if the index cannot be written, or the ledger cannot be read
     */
    Optional<String> run(
        LedgerReader ledger, Duration atMost, boolean thorough, LongConsumer progress)
        throws LedgerException;
  }

  private IndexFollower(
      Update update, LedgerSource source, BooleanSupplier eventsWait, HealthEntries health) {
    super(HealthEntry.INDEX, health, source, DEFAULT_INTERVAL);
    this.update = update;
    this.eventsWait = eventsWait;
    this.health = health;
  }

  /**
   * Starts a follower.
   *
   * @param source the ledger; it need not exist yet
   * @param eventsWait returns true while so many events wait that the drainer needs the processor
   * @param health receives an entry while the index fails or is far behind
   */
  public static IndexFollower start(
      Update update, LedgerSource source, BooleanSupplier eventsWait, HealthEntries health) {
    IndexFollower follower = new IndexFollower(update, source, eventsWait, health);
    follower.start();
    return follower;
  }

  @Override
  Optional<String> look(LedgerReader ledger) throws LedgerException, InterruptedException {
    // If rows are left when the log closes, the next query adds them.
    while (!isStopped()) {
      boolean busy = eventsWait.getAsBoolean();
      Optional<String> behind = slice(ledger, busy ? SLICE : LONG_SLICE);
      health.set(HealthEntry.INDEX, late(behind));
      if (behind.isEmpty()) {
        return Optional.empty();
      }
      if (busy) {
        rest(REST);
      }
    }
    return Optional.empty();
  }

  private Optional<String> slice(LedgerReader ledger, Duration time) throws LedgerException {
    try {
      Optional<String> behind = update.run(ledger, time, first, this::reached);
      first = false;
      return behind;
    } catch (LedgerException e) {
      health.set(HealthEntry.INDEX, String.valueOf(e.getMessage()));
      throw e;
    }
  }

  private void reached(long row) {
    indexed = OptionalLong.of(row);
  }

  /** Returns the last row of the index, as this follower last saw it; empty before that. */
  public OptionalLong indexed() {
    return indexed;
  }

  private Optional<String> late(Optional<String> behind) {
    if (behind.isEmpty()) {
      behindSince = Optional.empty();
      return Optional.empty();
    }
    long now = System.nanoTime();
    if (behindSince.isEmpty()) {
      behindSince = Optional.of(now);
    }
    return behind.filter(reason -> now - behindSince.get() > LONGEST_LAG.toNanos());
  }
}
