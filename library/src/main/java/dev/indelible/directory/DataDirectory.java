// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.FleetEvents;
import dev.indelible.append.KeyEvents;
import dev.indelible.append.LogEnding;
import dev.indelible.append.OperatorEvents;
import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.FileAccess;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.journal.JournalException;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.LogEnd;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Operator;
import dev.indelible.note.PolicySignatureException;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.publish.CosignatureFollower;
import dev.indelible.sqlite.SqliteEngine;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.LedgerWriter;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The directory of one log, with {@code indelible.db} or {@code ledger}, {@code last-checkpoint},
 * {@code last-policy}, {@code journal/}, {@code keys/}, {@code policy/}, {@code approvals/}, {@code
 * index.db}, and {@code witnesses} and {@code redaction.yaml} if the log has any. The class is long
 * because each of these files, and each change of the log's keys, has a method.
 *
 * @param path the directory
 * @param url the URL of a ledger outside of the directory; null for the ledger that the directory
 *     names, or the one in it
 */
public record DataDirectory(Path path, @Nullable String url) {
  public DataDirectory {
    Objects.requireNonNull(path, "path is null");
  }

  /** Creates access to a directory, with the ledger that it names or has. */
  public DataDirectory(Path path) {
    this(path, null);
  }

  /** Returns this directory with a ledger outside of it. */
  public DataDirectory withLedger(String at) {
    return new DataDirectory(path, at);
  }

  /**
   * Returns the directory with the settings and state of a gate that records through a queue, into
   * a ledger that another process writes.
   */
  public Path queue() {
    return path.resolve("queue");
  }

  /** Returns true if this directory is that of a gate that records through a queue. */
  public boolean hasQueue() {
    return !Files.notExists(queue().resolve("settings"), LinkOption.NOFOLLOW_LINKS);
  }

  /** Returns the file of a ledger in this directory. */
  public Path database() {
    return path.resolve("indelible.db");
  }

  private LedgerFile ledgerFile() {
    return new LedgerFile(path.resolve("ledger"));
  }

  /**
   * Returns the engine of the log's ledger: at the given URL, at the one in the file {@code
   * ledger}, or in the directory. Does not connect, and writes nothing.
   *
   * @throws LedgerException if the file {@code ledger} cannot be read, no engine knows the URL, or
   *     the log has another ledger
   */
  public LedgerEngine engine() throws LedgerException {
    Optional<String> recorded = ledgerFile().read();
    if (hasQueue()) {
      throw new LedgerException(
          queue()
              + ": a gate here records through a queue, and has no ledger; name the data directory"
              + " of the log that 'indelible ledger-writer' writes");
    }
    if (url == null && recorded.isEmpty()) {
      return new SqliteEngine(database());
    }
    if (Files.exists(database(), LinkOption.NOFOLLOW_LINKS)) {
      throw new LedgerException(
          url == null || recorded.isPresent()
              ? "%s: the file names a ledger elsewhere, but %s is here too; move the one away that is not this log's"
                  .formatted(ledgerFile().path(), database())
              : "%s: this log has its ledger in this file; leave out --ledger and INDELIBLE_LEDGER, or name a new data directory"
                  .formatted(database()));
    }
    LedgerEngine named = LedgerEngines.at(recorded.orElseGet(() -> Objects.requireNonNull(url)));
    LedgerEngine engine = url == null ? named : LedgerEngines.at(url);
    if (!engine.name().equals(named.name())) {
      throw new LedgerException(
          "%s: this log has its ledger at %s, not at %s; leave out --ledger and INDELIBLE_LEDGER, or name another data directory"
              .formatted(ledgerFile().path(), named.name(), engine.name()));
    }
    return engine;
  }

  /** Returns true if a file here shows that the log has a ledger, or that cannot be determined. */
  public boolean recordsLedger() {
    return !Files.isRegularFile(path) && (!Files.notExists(database()) || ledgerFile().mayExist());
  }

