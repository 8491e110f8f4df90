// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.DeadLetters;
import dev.indelible.append.Erasure;
import dev.indelible.append.KeyEvents;
import dev.indelible.base.ThrowingFunction;
import dev.indelible.check.LastCheckpoint;
import dev.indelible.check.Verifier;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.TrustedKeys;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.DirectoryException;
import dev.indelible.directory.JournalCheck;
import dev.indelible.directory.LogIndex;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.EventQuery;
import dev.indelible.ledger.EventQuery.Counting;
import dev.indelible.ledger.EventQuery.Counts;
import dev.indelible.ledger.EventQuery.Coverage;
import dev.indelible.ledger.EventQuery.Page;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerLocation;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.TileParseException;
import dev.indelible.merkle.TilePath;
import dev.indelible.note.ErasureNote;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.LogEnd;
import dev.indelible.proof.ProvenRow;
import dev.indelible.publish.ExportedLog;
import dev.indelible.publish.LedgerExport;
import dev.indelible.publish.SignedTree;
import dev.indelible.publish.TiledLog;
import dev.indelible.storage.MemoryLedger;
import dev.indelible.storage.StoredLedger;
import dev.indelible.tlog.LogDirectory;
import dev.indelible.tlog.LogDirectoryException;
import dev.indelible.verify.Finding;
import dev.indelible.verify.VerificationOptions;
import dev.indelible.verify.VerificationReport;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads, verifies, proves and exports the log in a data directory, erases payloads, and changes to
 * an external signer. Works while the log is open for recording, in this process or another. Each
 * call opens the ledger and closes it again. Safe for use by any number of threads.
 *
 * <p>The class is long because it is the one entry for users: each method is a call of the part
 * that does the work.
 */
public final class AuditLog {
  private static final Duration UNLIMITED = Duration.ofNanos(Long.MAX_VALUE);

  /** Null for a log in memory. */
  private final @Nullable DataDirectory directory;

  /** The ledger of a log in memory. */
  private final @Nullable MemoryLedger memory;

  /** The anchor file of an open log, with which {@link #verify} compares the ledger. */
  private final Optional<Path> anchor;

  /** Creates access to the log in a data directory, which need not be open for recording. */
  public AuditLog(Path directory) {
    this(
        new DataDirectory(Objects.requireNonNull(directory, "directory is null")),
        Optional.empty());
  }

  /**
   * Creates access to the log in a data directory, with a ledger outside of it.
   *
   * @param ledger the ledger; a directory that names or has another one is refused by every method
   */
  public AuditLog(Path directory, LedgerLocation ledger) {
    this(
        new DataDirectory(Objects.requireNonNull(directory, "directory is null"))
            .withLedger(ledger.url()),
        Optional.empty());
  }

  /** Creates access to the log in a data directory that is open with an anchor file. */
  AuditLog(DataDirectory directory, Optional<Path> anchor) {
    this.directory = directory;
    this.memory = null;
    this.anchor = anchor;
  }

  /** Creates access to a log in memory, which can only be read. */
  AuditLog(MemoryLedger memory) {
    this.directory = null;
    this.memory = memory;
    this.anchor = Optional.empty();
  }

  private DataDirectory data() {
    if (directory == null) {
      throw new IllegalStateException("a log in memory has no data directory; only reader() works");
    }
    return directory;
  }

  /** Returns the data directory; empty for a log in memory. */
  public Optional<Path> directory() {
    return Optional.ofNullable(directory).map(DataDirectory::path);
  }

  /** Returns the escalated actions of the log, to approve or deny them. */
  public Approvals approvals() {
    return new Approvals(this, data(), Optional.empty(), Optional::empty);
  }

  /** Returns true if the log has a ledger: something was recorded. */
  public boolean hasLedger() {
    return directory == null || directory.mayHaveLedger();
  }

  /**
   * Opens the ledger for reading; the caller closes it.
   *
   * @throws LedgerException if there is no ledger yet, or it cannot be read now
   */
  public LedgerReader reader() throws LedgerException {
    return memory != null ? memory.reader() : open();
  }

  private StoredLedger open() throws LedgerException {
    return data().engine().open();
  }

  /**
   * Returns a page of the rows that match a query, found with the index of the log. If the index
   * lacks rows, spends a short time to add them first; {@link Page#coverage} states up to which row
   * the page is complete. The page is empty if the log has no ledger yet.
   *
   * @throws IllegalArgumentException if the cursor is malformed or belongs to another query, or the
   *     event type is unknown
   * @throws LedgerException if the ledger or the index cannot be read now
   */
  public Page find(EventQuery query) throws LedgerException {
    if (hasNoLedger()) {
      return new Page(List.of(), Optional.empty(), 0, Coverage.NOTHING);
    }
    return answer(ledger -> data().index().find(query, ledger), Page::coverage);
  }

