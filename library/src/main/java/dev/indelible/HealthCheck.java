// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.Timestamps;
import dev.indelible.follow.AnchorFollower;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.HealthReasons;
import dev.indelible.journal.ChangedPosition;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.TamperNotes;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.AuditHealth;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.verify.LastCheckpoint;
import dev.indelible.verify.LastCheckpoint.Agreement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Checks the health of a log by the files in its data directory, whether a process has it open or
 * not. Changes nothing. {@code indelible status} prints the result; {@link Indelible#health} adds
 * what the running log reports. Used by one thread.
 */
public final class HealthCheck {
  /** Time that an event may wait in the journal of a process at work. */
  private static final Duration LONG_WAIT = Duration.ofSeconds(1);

  private final DataDirectory data;
  private final Optional<SqliteLedger> ledger;

  /** Entries by source, in the order in which they were found. */
  private final Map<String, HealthEntry> entries = new LinkedHashMap<>();

  private HealthCheck(DataDirectory data, Optional<SqliteLedger> ledger) {
    this.data = data;
    this.ledger = ledger;
  }

  /**
   * Checks a log. Counts the events that wait in its journals, and reads neither rows nor tree
   * except those of the last checkpoint; {@code log verify} reads all of them.
   *
   * @param ledger the log's open ledger; empty if it cannot be opened, which the caller reports
   * @param anchor the log's anchor file; empty if it has none
   */
  public static HealthReport of(
      DataDirectory data, Optional<SqliteLedger> ledger, Optional<Path> anchor) {
    return new HealthCheck(data, ledger).report(anchor);
  }

  /** Opens the ledger, checks the log, and closes the ledger. */
  static AuditHealth of(DataDirectory data, Optional<Path> anchor) {
    try {
      if (SqliteLedger.identify(data.database()).isEmpty()) {
        // Nothing was appended yet.
        return of(data, Optional.empty(), anchor).health();
      }
      try (SqliteLedger ledger = SqliteLedger.open(data.database())) {
        return of(data, Optional.of(ledger), anchor).health();
      }
    } catch (LedgerException e) {
      return AuditHealth.of(List.of(unreadable(e)))
          .and(of(data, Optional.empty(), anchor).health().entries());
    }
  }

  /** Returns the entry of a ledger that cannot be opened. */
  public static HealthEntry unreadable(LedgerException e) {
    return new HealthEntry(HealthEntry.LEDGER, "the ledger cannot be read: " + e.getMessage());
  }

  private HealthReport report(Optional<Path> anchor) {
    checkFiles();
    Optional<KeyRing> accepted = accepted();
    Optional<KeyRing> keys = accepted.filter(ring -> canSign());
    Optional<RulePolicy> policy = policy();
    Optional<WitnessPolicy> witnesses = witnesses();
    Optional<WaitingEvents> waiting = waiting();
    OptionalLong deadLetters = OptionalLong.empty();
    Optional<KeyHistory> history = Optional.empty();
    Optional<List<TamperNotes.Noted>> notes = Optional.of(List.of());
    Optional<Checkpoint> checkpoint = Optional.empty();
    OptionalLong anchored = OptionalLong.empty();
    if (ledger.isPresent()) {
      SqliteLedger open = ledger.get();
      deadLetters = deadLetters(open);
      history = accepted.flatMap(ring -> history(open, ring));
      notes = tamperNotes(open, history);
      history.ifPresent(this::checkSigningKey);
      checkpoint = checkpoint(open);
      history.ifPresent(known -> checkLastCheckpoint(open, known));
      if (anchor.isPresent()) {
        anchored = anchored(open, anchor.get(), checkpoint, history);
      }
    }
    return new HealthReport(
        AuditHealth.of(List.copyOf(entries.values())),
        accepted,
        keys,
        policy,
        witnesses,
        waiting,
        deadLetters,
        history,
        notes.orElse(List.of()),
        entries.containsKey(HealthEntry.CHAIN),
        checkpoint,
        anchored);
  }

  private void add(String source, @Nullable String reason) {
    entries.putIfAbsent(source, new HealthEntry(source, String.valueOf(reason)));
  }

  private void checkFiles() {
    Path database = data.database();
    for (Path file : List.of(data.path(), database)) {
      if (Files.exists(file) && !Files.isWritable(file)) {
        add(
            HealthEntry.LEDGER,
            file
                + ": this user cannot write to it, so nothing can be recorded; record as its owner,"
                + " or check its permissions and whether its disk is read-only");
      }
    }
    try {
      long free = Files.getFileStore(data.path()).getUsableSpace();
      if (free < JournalSettings.LOW_DISK_BYTES) {
        add(
            HealthEntry.DISK,
            text(
                "%s: the disk is full: %,d KiB are free, and the journal does not grow below %,d KiB; free some disk space",
                data.path(), free / 1024, JournalSettings.LOW_DISK_BYTES / 1024));
      }
    } catch (IOException e) {
      add(HealthEntry.DISK, data.path() + ": free disk space cannot be read: " + e);
    }
  }

  private Optional<KeyRing> accepted() {
    try {
      return Optional.of(data.keys().accepted());
    } catch (KeyException e) {
      add(HealthEntry.KEYS, e.getMessage());
      return Optional.empty();
    }
  }

  private boolean canSign() {
    try {
      if (!data.keys().isExternal()) {
        data.requireSigningKey();
      }
      return true;
    } catch (KeyException | LedgerException e) {
      add(HealthEntry.KEYS, e.getMessage());
      return false;
    }
  }

  private Optional<RulePolicy> policy() {
    try {
      return Optional.of(RulePolicy.load(data.policy()));
    } catch (PolicyException e) {
      add(HealthEntry.POLICY, e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<WitnessPolicy> witnesses() {
    try {
      return data.witnessPolicy();
    } catch (OpenException e) {
      add(HealthEntry.WITNESSES, e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<WaitingEvents> waiting() {
    if (ledger.isEmpty() && Files.exists(data.database()) && isLedger()) {
      // Its settled positions are unknown, and so is what waits.
      return Optional.empty();
    }
    try {
      WaitingEvents found = waiting(data, ledger);
      waitingReason(found, Timestamps.now()).ifPresent(reason -> add(HealthEntry.WAITING, reason));
      return Optional.of(found);
    } catch (JournalException e) {
      add(HealthEntry.WAITING, "waiting events cannot be counted: " + e.getMessage());
      return Optional.empty();
    }
  }

  private boolean isLedger() {
    try {
      return SqliteLedger.identify(data.database()).isPresent();
    } catch (LedgerException e) {
      // Its entry is added by the caller; it may be a ledger.
      return true;
    }
  }

  /**
   * Counts the events that wait in a log's journals.
   *
   * @param ledger the log's ledger; empty if nothing was appended to one yet
   * @throws JournalException if a journal or the ledger cannot be read
   */
  public static WaitingEvents waiting(DataDirectory data, Optional<SqliteLedger> ledger)
      throws JournalException {
    return waiting(data, ledger, changed -> {});
  }

  /**
   * Counts the events that wait, as {@link #waiting(DataDirectory, Optional)} does.
   *
   * @param changed receives each journal position that the ledger's own events contradict
   */
  static WaitingEvents waiting(
      DataDirectory data, Optional<SqliteLedger> ledger, Consumer<ChangedPosition> changed)
      throws JournalException {
    try {
      Optional<UUID> id = ledger.isPresent() ? ledger.get().id() : Optional.empty();
      return WaitingEvents.read(data.journal(), id, new LedgerPositions(ledger), changed);
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  /** Returns the reason why waiting events are a problem; empty if they are none. */
  static Optional<String> waitingReason(WaitingEvents waiting, Instant now) {
    List<String> reasons = new ArrayList<>();
    if (waiting.ended() > 0) {
      reasons.add(
          text(
              "%,d %s in the journal of a process that has ended; the next command that records delivers %s",
              waiting.ended(), eventsWait(waiting.ended()), waiting.ended() == 1 ? "it" : "them"));
    }
    Duration age =
        waiting.oldestAlive().map(since -> Duration.between(since, now)).orElse(Duration.ZERO);
    if (age.compareTo(LONG_WAIT) >= 0) {
      reasons.add(
          text(
              "%,d %s in the journal of a process at work, the oldest for %,d s; the process delivers %s when it can, and its own log names the cause",
              waiting.alive(),
              eventsWait(waiting.alive()),
              age.toSeconds(),
              waiting.alive() == 1 ? "it" : "them"));
    }
    return reasons.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", reasons));
  }

  private static String eventsWait(long events) {
    return events == 1 ? "event waits" : "events wait";
  }

  private OptionalLong deadLetters(SqliteLedger open) {
    try {
      long waiting = open.dlqSize();
      HealthReasons.deadLetters(waiting).ifPresent(reason -> add(HealthEntry.DEAD_LETTERS, reason));
      return OptionalLong.of(waiting);
    } catch (LedgerException e) {
      add(HealthEntry.DEAD_LETTERS, "dead letters cannot be read: " + e.getMessage());
      return OptionalLong.empty();
    }
  }

  /** Returns the rows that report tampering. Without the keys' history no answer counts. */
  private Optional<List<TamperNotes.Noted>> tamperNotes(
      SqliteLedger open, Optional<KeyHistory> history) {
    try {
      List<TamperNotes.Noted> notes =
          new TamperNotes(open, history.orElseGet(() -> KeyHistory.none(KeyRing.of(List.of()))))
              .all();
      HealthReasons.tampered(notes.stream().filter(note -> !note.isAnswered()).count())
          .ifPresent(reason -> add(HealthEntry.CHAIN, reason));
      return Optional.of(notes);
    } catch (LedgerException e) {
      add(HealthEntry.CHAIN, "rows that report tampering cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<KeyHistory> history(SqliteLedger open, KeyRing accepted) {
    try {
      return Optional.of(KeyHistory.read(open, accepted, true));
    } catch (LedgerException e) {
      add(HealthEntry.LEDGER, "the rows about keys cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private void checkSigningKey(KeyHistory history) {
    if (data.keys().isExternal()) {
      return;
    }
    try {
      String key = data.keys().read().verificationKey().keyId();
      history
          .era(key)
          .filter(KeyHistory.KeyValidity::isRevoked)
          .ifPresent(
              era ->
                  add(
                      HealthEntry.KEYS,
                      text(
                          "key %s, which is to sign here, is revoked in row %s and signs nothing more, so nothing can be recorded; put the key that follows it in its place",
                          key, era.revoked())));
    } catch (KeyException e) {
      add(HealthEntry.KEYS, e.getMessage());
    }
  }

  private Optional<Checkpoint> checkpoint(SqliteLedger open) {
    try {
      Optional<StoredCheckpoint> last = open.lastCheckpoint();
      return last.isEmpty()
          ? Optional.empty()
          : Optional.of(SignedCheckpoint.parse(last.get().note()).unverified());
    } catch (CheckpointParseException | LedgerException e) {
      add(
          HealthEntry.CHECKPOINTS,
          "the last checkpoint cannot be read, so none is signed any more: "
              + e.getMessage()
              + "; 'indelible log verify' names what is wrong");
      return Optional.empty();
    }
  }

  private void checkLastCheckpoint(SqliteLedger open, KeyHistory history) {
    LastCheckpoint judged = LastCheckpoint.judge(data.lastCheckpoint(), open, history);
    if (judged.agreement() == Agreement.CONTRADICTS) {
      add(HealthEntry.CHECKPOINTS, "no checkpoint is signed any more: " + judged.message());
    } else if (judged.agreement() == Agreement.UNKNOWN) {
      add(HealthEntry.CHECKPOINTS, judged.message());
    }
  }

  /** Returns the size of the last checkpoint in the anchor file; empty if it is unknown. */
  private OptionalLong anchored(
      SqliteLedger open, Path file, Optional<Checkpoint> checkpoint, Optional<KeyHistory> history) {
    if (Files.notExists(file)) {
      add(HealthEntry.ANCHOR, file + ": the anchor file is missing; put it back");
      return OptionalLong.empty();
    }
    if (checkpoint.isEmpty() || history.isEmpty()) {
      return OptionalLong.empty();
    }
    OptionalLong anchored = OptionalLong.empty();
    try {
      long size = AnchorFollower.anchored(file, checkpoint.get().origin(), history.get());
      anchored = OptionalLong.of(size);
      // Read after the file: a log at work signs first, and anchors then.
      long last = open.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
      if (size > last) {
        add(
            HealthEntry.ANCHOR,
            text(
                "%s: the log was rolled back: the anchor has its checkpoint over %s rows, and its last is over %s; put back the database that has them",
                file, size, last));
      }
    } catch (IOException e) {
      add(HealthEntry.ANCHOR, file + ": the anchor cannot be read: " + e);
    } catch (IllegalArgumentException | LedgerException e) {
      add(HealthEntry.ANCHOR, file + ": the content of the anchor is unknown: " + e.getMessage());
    }
    return anchored;
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