  /** Returns true if the ledger is, or may be, outside of this directory. */
  public boolean isLedgerOutside() {
    return url != null || ledgerFile().mayExist();
  }

  /** Returns false if it is certain that the log has no ledger yet. */
  public boolean mayHaveLedger() {
    return url != null || recordsLedger();
  }

  /** Opens the ledger for a command run by hand; creates one in this directory if there is none. */
  public LedgerWriter openWriter() throws LedgerException {
    LedgerWriter writer = engine().openWriter();
    try {
      recordLedger();
      return writer;
    } catch (LedgerException e) {
      writer.close();
      throw e;
    }
  }

  /** Returns true if the URL of the ledger is given, and not in the file {@code ledger} yet. */
  private boolean isLedgerNew() {
    return url != null && !ledgerFile().mayExist();
  }

  /** Writes the URL of the ledger into the file {@code ledger}, so that later runs use it. */
  private void recordLedger() throws LedgerException {
    if (isLedgerNew()) {
      ledgerFile().write(url);
    }
  }

  /** Returns the directory of the keys. */
  public KeyDirectory keys() {
    return new KeyDirectory(path.resolve("keys"));
  }

  /**
   * Keys for writing to an existing log.
   *
   * @param signer the key that signs
   * @param accepted the public keys accepted on existing rows
   */
  public record SigningKeys(Signer signer, KeyRing accepted) {}

  /**
   * Returns the keys for writing to the existing log. Writes nothing.
   *
   * @throws KeyException if the log's key is missing or unusable, or belongs to another log; the
   *     message states what to do
   * @throws LedgerException if there is no ledger, or it cannot be read now
   */
  public SigningKeys signingKeys() throws KeyException, LedgerException {
    ExistingLog log = readLog();
    log.requireKey();
    SigningKey signer = keys().read();
    KeyRing own = KeyRing.of(List.of(signer.verificationKey()));
    return new SigningKeys(signer, log.withEarlierKeys(keys().accepted().and(own)));
  }

  /**
   * Returns the keys for writing to the existing log, like {@link #signingKeys()}.
   *
   * @param external the external signer; empty if the log's key is in this directory
   */
  public SigningKeys signingKeys(Optional<Signer> external) throws KeyException, LedgerException {
    return external.isPresent()
        ? new SigningKeys(external.get().checked(), keys().accepted())
        : signingKeys();
  }

  /**
   * Requires a signing key. If the log has rows, requires the log's own key. Writes nothing.
   *
   * @throws KeyException if the key is missing or belongs to another log; the message states what
   *     to do
   */
  public void requireSigningKey() throws KeyException, LedgerException {
    ExistingLog log = ExistingLog.read(this);
    if (log.isBegun()) {
      log.requireKey();
    } else {
      keys().read();
    }
  }

  /**
   * Replaces the signing key by a new one; the old key signs the rotation in the chain. Works while
   * the log is in use: a running process signs with the old key until it is restarted.
   *
   * @throws KeyException if a key cannot be read or stored, or another process rotates the key
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public Rotation rotateKey() throws KeyException, LedgerException {
    return new KeyChanges(this).rotate();
  }

  /**
   * Migrates from the key in this directory to an external signer. The key signs the migration in
   * the chain, and is then deleted. From then on, the log must be opened with that signer.
   *
   * @throws KeyException if there is no key here, or it cannot be deleted
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public void migrate(Signer next) throws KeyException, LedgerException {
    new KeyChanges(this).migrate(next);
  }

  /**
   * Replaces a lost signing key by a new one, and records the replacement in the chain. The new key
   * signs this record, so a verifier that trusts only earlier keys cannot verify rows of the new
   * key.
   *
   * @param reason the recorded reason
   * @throws KeyException if the log's key is not lost, the log has no rows yet, or a key cannot be
   *     stored
   * @throws LedgerException if there is no ledger, or it cannot be written to now
   */
  public Replacement replaceLostKey(String reason) throws KeyException, LedgerException {
    return new KeyChanges(this).replaceLost(reason);
  }