  /**
   * Counts the rows that match a filter, with the index as {@link #find} does.
   *
   * @throws IllegalArgumentException if the buckets would be too many, or the event type is unknown
   * @throws LedgerException if the ledger or the index cannot be read now
   */
  public Counts count(Counting counting) throws LedgerException {
    if (hasNoLedger()) {
      return Counts.none(Coverage.NOTHING);
    }
    return answer(ledger -> data().index().count(counting, ledger), Counts::coverage);
  }

  private boolean hasNoLedger() throws LedgerException {
    return data().engine().identify().isEmpty();
  }

  private <T> T answer(
      ThrowingFunction<LedgerReader, T, LedgerException> question, Function<T, Coverage> coverage)
      throws LedgerException {
    try (LedgerReader ledger = open()) {
      T answer = question.apply(ledger);
      if (coverage.apply(answer).isComplete()) {
        return answer;
      }
      try {
        data().index().update(ledger, LogIndex.UPDATE_TIME, false, reached -> {});
      } catch (LedgerException e) {
        if (coverage.apply(answer).indexed() == 0) {
          throw e;
        }
        return answer;
      }
      return question.apply(ledger);
    }
  }

  /**
   * Adds every row that the index lacks. A query does this only for a short time.
   *
   * @param progress called from time to time with the last row of the index
   * @throws LedgerException if there is no ledger yet, or the index cannot be written
   */
  public void updateIndex(LongConsumer progress) throws LedgerException {
    try (LedgerReader ledger = open()) {
      data().index().update(ledger, UNLIMITED, false, progress);
    }
  }

  /** Verifies the whole log with the keys and the witnesses of the data directory. */
  public VerificationReport verify() throws LedgerException {
    return verify(VerificationOptions.of(KeyRing.of(List.of())));
  }

  /**
   * Verifies the log, and compares the ledger with the files beside it. If the options have no keys
   * or no witnesses, uses those of the data directory. If they have no anchor files, uses the
   * anchor file with which this process opened the log, if any.
   *
   * @throws LedgerException if the ledger cannot be read now and is not damaged
   */
  public VerificationReport verify(VerificationOptions options) throws LedgerException {
    List<Finding> keys = new ArrayList<>();
    List<Finding> beside = new ArrayList<>();
    VerificationOptions complete =
        withOwnAnchor(withOwnWitnesses(withOwnKeys(options, keys), beside));
    VerificationReport report;
    try (StoredLedger ledger = open()) {
      report = new Verifier(ledger, complete).verify();
      beside.addAll(JournalCheck.swapped(data(), ledger));
      beside.add(lastCheckpoint(ledger, complete));
      beside.addAll(JournalCheck.journals(data(), ledger));
    } catch (LedgerException e) {
      Optional<String> missing = data().missingDatabase();
      report =
          missing.isPresent()
              ? new VerificationReport(
                  0, Head.EMPTY, List.of(Finding.broken(Finding.LAST_CHECKPOINT, missing.get())), 1)
              : VerificationReport.ofDamage(e);
    }
    beside.addAll(keys);
    for (Finding finding : beside) {
      report = report.with(finding);
    }
    return report;
  }

  /**
   * Verifies the static files of an {@linkplain #export export}, without the log.
   *
   * @param keys the trusted public keys; a key in the directory itself proves nothing
   * @throws LedgerException if there is no export, or it cannot be read now and is not damaged
   */
  public static VerificationReport verifyExport(Path directory, TrustedKeys keys)
      throws LedgerException {
    try (ExportedLog log = ExportedLog.open(directory)) {
      VerificationOptions options =
          VerificationOptions.of(KeyRing.of(keys.of(log.origin()))).origins(keys.origins());
      return new Verifier(log, options.ofCopy()).verify();
    } catch (LedgerException e) {
      return VerificationReport.ofDamage(e);
    }
  }

  private VerificationOptions withOwnKeys(VerificationOptions options, List<Finding> findings) {
    if (!options.keys().keys().isEmpty()) {
      return options;
    }
    try {
      KeyRing accepted = data().keys().accepted();
      if (accepted.keys().isEmpty()) {
        findings.add(Finding.unknown(Finding.KEYS, noKey("exists")));
      }
      return options.keys(accepted);
    } catch (KeyException e) {
      findings.add(Finding.unknown(Finding.KEYS, noKey("can be read: " + e.getMessage())));
      return options;
    }
  }

  private String noKey(String why) {
    return "%s: no public key %s; restore it, or name one with --key"
        .formatted(data().path().resolve("keys"), why);
  }

