// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.base.DurableFiles;
import dev.indelible.check.LastCheckpoint;
import dev.indelible.check.LastCheckpoint.Agreement;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.PolicyText;
import dev.indelible.health.AuditHealth;
import dev.indelible.health.HealthEntry;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.JournalSettings;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.monitor.HealthReasons;
import dev.indelible.note.FleetHistory;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.PolicySignatureException;
import dev.indelible.note.TamperNotes;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.AnchorFollower;
import dev.indelible.storage.StoredLedger;
import dev.indelible.storage.StoredTiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Checks the health of a log from the files in its data directory, whether or not the log is in
 * use. Changes nothing. {@code indelible status} prints the result; {@code Indelible.health} adds
 * the entries of the running log. Used by one thread. The class is long because each entry has its
 * check here.
 */
public final class HealthCheck {
  private final DataDirectory data;
  private final Optional<StoredLedger> ledger;

  /** Entries keyed by source, in the order in which they were found. */
  private final Map<String, HealthEntry> entries = new LinkedHashMap<>();

  private HealthCheck(DataDirectory data, Optional<StoredLedger> ledger) {
    this.data = data;
    this.ledger = ledger;
  }

  /**
   * Checks a log, and counts the events that wait in its journals. Of the rows and tiles, reads
   * only those that the last checkpoint needs ({@code log verify} reads all).
   *
   * @param ledger the log's open ledger; empty if it cannot be opened, which the caller reports
   * @param anchor the log's anchor file; empty if it has none
   */
  public static HealthReport of(
      DataDirectory data, Optional<StoredLedger> ledger, Optional<Path> anchor) {
    return new HealthCheck(data, ledger).report(anchor);
  }

  /** Opens the ledger, checks the log, and closes the ledger. */
  public static AuditHealth of(DataDirectory data, Optional<Path> anchor) {
    try {
      if (data.engine().identify().isEmpty()) {
        // Nothing was appended yet.
        return of(data, Optional.empty(), anchor).health();
      }
      try (StoredLedger ledger = data.engine().open()) {
        return of(data, Optional.of(ledger), anchor).health();
      }
    } catch (LedgerException e) {
      return AuditHealth.of(List.of(unreadable(data, e)))
          .and(of(data, Optional.empty(), anchor).health().entries());
    }
  }

  /** Returns the entry of a ledger that cannot be opened. */
  public static HealthEntry unreadable(DataDirectory data, LedgerException e) {
    return new HealthEntry(
        HealthEntry.LEDGER,
        data.missingDatabase().orElse("the ledger cannot be read: " + e.getMessage()));
  }

