// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.append.CheckpointFile;
import dev.indelible.append.KeyEvents;
import dev.indelible.base.DurableFiles;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.FileAccess;
import dev.indelible.crypto.KeyDirectory;
import dev.indelible.crypto.KeyDirectory.KeyRecord;
import dev.indelible.crypto.KeyDirectory.Replacement;
import dev.indelible.crypto.KeyDirectory.Rotation;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.SigningKey;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.follow.CosignatureFollower;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.KeyHistory;
import dev.indelible.policy.RulePolicy;
import dev.indelible.sqlite.SqliteLedger;
import dev.indelible.sqlite.SqliteWriter;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Where everything of one log lives: {@code indelible.db}, {@code journal/}, {@code keys/}, {@code
 * policy/}, and {@code witnesses} where the log has some.
 *
 * @param path the directory
 */
public record DataDirectory(Path path) {
  public DataDirectory {
    Objects.requireNonNull(path, "path is null");
  }

  /** The ledger. */
  public Path database() {
    return path.resolve("indelible.db");
  }

  /** The keys. */
  public KeyDirectory keys() {
    return new KeyDirectory(path.resolve("keys"));
  }

  /**
   * The keys with which a verb writes to a log that was begun here.
   *
   * @param signer signs
   * @param accepted the public keys accepted on rows that stand there already
   */
  public record SigningKeys(SigningKey signer, KeyRing accepted) {}

  /**
   * Returns the keys of the log that was begun here, to write to it. Writes nothing.
   *
   * @throws KeyException if the log's key is missing or cannot be used, or another one lies in its
   *     place; the message names what to do
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
   * Requires that the key in this directory is there and, if the log has rows, the log's own.
   * Writes nothing.
   *
   * @throws KeyException if not; the message names what to do
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
   * Exchanges the signing key for a new one, which the old one introduces in the chain. Works while
   * the log is in use; who has it open signs with the old key until opening it anew.
   *
   * @throws KeyException if a key cannot be read or stored, or another process is at it
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public Rotation rotateKey() throws KeyException, LedgerException {
    return keys().rotate(new Chain(this, signingKeys().accepted()));
  }

  /**
   * Hands over from the key in this directory to one that is kept elsewhere: the present one
   * introduces it in the chain and is removed. The log is opened with that signer afterwards.
   *
   * @throws KeyException if there is no key here, or it cannot be removed
   * @throws LedgerException if there is no ledger yet, or it cannot be written to now
   */
  public void migrate(Signer next) throws KeyException, LedgerException {
    keys().migrate(next.checked(), new Chain(this, signingKeys().accepted()));
  }

  /**
   * Puts a new signing key in the place of one that is lost, and chains that. The new key signs
   * that itself: for one who holds an earlier key only, its rows cannot be told.
   *
   * @param reason why, for the record
   * @throws KeyException if the log's key is here after all, the log has no rows yet, or a key
   *     cannot be stored
   * @throws LedgerException if there is no ledger, or it cannot be written to now
   */
  public Replacement replaceLostKey(String reason) throws KeyException, LedgerException {
    // Once before anything is written, and again when nobody else can replace it.
    confirmLoss(reason);
    return keys().replace(() -> confirmLoss(reason));
  }

  private LostKey confirmLoss(String reason) throws KeyException, LedgerException {
    ExistingLog log = readLog();
    if (!log.hasRows()) {
      throw new KeyException(
          path + ": the log has no rows, so no key of it is lost; 'indelible keys init' makes one");
    }
    Optional<SigningKey> present = usableKey();
    if (present.isPresent() && log.signs(present.get().verificationKey())) {
      throw new KeyException(
          "%s: the log's key %s is here and not lost; 'indelible keys rotate' exchanges it"
              .formatted(path, present.get().verificationKey().keyId()));
    }
    return new LostKey(this, log, reason);
  }

  private Optional<SigningKey> usableKey() {
    try {
      return Optional.of(keys().read());
    } catch (KeyException e) {
      return Optional.empty();
    }
  }

