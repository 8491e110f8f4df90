// SPDX-License-Identifier: Apache-2.0
package dev.indelible.storage;

import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A reader of a ledger on a server that stays open between two uses, because a login costs more
 * than a look. A reader that failed is closed, and the use is repeated once with a new one: the
 * server may have been restarted since the last use. A reader is also replaced after {@link
 * #MAX_AGE}, so that after a fail-over, nobody reads from the old server for longer.
 *
 * <p>Used by one thread.
 *
 * @param <R> the type of the reader
 */
public final class KeptReader<R extends LedgerReader> implements AutoCloseable {
  /** The age from which on a reader is replaced. */
  static final Duration MAX_AGE = Duration.ofMinutes(1);

  private final Opening<R> opening;
  private final LongSupplier nanoTime;
  private @Nullable R reader;
  private long openedAt;

  /** Opens a ledger for reading. */
  @FunctionalInterface
  public interface Opening<R extends LedgerReader> {
    /** Returns a reader; empty if there is no ledger. */
    Optional<? extends R> open() throws LedgerException;
  }

  /**
   * A use of a reader.
   *
   * @param <T> the type of its result
   * @param <X> the type of its exceptions, other than those of the ledger
   */
  @FunctionalInterface
  public interface Use<R, T, X extends Exception> {
    /** Reads from the ledger. Another call may follow one that threw a {@link LedgerException}. */
    T read(R ledger) throws X, LedgerException;
  }

  /** Creates a reader that is not open yet. */
  public KeptReader(Opening<R> opening) {
    this(opening, System::nanoTime);
  }

  /** Creates a reader with a clock like {@link System#nanoTime}. */
  KeptReader(Opening<R> opening, LongSupplier nanoTime) {
    this.opening = opening;
    this.nanoTime = nanoTime;
  }

  /**
   * Uses the reader.
   *
   * @return the result; empty if there is no ledger
   * @throws LedgerException if the ledger cannot be read, also with a new reader
   */
  public <T, X extends Exception> Optional<T> use(Use<? super R, T, X> use)
      throws X, LedgerException {
    if (reader != null && nanoTime.getAsLong() - openedAt >= MAX_AGE.toNanos()) {
      close();
    }
    R kept = reader;
    if (kept != null) {
      try {
        return Optional.of(using(kept, use));
      } catch (LedgerException e) {
        // Repeated below.
      }
    }
    Optional<? extends R> opened = opening.open();
    if (opened.isEmpty()) {
      return Optional.empty();
    }
    reader = opened.get();
    openedAt = nanoTime.getAsLong();
    return Optional.of(using(opened.get(), use));
  }

  /** Uses a reader, and closes it if that fails in any way. */
  private <T, X extends Exception> T using(R ledger, Use<? super R, T, X> use)
      throws X, LedgerException {
    boolean used = false;
    try {
      T result = use.read(ledger);
      used = true;
      return result;
    } finally {
      if (!used) {
        close();
      }
    }
  }

  /** Closes the reader; the next use opens another. */
  @Override
  public void close() {
    R open = reader;
    reader = null;
    if (open != null) {
      open.close();
    }
  }
}