  private HealthReport report(Optional<Path> anchor) {
    checkFiles();
    Optional<KeyRing> accepted = accepted();
    Optional<KeyRing> keys = accepted.filter(ring -> canSign());
    Optional<KeyHistory> history =
        ledger.flatMap(open -> accepted.flatMap(ring -> history(open, ring)));
    Optional<OperatorHistory> operator = operator(history);
    Optional<RulePolicy> policy = policy(operator);
    Optional<WitnessPolicy> witnesses = witnesses();
    Optional<WaitingEvents> waiting = waiting();
    OptionalLong deadLetters = OptionalLong.empty();
    Optional<List<TamperNotes.Noted>> notes = Optional.of(List.of());
    Optional<Checkpoint> checkpoint = Optional.empty();
    OptionalLong anchored = OptionalLong.empty();
    if (ledger.isPresent()) {
      StoredLedger open = ledger.get();
      deadLetters = deadLetters(open);
      notes = tamperNotes(open, history);
      history.ifPresent(this::checkSigningKey);
      history.ifPresent(this::checkSecondKey);
      checkpoint = checkpoint(open, history);
      history.ifPresent(known -> checkLastCheckpoint(open, known));
      history.ifPresent(known -> checkShards(open, known));
      if (anchor.isPresent()) {
        anchored = anchored(open, anchor.get(), checkpoint, history);
      }
    }
    return new HealthReport(
        AuditHealth.of(List.copyOf(entries.values())),
        accepted,
        keys,
        policy,
        operator,
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
    if (ledger.isEmpty()) {
      data.missingDatabase().ifPresent(missing -> add(HealthEntry.LEDGER, missing));
    }
    for (Path file : List.of(data.path(), database)) {
      if (Files.exists(file) && !Files.isWritable(file)) {
        add(
            HealthEntry.LEDGER,
            file
                + ": this user cannot write to it, so nothing can be recorded; run as its owner, or"
                + " correct its permissions, or mount its file system writable");
      }
    }
    try {
      long free = Files.getFileStore(data.path()).getUsableSpace();
      if (free < JournalSettings.LOW_DISK_BYTES) {
        add(
            HealthEntry.DISK,
            text(
                "%s: the disk is nearly full: %,d KiB are free, and the journal does not grow below %,d KiB; free some disk space",
                data.path(), free / 1024, JournalSettings.LOW_DISK_BYTES / 1024));
      }
    } catch (IOException e) {
      add(
          HealthEntry.DISK,
          data.path() + ": free disk space cannot be read: " + DurableFiles.reason(e));
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

  /** Returns the operator's key of the chain, or of its file if the chain shows none. */
  private Optional<OperatorHistory> operator(Optional<KeyHistory> history) {
    Optional<OperatorHistory> operator = Optional.empty();
    if (history.isPresent() && ledger.isPresent()) {
      try {
        operator =
            Optional.of(OperatorHistory.read(ledger.get(), history.get()))
                .filter(found -> found.operator().isPresent());
      } catch (LedgerException e) {
        add(HealthEntry.LEDGER, "the operator's key cannot be read: " + e.getMessage());
      }
    }
    try {
      operator = operator.isPresent() ? operator : data.operatorOfFile();
      if (operator.isPresent()) {
        data.lastPolicy().addTo(operator.get());
      }
      return operator;
    } catch (KeyException e) {
      add(HealthEntry.POLICY, e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<RulePolicy> policy(Optional<OperatorHistory> operator) {
    try {
      RulePolicy rules = RulePolicy.load(data.policy());
      if (operator.isPresent()) {
        operator.get().verify(rules.digest(), rules.text(), rules.signature());
      }
      return Optional.of(rules);
    } catch (PolicyException e) {
      add(HealthEntry.POLICY, e.getMessage());
    } catch (PolicySignatureException e) {
      add(
          HealthEntry.POLICY,
          text(
              "%s: the operator does not admit these rules: %s; restore the signed rules, or have them signed with 'indelible policy sign'",
              data.policy(), e.getMessage()));
    }
    return operator.flatMap(OperatorHistory::newest).flatMap(Admitted::text).flatMap(this::read);
  }

  private Optional<RulePolicy> read(PolicyText text) {
    try {
      return Optional.of(RulePolicy.of(text));
    } catch (PolicyException e) {
      return Optional.empty();
    }
  }

  private Optional<WitnessPolicy> witnesses() {
    try {
      return data.witnessPolicy();
    } catch (DirectoryException e) {
      add(HealthEntry.WITNESSES, e.getMessage());
      return Optional.empty();
    }
  }

  private Optional<WaitingEvents> waiting() {
    if (ledger.isEmpty() && data.mayHaveLedger() && isLedger()) {
      // The ledger's settled positions are unknown, and so is the number of waiting events.
      return Optional.empty();
    }
    try {
      WaitingEvents found = JournalCheck.waiting(data, ledger, changed -> {});
      JournalCheck.waitingReason(found, Timestamps.now())
          .ifPresent(reason -> add(HealthEntry.WAITING, reason));
      return Optional.of(found);
    } catch (JournalException e) {
      add(HealthEntry.WAITING, "waiting events cannot be counted: " + e.getMessage());
      return Optional.empty();
    }
  }

  private boolean isLedger() {
    try {
      return data.engine().identify().isPresent();
    } catch (LedgerException e) {
      // The file may be a ledger; the caller reports the error.
      return true;
    }
  }

  private OptionalLong deadLetters(StoredLedger open) {
    try {
      long waiting = open.dlqSize();
      HealthReasons.deadLetters(waiting).ifPresent(reason -> add(HealthEntry.DEAD_LETTERS, reason));
      return OptionalLong.of(waiting);
    } catch (LedgerException e) {
      add(HealthEntry.DEAD_LETTERS, "dead letters cannot be read: " + e.getMessage());
      return OptionalLong.empty();
    }
  }

  /**
   * Returns the rows that report tampering. Answers to them are ignored if the key history is
   * unknown.
   */
  private Optional<List<TamperNotes.Noted>> tamperNotes(
      StoredLedger open, Optional<KeyHistory> history) {
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

  private Optional<KeyHistory> history(StoredLedger open, KeyRing accepted) {
    try {
      return Optional.of(KeyHistory.read(open, accepted, true));
    } catch (LedgerException e) {
      add(HealthEntry.LEDGER, "the rows about keys cannot be read: " + e.getMessage());
      return Optional.empty();
    }
  }

  /** Reports an ML-DSA-44 key that the chain names and that cannot sign. */
  private void checkSecondKey(KeyHistory history) {
    Optional<KeyHistory.SecondKey> named = history.secondAt(Long.MAX_VALUE);
    if (named.isEmpty()) {
      return;
    }
    try {
      new KeyChanges(data).requireMlDsa44(named.get());
    } catch (KeyException e) {
      add(HealthEntry.KEYS, "no checkpoint is signed: " + e.getMessage());
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
                          "the signing key %s is revoked by row %s, so nothing can be recorded; replace it by the key that follows it, or restart with that key",
                          key, era.revoked())));
    } catch (KeyException e) {
      add(HealthEntry.KEYS, e.getMessage());
    }
  }

  /** Returns the last checkpoint, verified if a public key is known. */
  private Optional<Checkpoint> checkpoint(StoredLedger open, Optional<KeyHistory> history) {
    try {
      Optional<StoredCheckpoint> last = open.lastCheckpoint();
      if (last.isEmpty()) {
        return Optional.empty();
      }
      SignedCheckpoint signed = SignedCheckpoint.parse(last.get().note());
      Collection<VerificationKey> keys =
          history.<Collection<VerificationKey>>map(known -> known.keys().keys()).orElse(List.of());
      if (!keys.isEmpty()) {
        String origin = signed.unverified().origin();
        signed.verify(origin, VerifierKey.ofLog(origin, keys));
      }
      return Optional.of(signed.unverified());
    } catch (CheckpointParseException | LedgerException e) {
      return noCheckpoint("cannot be read", e);
    } catch (VerificationException | IllegalArgumentException e) {
      return noCheckpoint("is not a checkpoint of this log", e);
    }
  }

  private Optional<Checkpoint> noCheckpoint(String fault, Exception e) {
    add(
        HealthEntry.CHECKPOINTS,
        text(
            "the last checkpoint in the database %s, so no further checkpoint is signed: %s; 'indelible log verify' names the fault; restore the database from a backup",
            fault, e.getMessage()));
    return Optional.empty();
  }

  private void checkLastCheckpoint(StoredLedger open, KeyHistory history) {
    LastCheckpoint judged = LastCheckpoint.judge(data.lastCheckpoint(), open, history);
    if (judged.agreement() == Agreement.CONTRADICTS) {
      add(HealthEntry.CHECKPOINTS, "no checkpoint is signed any more: " + judged.message());
    } else if (judged.agreement() == Agreement.UNKNOWN) {
      add(HealthEntry.CHECKPOINTS, judged.message());
    }
  }

  /** Reports the shards of a fleet that its log of logs has not seen within the promised time. */
  private void checkShards(StoredLedger open, KeyHistory history) {
    try {
      FleetHistory fleet = ShardRows.read(open, history);
      Instant now = Timestamps.now();
      List<String> stale =
          fleet.shards().stream()
              .filter(FleetHistory.Shard::isOpen)
              .flatMap(
                  shard ->
                      HealthReasons.stale(
                          shard.name(),
                          Duration.between(Instant.parse(shard.lastSeen()), now),
                          fleet.creation().orElseThrow().freshness())
                          .stream())
              .toList();
      if (!stale.isEmpty()) {
        add(
            HealthEntry.SHARDS,
            stale.size() == 1
                ? stale.get(0)
                : "%s shards are stale, the first: %s".formatted(stale.size(), stale.get(0)));
      }
    } catch (LedgerException e) {
      add(HealthEntry.LEDGER, "the rows about shards cannot be read: " + e.getMessage());
    }
  }

  /** Returns the size of the last checkpoint in the anchor file; empty if it is unknown. */
  private OptionalLong anchored(
      StoredLedger open, Path file, Optional<Checkpoint> checkpoint, Optional<KeyHistory> history) {
    if (Files.notExists(file)) {
      add(HealthEntry.ANCHOR, file + ": the anchor file is missing; restore it");
      return OptionalLong.empty();
    }
    if (checkpoint.isEmpty() || history.isEmpty()) {
      return OptionalLong.empty();
    }
    OptionalLong anchored = OptionalLong.empty();
    try {
      Optional<Checkpoint> known =
          AnchorFollower.anchored(file, checkpoint.get().origin(), history.get());
      long size = known.map(Checkpoint::size).orElse(0L);
      anchored = OptionalLong.of(size);
      // The ledger is read after the anchor file, because a running log signs before it anchors.
      long last = open.lastCheckpoint().map(StoredCheckpoint::size).orElse(0L);
      if (size > last && !continues(open, known.get())) {
        add(
            HealthEntry.ANCHOR,
            text(
                "%s: the log was rolled back: the anchor file has a checkpoint over %s rows, but the log's last checkpoint is over %s; restore the database that has them",
                file, size, last));
      }
    } catch (IOException e) {
      add(HealthEntry.ANCHOR, file + ": the anchor file cannot be read: " + DurableFiles.reason(e));
    } catch (IllegalArgumentException | LedgerException e) {
      add(HealthEntry.ANCHOR, file + ": cannot be compared with the log: " + e.getMessage());
    }
    return anchored;
  }

  /** Returns true if the tree has the rows of a checkpoint; a fail-over can lose the latest one. */
  private static boolean continues(StoredLedger open, Checkpoint known) throws LedgerException {
    return open.treeSize().orElse(0) >= known.size()
        && TiledNodes.tree(new StoredTiles(open), known.size()).root().equals(known.root());
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
