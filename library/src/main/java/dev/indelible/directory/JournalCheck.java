// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.encoding.Timestamps;
import dev.indelible.journal.ChangedPosition;
import dev.indelible.journal.Extent;
import dev.indelible.journal.Journal;
import dev.indelible.journal.Journal.Positions;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.json.CanonicalWriter;
import dev.indelible.ledger.LedgerException;
import dev.indelible.storage.StoredLedger;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/** Compares a ledger with the journals beside it. Used by one thread. */
public final class JournalCheck {
  /** Time after which an event that waits in a running process's journal is a problem. */
  private static final Duration LONG_WAIT = Duration.ofSeconds(1);

  private final Path journals;
  private final StoredLedger ledger;
  private final List<Finding> findings = new ArrayList<>();

  private JournalCheck(Path journals, StoredLedger ledger) {
    this.journals = journals;
    this.ledger = ledger;
  }

  /** Returns a finding if the database was swapped; none if the journals name this ledger. */
  public static List<Finding> swapped(DataDirectory data, StoredLedger ledger) {
    JournalCheck check = new JournalCheck(data.journal(), ledger);
    check.compareLedgers();
    return check.findings;
  }

  /** Returns findings on waiting events and on changed journal positions. */
  public static List<Finding> journals(DataDirectory data, StoredLedger ledger) {
    JournalCheck check = new JournalCheck(data.journal(), ledger);
    check.countWaiting(data);
    check.comparePositions();
    return check.findings;
  }

  /**
   * Counts the events that wait in a log's journals.
   *
   * @param ledger the log's ledger; empty if nothing was appended to one yet
   * @param changed receives each journal position that the ledger's own events contradict
   * @throws JournalException if a journal or the ledger cannot be read
   */
  static WaitingEvents waiting(
      DataDirectory data, Optional<StoredLedger> ledger, Consumer<ChangedPosition> changed)
      throws JournalException {
    try {
      Optional<UUID> id = ledger.isPresent() ? ledger.get().id() : Optional.empty();
      Positions positions = ledger.isPresent() ? LedgerPositions.of(ledger.get()) : journal -> 0;
      return WaitingEvents.read(data.journal(), id, positions, changed);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  /** Returns why waiting events are a problem; empty if they are not. */
  static Optional<String> waitingReason(WaitingEvents waiting, Instant now) {
    List<String> reasons = new ArrayList<>();
    if (waiting.ended() > 0) {
      reasons.add(
          "%s in the journal of a process that has ended; the next command that records delivers %s"
              .formatted(eventsWait(waiting.ended()), waiting.ended() == 1 ? "it" : "them"));
    }
    Duration age =
        waiting.oldestAlive().map(since -> Duration.between(since, now)).orElse(Duration.ZERO);
    if (age.compareTo(LONG_WAIT) >= 0) {
      reasons.add(
          "%s in the journal of a running process, the oldest for %s s; the process retries until it delivers %s, and its log names the cause"
              .formatted(
                  eventsWait(waiting.alive()),
                  count(age.toSeconds()),
                  waiting.alive() == 1 ? "it" : "them"));
    }
    return reasons.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", reasons));
  }

  private static String eventsWait(long events) {
    return count(events) + (events == 1 ? " event waits" : " events wait");
  }

  private static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private void compareLedgers() {
    try {
      Optional<UUID> own = ledger.id();
      Optional<UUID> other = Journal.identify(journals);
      if (own.isPresent() && other.isPresent() && !own.equals(other)) {
        findings.add(
            Finding.broken(
                Finding.LEDGER,
                "the database was replaced: it has ledger %s, but the journal beside it belongs to ledger %s; restore the database of that ledger"
                    .formatted(own.get(), other.get())));
      }
    } catch (JournalException | LedgerException e) {
      note(Finding.LEDGER, e.getMessage());
    }
  }

  /**
   * Adds a note about accepted events that are not in the chain yet, which is no fault of the
   * chain.
   */
  private void countWaiting(DataDirectory data) {
    try {
      WaitingEvents events = waiting(data, Optional.of(ledger), this::changed);
      if (!events.isNone()) {
        note(
            Finding.JOURNAL,
            "%s events wait in journals of processes that have ended, %s in journals of running processes: they are accepted, but not in the chain yet"
                .formatted(events.ended(), events.alive()));
      }
    } catch (JournalException e) {
      note(Finding.JOURNAL, e.getMessage());
    }
  }

  /**
   * Reports a changed position. If the position was moved back, the status is unknown, because an
   * event that was submitted twice has the same effect.
   */
  private void changed(ChangedPosition changed) {
    String message = "indelible_journals: " + changed.describe();
    findings.add(
        changed.skips()
            ? Finding.broken(Finding.STORAGE, message)
            : Finding.unknown(Finding.STORAGE, message));
  }

  /**
   * Reports journals whose settled position in the ledger is outside the journal: waiting events
   * would be skipped, or recorded as lost. An old copy of the ledger or the journal also causes
   * this finding, so its status is unknown.
   */
  private void comparePositions() {
    try {
      // Positions only grow. So a position is neither before a begin that was read earlier nor
      // after an end that is read later.
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
                      "indelible_journals: the position in journal %s is %s, but the journal has %s to %s; the position was changed, or the ledger or the journal is an old copy"
                          .formatted(journal, position, base, end)));
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

  /** Writes the member {@code waiting} of a status; null if the events are unknown. */
  static void write(CanonicalWriter out, Optional<WaitingEvents> waiting) {
    out.name("waiting")
        .object(
            waiting,
            events -> {
              out.member("alive", events.alive()).member("ended", events.ended());
              out.name("oldest").nullable(events.oldest().map(Timestamps::format));
            });
  }
}