  private VerificationOptions withOwnWitnesses(
      VerificationOptions options, List<Finding> findings) {
    if (options.witnesses().isPresent()) {
      return options;
    }
    try {
      return data().witnessPolicy().map(options::witnesses).orElse(options);
    } catch (DirectoryException e) {
      findings.add(Finding.unknown(Finding.WITNESSES, String.valueOf(e.getMessage())));
      return options;
    }
  }

  private VerificationOptions withOwnAnchor(VerificationOptions options) {
    return options.anchors().isEmpty()
        ? anchor.map(file -> options.anchors(List.of(file))).orElse(options)
        : options;
  }

  private Finding lastCheckpoint(LedgerReader ledger, VerificationOptions options) {
    KeyHistory history;
    try {
      history = KeyHistory.read(ledger, options.keys(), options.rooted());
    } catch (LedgerException e) {
      // The verifier has reported the error; the given keys still verify the file.
      history = KeyHistory.none(options.keys());
    }
    return LastCheckpoint.judge(data().lastCheckpoint(), ledger, history).finding();
  }

  /**
   * Proves that an event is in the log, under the last signed checkpoint, with the cosignatures of
   * the witnesses of the data directory.
   *
   * @throws EvidenceException if there is no proof yet, or the ledger contradicts what was signed
   * @throws OpenException if the file of the witnesses cannot be read
   */
  public ProvenRow prove(String eventId) throws LedgerException, KeyException, OpenException {
    List<VerifierKey> witnesses;
    try {
      witnesses =
          data().witnessPolicy().stream()
              .flatMap(policy -> policy.witnesses().stream())
              .map(WitnessPolicy.Witness::key)
              .toList();
    } catch (DirectoryException e) {
      throw new OpenException(e.getMessage(), e);
    }
    try (LedgerReader ledger = reader()) {
      return ProvenRow.of(ledger, data().keys().accepted(), witnesses, eventId);
    }
  }

  /**
   * Result of an export.
   *
   * @param checkpoint the checkpoint of the exported log
   * @param filesWritten the number of files written
   */
  public record Exported(Checkpoint checkpoint, long filesWritten) {}

  /**
   * Writes the records up to the last signed checkpoint as static files (C2SP tlog-tiles). In a
   * directory with an earlier export, adds the new rows.
   *
   * @param progress called from time to time with the number of rows written
   * @throws EvidenceException if there is no checkpoint, or the ledger contradicts what was signed
   */
  public Exported export(Path directory, LongConsumer progress)
      throws LedgerException, KeyException, LogDirectoryException {
    try (LedgerReader ledger = reader();
        LogDirectory files = LogDirectory.openForWriting(directory)) {
      Checkpoint checkpoint =
          new LedgerExport(ledger, data().keys().accepted(), files, progress).write();
      return new Exported(checkpoint, files.written());
    }
  }

  /**
   * Returns one file of an {@linkplain #export export}, made from the ledger as it is now.
   *
   * @param path {@code checkpoint}, or the path of a tile or an entry bundle
   * @throws EvidenceException if there is no such file, or the ledger contradicts what was signed
   */
  public byte[] exportedFile(String path) throws LedgerException, KeyException {
    try (LedgerReader ledger = reader()) {
      SignedTree last = SignedTree.last(ledger, data().keys().accepted());
      return path.equals("checkpoint")
          ? last.signed().bytes()
          : new TiledLog(ledger, last.tiles(), last.checkpoint()).file(TilePath.parse(path));
    } catch (TileParseException e) {
      throw EvidenceException.absent("%s", e.getMessage());
    }
  }

  /**
   * Result of an erasure.
   *
   * @param eventId the event whose payload is erased
   * @param sequence the event's row
   * @param payloadHash the hash of the payload, in hex
   * @param deadLetters the number of removed dead letters that had this payload
   * @param remains where bytes of the payload may be left, and how they are removed; empty if they
   *     are gone from the storage of the ledger and of its index
   */
  public record Erased(
      String eventId,
      long sequence,
      String payloadHash,
      long deadLetters,
      Optional<String> remains) {
    /** Returns true if the bytes are gone from the storage of the ledger and of its index. */
    public boolean isGone() {
      return remains.isEmpty();
    }
  }

  /**
   * Erases the payload of one row, and records the erasure in the chain. The row and its hash stay.
   *
   * @param reason the recorded reason
   * @param by the recorded name of the person who erases
   * @throws LedgerException if the payload cannot be erased, or is erased already; a repeated
   *     erasure removes its remains again, and the message states whether bytes may be left
   * @throws KeyException if the log's key is missing
   */
  public Erased erase(String eventId, String reason, String by)
      throws LedgerException, KeyException {
    try {
      return eraseFromLedger(eventId, reason, by);
    } catch (Erasure.AlreadyErasedException e) {
      throw new LedgerException(
          e.getMessage()
              + "; "
              + remains(eventId, e.isGone())
                  .orElse("no bytes of it are left in the ledger and its index"),
          false,
          e);
    } catch (LedgerException e) {
      // The row may be erased, and the failure came after that.
      purgeIndex(eventId);
      throw e;
    }
  }

