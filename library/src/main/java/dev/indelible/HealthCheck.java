// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.Timestamps;
import dev.indelible.health.HealthEntry;
import dev.indelible.health.HealthReasons;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.TamperNotes;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.publish.AnchorFollower;
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
import org.jspecify.annotations.Nullable;

/**
 * Judges the health of a log by what lies in its data directory, whether a process has it open or
 * not. It is the judgement of {@code indelible status} and, with what a running log reports beside
 * it, of {@link Indelible#health}. It changes nothing.
 */
public final class HealthCheck {
  /** How long an event waits in the journal of a process at work before something is wrong. */
  private static final Duration LONG_WAIT = Duration.ofSeconds(1);

  private final DataDirectory data;
  private final Optional<SqliteLedger> ledger;
  private final Optional<Path> anchor;

  /** By source, in the order in which they were found. */
  private final Map<String, HealthEntry> entries = new LinkedHashMap<>();

  private Optional<KeyRing> accepted = Optional.empty();
  private Optional<KeyRing> keys = Optional.empty();
  private Optional<Policy> policy = Optional.empty();
  private Optional<WitnessPolicy> witnesses = Optional.empty();
  private Optional<WaitingEvents> waiting = Optional.empty();
  private Optional<Checkpoint> checkpoint = Optional.empty();
  private OptionalLong deadLetters = OptionalLong.empty();
  private OptionalLong anchored = OptionalLong.empty();
  private Optional<KeyHistory> history = Optional.empty();
  private List<TamperNotes.Noted> tamperNotes = List.of();
  private boolean tampered;

  private HealthCheck(DataDirectory data, Optional<SqliteLedger> ledger, Optional<Path> anchor) {
    this.data = data;
    this.ledger = ledger;
    this.anchor = anchor;
  }

  /**
   * Judges a log. Counts the events that wait in its journals, and reads neither rows nor tree but
   * for the last checkpoint's; {@code log verify} does that.
   *
   * @param ledger the log's ledger, open; empty if it cannot be opened, which the caller adds
   * @param anchor the log's anchor file; empty if it has none
   */
  public static HealthCheck of(
      DataDirectory data, Optional<SqliteLedger> ledger, Optional<Path> anchor) {
    HealthCheck check = new HealthCheck(data, ledger, anchor);
    check.checkFiles();
    check.checkKeys();
    check.checkPolicy();
    check.checkWitnesses();
    check.checkWaiting();
    ledger.ifPresent(check::checkLedger);
    return check;
  }

  /** Opens the ledger, judges the log, and closes the ledger. */
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

  /** The entry of a ledger that cannot be opened. */
  public static HealthEntry unreadable(LedgerException e) {
    return new HealthEntry(HealthEntry.LEDGER, "the ledger cannot be read: " + e.getMessage());
  }

  /** The judgement. */
  public AuditHealth health() {
    return AuditHealth.of(List.copyOf(entries.values()));
  }

  /** The keys that rows are checked with; empty if they cannot be read. */
  public Optional<KeyRing> accepted() {
    return accepted;
  }

  /** The same keys, if one of them can sign here; empty if none can. */
  public Optional<KeyRing> keys() {
    return keys;
  }

  /** The rules; empty if they cannot be read. */
  public Optional<Policy> policy() {
    return policy;
  }

  /** The witnesses; empty if there are none, or the file that names them cannot be read. */
  public Optional<WitnessPolicy> witnesses() {
    return witnesses;
  }

  /** The events that wait in journals; empty if they cannot be counted. */
  public Optional<WaitingEvents> waiting() {
    return waiting;
  }

  /** The last checkpoint, unverified; empty if there is none, or it cannot be read. */
  public Optional<Checkpoint> checkpoint() {
    return checkpoint;
  }

  /** The dead letters that wait; empty if they cannot be counted. */
  public OptionalLong deadLetters() {
    return deadLetters;
  }

  /** The size of the last checkpoint in the anchor file; empty if it is not known. */
  public OptionalLong anchored() {
    return anchored;
  }

  /** What the chain says of the keys; empty if it cannot be read. */
  public Optional<KeyHistory> history() {
    return history;
  }

  /** The rows of the chain that report tampering, each with its answer if it has one. */
  public List<TamperNotes.Noted> tamperNotes() {
    return tamperNotes;
  }