  /** Returns the log here, which must exist. */
  ExistingLog readLog() throws LedgerException {
    engine().open().close();
    return ExistingLog.read(this);
  }

  /**
   * Requires the log's own ledger, key and rules; creates a key and starter rules only for a new
   * log. Writes nothing until it is certain that the log is new.
   *
   * @param signer the external signer; empty if the key is in this directory
   * @param ownRules true if the caller brings its own policy
   * @return the log as it was found
   */
  public ExistingLog prepareToRecord(Optional<Signer> signer, boolean ownRules)
      throws DirectoryException, KeyException, LedgerException {
    requireUsable();
    LedgerEngine engine = engine();
    if (isLedgerNew()) {
      // Reports a wrong address, password, schema or right before anything is written here.
      engine.openWriter().close();
    }
    if (signer.isPresent() && keys().hasSigningKey()) {
      throw new KeyException(
          path
              + ": the directory has a signing key; migrate it to the external signer first"
              + " (AuditLog.migrateKey)");
    }
    ExistingLog log = ExistingLog.read(this);
    Optional<String> missing = log.missingLedger();
    if (missing.isPresent()) {
      throw new DirectoryException(missing.get());
    }
    // An event that is accepted now would wait for a ledger whose id nobody knows.
    log.requireThere();
    if (log.isBegun()) {
      if (signer.isPresent()) {
        log.requireKey(signer.get());
      } else {
        log.requireKey();
      }
      // With an operator's key, a start without rules goes on with those of the chain.
      if (!ownRules && log.operator().isEmpty()) {
        log.requireRules();
      }
    }
    prepare(!log.isBegun());
    recordLedger();
    return log;
  }

  /**
   * Prepares the directory of a gate that records through a queue. Creates starter rules for a new
   * gate.
   *
   * @param ownRules true if the caller brings its own policy
   * @return a log without a ledger
   */
  public ExistingLog prepareToSend(boolean ownRules) throws DirectoryException {
    requireUsable();
    if (url != null || recordsLedger()) {
      throw new DirectoryException(
          "%s: the gate here records through a queue, but the directory also has or names a ledger; use one directory for each"
              .formatted(path));
    }
    boolean isNew = Files.notExists(journal());
    if (!isNew && !ownRules && !Files.exists(policy())) {
      throw new DirectoryException(
          "%s: the rules are missing, and %s shows that a gate recorded here; restore them from a copy, or create the directory and write new rules into it (docs/policy.md)"
              .formatted(policy(), journal()));
    }
    prepare(isNew);
    return ExistingLog.none(this);
  }

  /**
   * Prepares the directory for recording, and returns the key. Creates a key and starter rules if
   * the log is new.
   *
   * @throws DirectoryException if the directory cannot be created or written to
   * @throws KeyException if a log exists here and its key is missing or unusable
   */
  public SigningKey prepareKey() throws DirectoryException, KeyException, LedgerException {
    prepareToRecord(Optional.empty(), true);
    return keys().openOrCreate();
  }

  /**
   * Opens the ledger to append an event about keys.
   *
   * @param accepted the public keys accepted on existing rows
   */
  public KeyEvents keyEvents(KeyRing accepted) throws LedgerException {
    return KeyEvents.of(openWriter(), checkpointFile(), accepted);
  }

  /**
   * Opens the ledger to append the events of a fleet. Creates the ledger if there is none.
   *
   * @param keys the log's keys
   */
  public FleetEvents fleetEvents(SigningKeys keys) throws LedgerException {
    return new FleetEvents(openWriter(), checkpointFile(), keys.signer(), keys.accepted());
  }