  /**
   * Ends the log: nothing more is recorded in it, except that payloads were erased. A process that
   * has it open stops recording, and its gate refuses. Signs a checkpoint over all rows. If the log
   * was ended before, only signs the checkpoint.
   *
   * @param reason the recorded reason
   * @param by the recorded name of the person who ends the log
   * @throws LedgerException if there is no log, or it cannot be written to now
   * @throws KeyException if the log's key is missing
   */
  public void end(String reason, String by) throws LedgerException, KeyException {
    // Opening to write would create a ledger where there is none.
    reader().close();
    data().end(new LogEnd(reason, by));
  }

  private Erased eraseFromLedger(String eventId, String reason, String by)
      throws LedgerException, KeyException {
    // Opening to write would create a ledger where there is none.
    reader().close();
    DataDirectory.SigningKeys keys = data().signingKeys();
    try (Erasure erasure =
        new Erasure(data().openWriter(), data().checkpointFile(), keys.signer(), keys.accepted())) {
      Erasure.Erased erased = erasure.erase(eventId, reason, by);
      ErasureNote note = erased.note();
      return new Erased(
          note.eventId(),
          note.sequence(),
          note.payloadHash(),
          note.deadLetters(),
          remains(eventId, erased.isGone()));
    }
  }

  /** Removes an erased payload from the index, and returns where bytes of it may be left. */
  private Optional<String> remains(String eventId, boolean isGoneFromLedger)
      throws LedgerException {
    List<String> left = new ArrayList<>();
    if (!isGoneFromLedger) {
      left.add(data().engine().remains());
    }
    if (!purgeIndex(eventId)) {
      left.add(
          "bytes of it may be left in %s, because another process uses it; stop that process and run this again"
              .formatted(data().index().file()));
    }
    return left.isEmpty() ? Optional.empty() : Optional.of(String.join("; ", left));
  }

  /** Removes an erased payload from the index; returns true if nothing of it is left there. */
  private boolean purgeIndex(String eventId) {
    try (LedgerReader ledger = reader()) {
      Optional<ChainRow> row = ledger.row(eventId).filter(found -> !found.hasPayload());
      return row.isEmpty() || data().index().purge(row.get().sequence(), ledger);
    } catch (LedgerException e) {
      // The row is erased; the caller learns that its bytes are not gone.
      return false;
    }
  }

  /**
   * Appends the event of a dead letter to the chain under its own id, marks the dead letter as
   * replayed, and records the replay in the chain.
   *
   * @param number the number of the dead letter
   * @return the reason that the event is refused, for example that the dead letter was changed
   *     after it was written, or that its type is never replayed; empty if it is in the chain
   * @throws EvidenceException if there is no dead letter with this number
   * @throws LedgerException if the ledger cannot be written to now
   * @throws KeyException if the log's key is missing
   */
  public Optional<String> replay(long number) throws LedgerException, KeyException {
    DeadLetter[] found = new DeadLetter[1];
    try (LedgerReader ledger = reader()) {
      ledger.forEachDeadLetter(
          number,
          each -> {
            if (each.number() == number) {
              found[0] = each;
            }
            return false;
          });
    }
    if (found[0] == null) {
      throw EvidenceException.absent("%s: no dead letter has this number", number);
    }
    try (DeadLetters letters = deadLetters()) {
      return letters.replay(found[0]);
    }
  }

  private DeadLetters deadLetters() throws LedgerException, KeyException {
    DataDirectory.SigningKeys keys = data().signingKeys();
    return new DeadLetters(
        data().openWriter(), data().checkpointFile(), keys.signer(), keys.accepted());
  }

  /**
   * Migrates from the key in the data directory to an external signer. The key signs the migration
   * in the chain, and is then deleted. From then on, the log must be opened with that signer.
   *
   * @throws KeyException if there is no key here, or it cannot be deleted
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public void migrateKey(Signer next) throws KeyException, LedgerException {
    data().migrate(next);
  }

  /**
   * Records the rotation from one external signer to the next. From then on, the log must be opened
   * with the next signer.
   *
   * @throws KeyException if the keys of the data directory cannot be read
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public void rotateSigner(Signer current, Signer next) throws KeyException, LedgerException {
    reader().close();
    KeyRing accepted = data().keys().accepted();
    data().keys().publish(next.verificationKey());
    try (KeyEvents events = data().keyEvents(accepted)) {
      events.rotate(current.checked(), next.checked());
    }
  }
}