  /** Whether rows of the chain report tampering and are not answered, or that cannot be read. */
  public boolean isTampered() {
    return tampered;
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

  private void checkKeys() {
    try {
      accepted = Optional.of(data.keys().accepted());
      if (!data.keys().isElsewhere()) {
        data.requireSigningKey();
      }
      keys = accepted;
    } catch (KeyException | LedgerException e) {
      add(HealthEntry.KEYS, e.getMessage());
    }
  }

  private void checkPolicy() {
    try {
      policy = Optional.of(Policy.load(data.policy()));
    } catch (PolicyException e) {
      add(HealthEntry.POLICY, e.getMessage());
    }
  }

  private void checkWitnesses() {
    try {
      witnesses = data.witnessPolicy();
    } catch (OpenException e) {
      add(HealthEntry.WITNESSES, e.getMessage());
    }
  }

  private void checkWaiting() {
    if (ledger.isEmpty() && Files.exists(data.database()) && isLedger()) {
      // How far it has come is not known, and so not what waits.
      return;
    }
    try {
      WaitingEvents found = waiting(data, ledger);
      waiting = Optional.of(found);
      waitingReason(found, Timestamps.now()).ifPresent(reason -> add(HealthEntry.WAITING, reason));
    } catch (JournalException e) {
      add(HealthEntry.WAITING, "how many events wait cannot be read: " + e.getMessage());
    }
  }

  private boolean isLedger() {
    try {
      return SqliteLedger.identify(data.database()).isPresent();
    } catch (LedgerException e) {
      // It has an entry; it may be one.
      return true;
    }
  }

  /**
   * Counts the events that wait in a log's journals.
   *
   * @param ledger the log's ledger; empty if nothing was appended to one yet
   * @throws JournalException if a journal cannot be read, or the ledger cannot be asked
   */
  public static WaitingEvents waiting(DataDirectory data, Optional<SqliteLedger> ledger)
      throws JournalException {
    try {
      Optional<UUID> id = ledger.isPresent() ? ledger.get().id() : Optional.empty();
      return WaitingEvents.read(data.journal(), id, journal -> settled(ledger, journal));
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  private static long settled(Optional<SqliteLedger> ledger, UUID journal) throws JournalException {
    try {
      return ledger.isPresent() ? ledger.get().settled(journal) : 0;
    } catch (LedgerException e) {
      throw new JournalException(e.getMessage(), e);
    }
  }

  /** The reason while events wait that should not; empty for none, or for those of a moment. */
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

  private void checkLedger(SqliteLedger open) {
    checkDeadLetters(open);
    history = history(open);
    checkTampering(open);
    history.ifPresent(this::checkSigningKey);
    checkCheckpoints(open, history);
    checkAnchor(open);
  }

  private void checkDeadLetters(SqliteLedger open) {
    try {
      deadLetters = OptionalLong.of(open.dlqSize());
      HealthReasons.deadLetters(deadLetters.getAsLong())
          .ifPresent(reason -> add(HealthEntry.DEAD_LETTERS, reason));
    } catch (LedgerException e) {
      add(HealthEntry.DEAD_LETTERS, "dead letters cannot be read: " + e.getMessage());
    }
  }

  /** Without the keys' history no answer counts. */
  private void checkTampering(SqliteLedger open) {
    try {
      tamperNotes =
          new TamperNotes(open, history.orElseGet(() -> KeyHistory.none(KeyRing.of(List.of()))))
              .all();
      Optional<String> reason =
          HealthReasons.tampered(tamperNotes.stream().filter(note -> !note.isAnswered()).count());
      tampered = reason.isPresent();
      reason.ifPresent(text -> add(HealthEntry.CHAIN, text));
    } catch (LedgerException e) {
      tampered = true;
      add(HealthEntry.CHAIN, "rows that report tampering cannot be read: " + e.getMessage());
    }
  }

  /** The history of the keys that are accepted here; empty if it cannot be read. */
  private Optional<KeyHistory> history(SqliteLedger open) {
    try {
      return accepted.isPresent()
          ? Optional.of(KeyHistory.read(open, accepted.get(), true))
          : Optional.empty();
    } catch (LedgerException e) {
      add(HealthEntry.LEDGER, "the rows about keys cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  private void checkSigningKey(KeyHistory history) {
    if (data.keys().isElsewhere()) {
      return;
    }
    try {
      String key = data.keys().read().verificationKey().keyId();
      history
          .era(key)
          .filter(KeyHistory.KeyValidity::isGivenUp)
          .ifPresent(
              era ->
                  add(
                      HealthEntry.KEYS,
                      text(
                          "key %s, which is to sign here, is revoked in row %s and signs nothing more, so nothing can be recorded; put the key that follows it in its place",
                          key, era.givenUp())));
    } catch (KeyException e) {
      add(HealthEntry.KEYS, e.getMessage());
    }
  }

  private void checkCheckpoints(SqliteLedger open, Optional<KeyHistory> history) {
    try {
      Optional<StoredCheckpoint> last = open.lastCheckpoint();
      if (last.isPresent()) {
        checkpoint = Optional.of(SignedCheckpoint.parse(last.get().note()).unverified());
      }
    } catch (CheckpointParseException | LedgerException e) {
      add(
          HealthEntry.CHECKPOINTS,
          "the last checkpoint cannot be read, so none is signed any more: "
              + e.getMessage()
              + "; 'indelible log verify' names what is wrong");
    }
    if (history.isEmpty()) {
      return;
    }
    LastCheckpoint judged = LastCheckpoint.judge(data.lastCheckpoint(), open, history.get());
    if (judged.agreement() == Agreement.CONTRADICTS) {
      add(HealthEntry.CHECKPOINTS, "no checkpoint is signed any more: " + judged.message());
    } else if (judged.agreement() == Agreement.UNKNOWN) {
      add(HealthEntry.CHECKPOINTS, judged.message());
    }
  }

  private void checkAnchor(SqliteLedger open) {
    if (anchor.isEmpty()) {
      return;
    }
    Path file = anchor.get();
    if (Files.notExists(file)) {
      add(HealthEntry.ANCHOR, file + ": the anchor file is missing; put it back");
      return;
    }
    if (checkpoint.isEmpty() || history.isEmpty()) {
      return;
    }
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
      add(HealthEntry.ANCHOR, file + ": what the anchor has is unknown: " + e.getMessage());
    }
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