  private ExistingLog readLog() throws LedgerException {
    SqliteLedger.open(database()).close();
    return ExistingLog.read(this);
  }

  /**
   * Makes sure that what is recorded here is signed by the log's own key, by the log's own rules: a
   * key and starter rules are made for a new log only (D11). Until this is known, nothing is
   * written.
   *
   * @param signer who signs, if the key is kept elsewhere
   * @param ownRules whether the rules come from elsewhere
   * @return what was there already
   */
  ExistingLog prepareToRecord(Optional<Signer> signer, boolean ownRules)
      throws OpenException, KeyException, LedgerException {
    requireNoFileInTheWay();
    requireReadable();
    if (signer.isPresent() && keys().hasSigningKey()) {
      throw new KeyException(
          path
              + ": has a key of its own that signs; hand over to the signer first"
              + " (DataDirectory.migrate)");
    }
    ExistingLog log = ExistingLog.read(this);
    if (log.isBegun()) {
      if (signer.isPresent()) {
        log.requireKey(signer.get());
      } else {
        log.requireKey();
      }
      if (!ownRules) {
        log.requireRules();
      }
    }
    prepare(!log.isBegun());
    return log;
  }

  /**
   * Makes the directory ready to record in, with a key and starter rules if the log is new, and
   * returns the key.
   *
   * @throws OpenException if it cannot be made or written to
   * @throws KeyException if a log was begun here and its key is missing or cannot be used
   */
  public SigningKey prepareKey() throws OpenException, KeyException, LedgerException {
    prepareToRecord(Optional.empty(), true);
    return keys().openOrCreate();
  }

  /**
   * Opens the log to record an event of its keys.
   *
   * @param accepted the public keys accepted on rows that are there
   */
  public KeyEvents keyEvents(KeyRing accepted) throws LedgerException {
    return KeyEvents.of(
        SqliteWriter.open(database()), CheckpointFile.at(lastCheckpoint()), accepted);
  }

  /** The chain, which records the key that introduces another. */
  private record Chain(DataDirectory data, KeyRing accepted) implements KeyRecord<LedgerException> {
    @Override
    public boolean contains(VerificationKey key) throws LedgerException {
      try (LedgerReader ledger = SqliteLedger.open(data.database())) {
        return KeyHistory.read(ledger, accepted, false).introduction(key.keyId()).isPresent();
      }
    }

    @Override
    public void add(SigningKey signer, Signer next) throws LedgerException {
      KeyRing keys = accepted.and(KeyRing.of(List.of(signer.verificationKey())));
      try (KeyEvents events = data.keyEvents(keys)) {
        events.rotate(signer, next);
      }
    }
  }

  /** The chain, which records the key that replaces a lost one. */
  private record LostKey(DataDirectory data, ExistingLog log, String reason)
      implements KeyRecord<LedgerException> {
    /** Returns true also for a key that was introduced before the other was lost. */
    @Override
    public boolean contains(VerificationKey key) throws LedgerException {
      return log.signs(key);
    }

    @Override
    public void add(SigningKey signer, Signer next) throws LedgerException {
      KeyRing keys = KeyRing.of(List.of(signer.verificationKey())).and(readable());
      try (KeyEvents events =
          KeyEvents.ofLostKey(
              SqliteWriter.open(data.database()), CheckpointFile.at(data.lastCheckpoint()), keys)) {
        events.replace(next, log.lastSigner(), reason);
      }
    }

    /** Returns the accepted keys, or none if they cannot be read: they may be lost, too. */
    private KeyRing readable() {
      try {
        return log.withEarlierKeys(data.keys().accepted());
      } catch (KeyException e) {
        return KeyRing.of(List.of());
      }
    }
  }

  /** Where accepted events wait. */
  public Path journal() {
    return path.resolve("journal");
  }

  /**
   * The last checkpoint that was signed here. A database that has an earlier one was rolled back to
   * a copy, and is not signed on.
   */
  public Path lastCheckpoint() {
    return path.resolve("last-checkpoint");
  }

