// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.journal.ChangedPosition;
import dev.indelible.journal.Extent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.LedgerException;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/** Compares a ledger with the journals beside it. Used by one thread. */
final class JournalCheck {
  private final Path journals;
  private final SqliteLedger ledger;
  private final List<Finding> findings = new ArrayList<>();

  private JournalCheck(Path journals, SqliteLedger ledger) {
    this.journals = journals;
    this.ledger = ledger;
  }

  /** Returns a finding for a swapped database; none if the journals are of this ledger. */
  static List<Finding> swapped(DataDirectory data, SqliteLedger ledger) {
    JournalCheck check = new JournalCheck(data.journal(), ledger);
    check.compareLedgers();
    return check.findings;
  }

  /** Returns findings for events that wait, and for journal positions that were changed. */
  static List<Finding> journals(DataDirectory data, SqliteLedger ledger) {
    JournalCheck check = new JournalCheck(data.journal(), ledger);
    check.countWaiting(data);
    check.comparePositions();
    return check.findings;
  }

  private void compareLedgers() {
    try {
      Optional<UUID> own = ledger.id();
      Optional<UUID> other = Journal.identify(journals);
      if (own.isPresent() && other.isPresent() && !own.equals(other)) {
        findings.add(
            Finding.broken(
                Finding.LEDGER,
                "the database was swapped: it holds ledger %s, and the journal beside it is of ledger %s"
                    .formatted(own.get(), other.get())));
      }
    } catch (JournalException | LedgerException e) {
      note(Finding.LEDGER, e.getMessage());
    }
  }

  /** Reports events that are accepted and not in the chain yet, which is no fault of the chain. */
  private void countWaiting(DataDirectory data) {
    try {
      WaitingEvents events = HealthCheck.waiting(data, Optional.of(ledger), this::changed);
      if (!events.isNone()) {
        note(
            Finding.JOURNAL,
            "%s events wait in journals of processes that have ended, %s in those of processes at work: they are accepted, and not in the chain yet"
                .formatted(events.ended(), events.alive()));
      }
    } catch (JournalException e) {
      note(Finding.JOURNAL, e.getMessage());
    }
  }

  /** Reports a position that was changed; one moved back may be two submissions of one event. */
  private void changed(ChangedPosition changed) {
    String message = "indelible_journals: " + changed.describe();
    findings.add(
        changed.skips()
            ? Finding.broken(Finding.STORAGE, message)
            : Finding.unknown(Finding.STORAGE, message));
  }

  /**
   * Reports journals whose settled position in the ledger is outside of what they hold: waiting
   * events would be skipped, or recorded as lost. An old copy of ledger or journal looks the same,
   * so the result is unknown.
   */
  private void comparePositions() {
    try {
      // Positions only grow: a journal begins no later than a position read after it, and ends no
      // earlier than one read before it.
      Map<UUID, Extent> before = Journal.extents(journals);
      Map<UUID, Long> positions = new TreeMap<>();
      for (UUID journal : before.keySet()) {
        positions.put(journal, ledger.settled(journal));
      }
      Map<UUID, Extent> after = Journal.extents(journals);
      positions.forEach(
          (journal, position) -> {
            long base = before.get(journal).base();
            Extent later = after.get(journal);
            long end = later == null ? Long.MAX_VALUE : later.end();
            if (position < base || position > end) {
              findings.add(
                  Finding.unknown(
                      Finding.STORAGE,
                      "indelible_journals: stands at %s in journal %s, which holds %s to %s; the position was changed, or one of the two is an old copy"
                          .formatted(position, journal, base, end)));
            }
          });
    } catch (JournalException e) {
      note(Finding.STORAGE, "indelible_journals: " + e.getMessage());
    } catch (LedgerException e) {
      findings.add(Finding.unknown(Finding.STORAGE, "indelible_journals: " + e.getMessage()));
    }
  }

  private void note(String check, String message) {
    findings.add(Finding.note(check, Status.UNKNOWN, message));
  }
}