  /**
   * Ends the log, and signs a checkpoint over all of its rows. If it was ended before, only signs
   * the checkpoint.
   *
   * @throws KeyException if the log's key is missing
   */
  public void end(LogEnd content) throws KeyException, LedgerException {
    SigningKeys keys = signingKeys();
    try (LogEnding ending =
        new LogEnding(openWriter(), checkpointFile(), keys.signer(), keys.accepted())) {
      ending.append(content);
    }
  }

  /** Returns the first valid row that ended the log; empty if it was not ended. */
  public Optional<ChainRow> end(StoredLedger ledger) throws KeyException, LedgerException {
    List<ChainRow> rows = new ArrayList<>();
    ledger.forEachRow(RowQuery.ofType(SystemEvent.LOG_ENDED), rows::add);
    return rows.isEmpty()
        ? Optional.empty()
        : LogEnd.first(rows, KeyHistory.read(ledger, keys().accepted(), true));
  }

  /** Returns the store of the last checkpoint, with the source of the log's ML-DSA-44 key. */
  public CheckpointFile checkpointFile() {
    return CheckpointFile.at(lastCheckpoint()).withSecondKey(keys()::openMlDsa44);
  }

  /**
   * Adds an ML-DSA-44 key, which then also signs each checkpoint, and records it in the chain.
   * Works while the log is in use. Cannot be undone.
   *
   * @return the key, and whether it was added now or before
   * @throws KeyException if a key cannot be read or stored, or the chain names an ML-DSA-44 key
   *     that is not here
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public KeyChanges.Addition addMlDsa44() throws KeyException, LedgerException {
    SigningKeys keys = signingKeys();
    return new KeyChanges(this).addMlDsa44(keys.signer(), keys.accepted());
  }

  /**
   * Adds an ML-DSA-44 key like {@link #addMlDsa44()}, with a given signer. Creates the ledger if
   * there is none.
   *
   * @param accepted the public keys accepted on existing rows
   */
  public KeyChanges.Addition addMlDsa44(Signer signer, KeyRing accepted)
      throws KeyException, LedgerException {
    return new KeyChanges(this).addMlDsa44(signer, accepted);
  }

  /**
   * Replaces a lost ML-DSA-44 key by a new one, and records that in the chain.
   *
   * @param reason the recorded reason
   * @throws KeyException if there is no ML-DSA-44 key to replace, or it is not lost
   */
  public KeyChanges.Addition replaceLostMlDsa44(String reason)
      throws KeyException, LedgerException {
    return new KeyChanges(this).replaceLostMlDsa44(reason);
  }

  /** Counts the events that wait in the journals. */
  public WaitingEvents waiting() throws LedgerException, JournalException {
    Optional<StoredLedger> found = engine().openIfThere();
    try {
      return JournalCheck.waiting(this, found, changed -> {});
    } finally {
      found.ifPresent(StoredLedger::close);
    }
  }

  /** Returns the directory of the journals, in which accepted events wait. */
  public Path journal() {
    return path.resolve("journal");
  }

  /**
   * Returns the file of the last checkpoint that was signed here. If the ledger has only earlier
   * checkpoints, it was rolled back, and none of its checkpoints is signed any more.
   */
  public Path lastCheckpoint() {
    return path.resolve("last-checkpoint");
  }

  /**
   * Returns the problem of a directory that has {@link #lastCheckpoint} but no ledger: a log was
   * here, and its rows are missing. Empty for any other directory.
   */
  public Optional<String> missingDatabase() {
    return ExistingLog.read(this).missingLedger();
  }

  /** Returns the index of the ledger's rows, for queries. */
  public LogIndex index() {
    return new LogIndex(path.resolve("index.db"));
  }

  /** Returns the files with which gates find approvals, and use each once. */
  public ApprovalFiles approvals() {
    return new ApprovalFiles(path.resolve("approvals"));
  }

  /** Returns the directory of the rules. */
  public Path policy() {
    return path.resolve("policy");
  }

  private OperatorFile operatorFile() {
    return new OperatorFile(path.resolve("keys").resolve("operator.vkey"));
  }