  /** The rules. */
  public Path policy() {
    return path.resolve("policy");
  }

  /** Returns the file of witnesses and quorum (C2SP tlog-policy); absent if nobody witnesses. */
  public Path witnesses() {
    return path.resolve("witnesses");
  }

  /**
   * Reads {@link #witnesses}.
   *
   * @return empty if there is no such file
   * @throws OpenException if there is one and it is no policy, or names a witness whose URL cannot
   *     be asked, or more with a URL than one checkpoint bears cosignatures
   */
  public Optional<WitnessPolicy> witnessPolicy() throws OpenException {
    if (Files.notExists(witnesses())) {
      return Optional.empty();
    }
    try {
      WitnessPolicy policy = WitnessPolicy.parse(Files.readAllBytes(witnesses()));
      CosignatureFollower.requireAskable(policy);
      return Optional.of(policy);
    } catch (IOException e) {
      throw new OpenException(witnesses() + ": cannot be read: " + DurableFiles.reason(e), e);
    } catch (CheckpointParseException | IllegalArgumentException e) {
      throw new OpenException(witnesses() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Makes the directory, readable by its owner alone, if it is not there, and a first policy in it
   * if the log is new.
   *
   * @throws OpenException if it cannot be made or written to
   */
  public void prepare() throws OpenException {
    requireNoFileInTheWay();
    requireReadable();
    prepare(!ExistingLog.read(this).isBegun());
  }

  private void prepare(boolean rules) throws OpenException {
    try {
      makeDirectory(path);
      if (rules && !Files.exists(policy())) {
        makePolicy();
      }
    } catch (IOException e) {
      throw new OpenException(
          path + ": the data directory cannot be made: " + DurableFiles.reason(e), e);
    }
    if (!Files.isDirectory(journal())) {
      require(FileAccess.WRITE, path);
    }
  }

  /** Checks that the ledger can be written to: without a journal its events can wait nowhere. */
  void requireWritableDatabase() throws OpenException {
    require(FileAccess.WRITE, path);
    require(FileAccess.WRITE, database());
  }

  /**
   * Makes sure that this user may look into the directory and read the database in it, if they are
   * there.
   *
   * @throws OpenException naming what cannot be read, who it belongs to, and who this user is
   */
  public void requireReadable() throws OpenException {
    for (Path at = path.toAbsolutePath().getParent(); at != null; at = at.getParent()) {
      // What is below a directory that may not be entered is neither there nor not there.
      if (Files.isDirectory(at) && !Files.isExecutable(at)) {
        require(FileAccess.READ, at);
      }
    }
    require(FileAccess.READ, path);
    require(FileAccess.READ, database());
  }

  private static void require(FileAccess access, Path file) throws OpenException {
    Optional<String> refusal = Files.exists(file) ? access.refusal(file) : Optional.empty();
    if (refusal.isPresent()) {
      throw new OpenException(
          file + ": " + refusal.get() + "; run as that user, or change the file's owner or mode");
    }
  }

  private void requireNoFileInTheWay() throws OpenException {
    for (Path at = path.toAbsolutePath(); at != null; at = at.getParent()) {
      if (Files.exists(at) && !Files.isDirectory(at)) {
        throw new OpenException(
            path
                + ": the data directory cannot be here, because "
                + at
                + " is a file; name another directory");
      }
    }
    if (Files.isDirectory(database())) {
      throw new OpenException(
          database() + ": a directory is where the database should be; move it away");
    }
  }

  /**
   * Makes the rules aside and gives them their name last: another process that starts at the same
   * time, or the next after one that died here, finds all of them or none.
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
      // Another process was first; its rules are the rules.
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

  /** A power cut takes with the name of a directory all that was ever synced in it. */
  private static void syncNames(Path from, Path to) throws IOException {
    for (Path at = from; at != null && at.startsWith(to); at = at.getParent()) {
      try {
        DurableFiles.syncNames(at);
      } catch (AccessDeniedException e) {
        // Names may be made in it, and it may not be read: nor can it then be synced.
      }
    }
  }
}
