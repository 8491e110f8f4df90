// SPDX-License-Identifier: Apache-2.0
package dev.indelible.pending;

import java.time.Duration;
import java.util.UUID;

/**
 * The position up to which the ledger has the events of a journal. Committed in one transaction
 * with the events, so recovery is exact.
 *
 * @param journal the journal
 * @param position the position before which everything is settled; for {@link Kind#LEASE}, a number
 *     of milliseconds
 * @param expected the position that the ledger must have before the transaction, so that a writer
 *     whose place another writer has taken commits nothing; {@link #ANY} for no such requirement
 * @param kind the meaning of the position to the ledger
 */
public record JournalMark(UUID journal, long position, long expected, Kind kind) {
  /** The expectation of a journal that only its own process reads. */
  public static final long ANY = -1;

  /** The meaning of a position to the ledger. */
  public enum Kind {
    /** It replaces the expected position. */
    POSITION,
    /**
     * The journal retains settled events for a ledger that goes back. A position below the expected
     * one then means that the ledger has lost events, and a position above it is accepted.
     */
    RETAINED,
    /**
     * It is the length of a lease. The ledger stores the time at which the lease ends: this long
     * after the end of the transaction, by its own clock.
     */
    LEASE
  }

  /** Creates a mark that replaces only the expected position. */
  public JournalMark(UUID journal, long position, long expected) {
    this(journal, position, expected, Kind.POSITION);
  }

  /** Creates a mark that replaces any position. */
  public JournalMark(UUID journal, long position) {
    this(journal, position, ANY);
  }

  /** Creates a mark of the time until which a lease holds, counted from the commit. */
  public static JournalMark lease(UUID journal, Duration length) {
    return new JournalMark(journal, length.toMillis(), ANY, Kind.LEASE);
  }

  /** Creates a mark of a journal that retains settled events. */
  public static JournalMark retained(UUID journal, long position, long expected) {
    return new JournalMark(journal, position, expected, Kind.RETAINED);
  }

  /** Returns true if the position is a length of a lease. */
  public boolean isLease() {
    return kind == Kind.LEASE;
  }

  /** Returns true if the journal retains settled events. */
  public boolean isRetained() {
    return kind == Kind.RETAINED;
  }

  /** Returns true if a ledger with this position before the transaction may commit the mark. */
  public boolean mayReplace(long found) {
    return expected == ANY || found == expected || isRetained() && found > expected;
  }
}