  /**
   * Returns the operator's key from its file, for a log whose chain shows none. The numbers of the
   * policies are unknown here.
   *
   * @return empty if there is no such file
   * @throws KeyException if the file cannot be read
   */
  public Optional<OperatorHistory> operatorOfFile() throws KeyException {
    return operatorFile().read();
  }

  /**
   * Stores the operator's key of the chain, so that it also decides while the ledger cannot be
   * read. Another host that writes to the ledger may have recorded it there.
   *
   * @throws KeyException if it cannot be stored
   */
  public void storeOperator(Operator operator) throws KeyException {
    operatorFile().writeIfOther(operator.key(), operator.origin());
  }

  /** Returns the file of the last policy that was admitted while the ledger could be read. */
  public LastPolicyFile lastPolicy() {
    return new LastPolicyFile(path.resolve("last-policy"));
  }

  /**
   * Records an operator's key in the chain, with the rules in this directory as the policy that is
   * accepted without a signature. From then on a policy comes into force only with a signature of
   * that key, also in processes that run now.
   *
   * @param key of type Ed25519; must not be a key of the log
   * @param signed the note with which the operator before introduces the key; empty for the first
   * @throws KeyException if the log's key is missing, or {@code key} is a key of the log
   * @throws PolicyException if there is no operator's key yet, and the rules do not load
   * @throws PolicySignatureException if the operator before did not sign the key
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public OperatorEvents.Trusted trustOperator(VerifierKey key, Optional<String> signed)
      throws KeyException, LedgerException, PolicyException, PolicySignatureException {
    SigningKeys own = signingKeys();
    if (key.key() instanceof VerificationKey ed25519
        && own.accepted().find(ed25519.keyId()).isPresent()) {
      throw new KeyException(
          key
              + ": is a key of this log, which signs rows; create another key with 'indelible policy"
              + " keygen', on a machine without agents");
    }
    PolicyText rules =
        readLog().operator().isPresent()
            ? new PolicyText(List.of())
            : RulePolicy.load(policy()).text().orElseThrow();
    try (OperatorEvents events =
        new OperatorEvents(openWriter(), checkpointFile(), own.signer(), own.accepted())) {
      OperatorEvents.Trusted trusted = events.trust(key, rules, signed);
      operatorFile().write(key, trusted.origin());
      return trusted;
    }
  }

  /** Returns the file that configures the redaction of secrets; absent for the defaults. */
  public Path redaction() {
    return path.resolve("redaction.yaml");
  }

  /**
   * Returns the redactor of this directory. Creates its key if there is none.
   *
   * @throws PolicyException if its file cannot be used
   * @throws KeyException if its key cannot be used or stored
   */
  public Redactor redactor() throws PolicyException, KeyException {
    return Redactor.load(redaction(), keys().redactionKey());
  }

  /** Returns the file of witnesses and quorum (C2SP tlog-policy); absent if the log has none. */
  public Path witnesses() {
    return path.resolve("witnesses");
  }

  /**
   * Reads {@link #witnesses}.
   *
   * @return empty if there is no such file
   * @throws DirectoryException if the file is not a policy, a witness's URL is unusable, or more
   *     witnesses have a URL than a checkpoint can have cosignatures
   */
  public Optional<WitnessPolicy> witnessPolicy() throws DirectoryException {
    if (Files.notExists(witnesses())) {
      return Optional.empty();
    }
    try {
      WitnessPolicy policy = WitnessPolicy.parse(Files.readAllBytes(witnesses()));
      CosignatureFollower.requireAskable(policy);
      return Optional.of(policy);
    } catch (IOException e) {
      throw new DirectoryException(witnesses() + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException | IllegalArgumentException e) {
      throw new DirectoryException(witnesses() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Creates the directory, readable only by its owner. If the log is new, also creates starter
   * rules.
   *
   * @throws DirectoryException if the directory cannot be created or written to
   */
  public void prepare() throws DirectoryException {
    requireUsable();
    prepare(!ExistingLog.read(this).isBegun());
  }

  private void prepare(boolean rules) throws DirectoryException {
    try {
      makeDirectory(path);
      if (rules && !Files.exists(policy())) {
        makePolicy();
      }
    } catch (IOException e) {
      require(FileAccess.WRITE, path);
      throw new DirectoryException(
          path + ": the data directory cannot be created: " + DurableFiles.reason(e), e);
    }
    if (!Files.isDirectory(journal())) {
      require(FileAccess.WRITE, path);
    }
  }

  /** Requires write access to the ledger: without a journal, events cannot wait for it. */
  public void requireWritableDatabase() throws DirectoryException {
    require(FileAccess.WRITE, path);
    require(FileAccess.WRITE, database());
  }

  /**
   * Requires read access to the directory and the files of its ledger, if they exist, and that no
   * other file is in their place.
   */
  public void requireUsable() throws DirectoryException {
    requireNoFileInTheWay();
    requireReadable();
  }

  /**
   * Requires read access to the directory and the files of its ledger, if they exist.
   *
   * @throws DirectoryException if one cannot be read; the message names the file, its owner, and
   *     the current user
   */
  public void requireReadable() throws DirectoryException {
    for (Path at = path.toAbsolutePath().getParent(); at != null; at = at.getParent()) {
      // Below a directory without access, Files.exists is false for files that exist.
      if (Files.isDirectory(at) && !Files.isExecutable(at)) {
        require(FileAccess.READ, at);
      }
    }
    require(FileAccess.READ, path);
    require(FileAccess.READ, database());
    require(FileAccess.READ, ledgerFile().path());
  }

  private static void require(FileAccess access, Path file) throws DirectoryException {
    Optional<String> refusal = Files.exists(file) ? access.refusal(file) : Optional.empty();
    if (refusal.isPresent()) {
      throw new DirectoryException(
          file + ": " + refusal.get() + "; run as that user, or change the file's owner or mode");
    }
  }

  private void requireNoFileInTheWay() throws DirectoryException {
    for (Path at = path.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at) && !Files.isDirectory(at)) {
        throw new DirectoryException(
            path
                + ": cannot be a data directory, because "
                + at
                + " is a file; name another directory");
      }
    }
    if (Files.isDirectory(database())) {
      throw new DirectoryException(
          database() + ": is a directory, in place of the database; move it away");
    }
  }

  /**
   * Creates the rules in a temporary directory and renames it last. So after a crash, or for a
   * process that starts meanwhile, the rules are complete or absent.
   */
  private void makePolicy() throws IOException {
    Path aside = Files.createTempDirectory(path, ".new-policy-");
    Path rules = aside.resolve("rules.yaml");
    Files.writeString(rules, RulePolicy.starterYaml());
    try {
      Files.move(aside, policy(), StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      Files.deleteIfExists(rules);
      Files.deleteIfExists(aside);
      if (!Files.isDirectory(policy())) {
        throw e;
      }
      // Another process created the rules first, and they are used.
    }
  }

  private static void makeDirectory(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      return;
    }
    Path parent = directory.toAbsolutePath().getParent();
    Path first = parent;
    while (first != null && !Files.isDirectory(first)) {
      first = first.getParent();
    }
    if (parent == null || first == null) {
      throw new NoSuchFileException(directory.toString());
    }
    Files.createDirectories(parent);
    DurableFiles.createDirectory(directory);
    syncNames(parent, first);
  }

  /** Syncs the names of new directories: a power cut loses a directory whose name is not synced. */
  private static void syncNames(Path from, Path to) throws IOException {
    for (Path at = from; at != null && at.startsWith(to); at = at.getParent()) {
      try {
        DurableFiles.syncNames(at);
      } catch (AccessDeniedException e) {
        // This user may write to the directory but not read it, and so cannot sync it.
      }
    }
  }
}
