// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.append.LogEndedException;
import dev.indelible.crypto.ExposedKeyException;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Recorded;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.event.SystemEvent;
import dev.indelible.json.JsonValue;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.RowQuery;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyRotation;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.PolicyRejection;
import dev.indelible.note.RowCheck;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.storage.LedgerEngine;
import dev.indelible.storage.StoredLedger;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The log in a data directory, with the facts that decide which key may sign: only a new log gets a
 * new key and starter rules. Reading it writes nothing.
 */
public final class ExistingLog {
  private static final String REPLACE =
      "if it is lost, 'indelible keys replace --lost --reason TEXT' replaces it and records that";

  /** Remedy on a host whose ledger is on a server: another host may have begun the log. */
  private static final String COPY =
      "copy the directory keys/ of a host that records into this ledger to this host; only if that key is lost on every host, 'indelible keys replace --lost --reason TEXT' replaces it";

  private final DataDirectory data;

  /** True if the file {@code last-checkpoint} exists, so that a log was begun here. */
  private final boolean hasCheckpoint;

  /** The content of the ledger; empty if there is no ledger, or it cannot be read. */
  private final Optional<Content> ledger;

  /** The error that prevented reading the ledger; empty if it was read, or if the log is new. */
  private final Optional<LedgerException> unreadable;

  /** True if the place of the ledger can be read, and has no ledger. */
  private final boolean isAbsent;

  /**
   * The rows of the ledger that concern its keys and its policy.
   *
   * @param rotations the rotations that both keys signed, oldest first
   * @param policy the row that records the policy which came into force last
   * @param redaction the row that records the last settings of redaction
   * @param operator the operator's key and its policies; empty if there is no row of such a key,
   *     and without a key if no such row is valid
   * @param end the row that ends the log, if it is valid
   */
  private record Content(
      Optional<ChainRow> first,
      Optional<ChainRow> last,
      List<KeyRotation> rotations,
      Optional<ChainRow> policy,
      Optional<ChainRow> redaction,
      Optional<OperatorHistory> operator,
      Optional<ChainRow> end) {}

  private ExistingLog(
      DataDirectory data,
      boolean hasCheckpoint,
      Optional<Content> ledger,
      Optional<LedgerException> unreadable,
      boolean isAbsent) {
    this.data = data;
    this.hasCheckpoint = hasCheckpoint;
    this.ledger = ledger;
    this.unreadable = unreadable;
    this.isAbsent = isAbsent;
  }

  /** Returns a log without a ledger: that of a gate that records through a queue. */
  static ExistingLog none(DataDirectory data) {
    return new ExistingLog(data, false, Optional.empty(), Optional.empty(), true);
  }

  /** Reads the log of a data directory. */
  public static ExistingLog read(DataDirectory data) {
    // Read before the ledger: another process that begins a log creates the ledger before the file.
    boolean hasCheckpoint = Files.exists(data.lastCheckpoint(), LinkOption.NOFOLLOW_LINKS);
    try {
      LedgerEngine engine = data.engine();
      Optional<StoredLedger> found = engine.openIfThere();
      if (found.isEmpty()) {
        return new ExistingLog(data, hasCheckpoint, Optional.empty(), absence(engine), true);
      }
      try (StoredLedger open = found.get()) {
        List<KeyRotation> rotations = rotations(open);
        Content content =
            new Content(
                open.row(1),
                open.lastRow(),
                rotations,
                open.lastRow(SystemEvent.POLICY_LOADED),
                open.lastRow(SystemEvent.REDACTION_SETTINGS),
                operator(data, open, rotations),
                open.lastRow(SystemEvent.LOG_ENDED));
        return new ExistingLog(data, hasCheckpoint, Optional.of(content), Optional.empty(), false);
      }
    } catch (LedgerException e) {
      return new ExistingLog(data, hasCheckpoint, Optional.empty(), Optional.of(e), false);
    }
  }

  /**
   * Returns the error of an absent ledger; empty if the first row creates it. Only the owner of a
   * database creates a ledger in it, with an id of its own, so an absent one may have rows
   * elsewhere.
   */
  private static Optional<LedgerException> absence(LedgerEngine engine) {
    return engine.files().isEmpty()
        ? Optional.of(
            new LedgerException(
                engine.name()
                    + ": no ledger here; its owner creates one, or restores it, as docs/postgres.md"
                    + " describes; nothing is recorded until then"))
        : Optional.empty();
  }

  /** Reads the operator's key, at the cost of one look into an index for a log without one. */
  private static Optional<OperatorHistory> operator(
      DataDirectory data, StoredLedger ledger, List<KeyRotation> rotations) throws LedgerException {
    if (ledger.lastRow(SystemEvent.POLICY_OPERATOR).isEmpty()) {
      return Optional.empty();
    }
    KeyRing keys;
    try {
      keys = withEarlierKeys(data.keys().accepted(), rotations);
    } catch (KeyException e) {
      throw new LedgerException(
          "the operator's key cannot be read from the ledger: " + e.getMessage(), false, e);
    }
    return Optional.of(OperatorHistory.read(ledger, KeyHistory.read(ledger, keys, true)));
  }

  /**
   * Returns the operator's key in force and the policies that it admitted; empty if the ledger has
   * none, or cannot be read.
   */
  public Optional<OperatorHistory> operator() {
    return ledger.flatMap(Content::operator).filter(history -> history.operator().isPresent());
  }

  /** Returns true if the ledger has rows of an operator's key, and none of them is valid. */
  public boolean hasOnlyInvalidOperators() {
    return ledger.flatMap(Content::operator).isPresent() && operator().isEmpty();
  }

  /** Returns true if a log exists here, or may exist because the ledger cannot be read. */
  boolean isBegun() {
    return hasRows() || unreadable.isPresent() || hasCheckpoint;
  }

  /** Returns the problem of a log whose ledger is missing; empty if there is no such problem. */
  Optional<String> missingLedger() {
    if (!hasCheckpoint || !isAbsent) {
      return Optional.empty();
    }
    return Optional.of(
        "%s, and %s shows that this log had rows; restore the database from a backup, or, to start a new log here, move that file, journal/ and keys/ away and keep them, because they show what is missing; the new log needs its own key, anchor file and origin, because witnesses refuse a second log of the same name and key"
            .formatted(missing(), data.lastCheckpoint()));
  }

  /**
   * Requires that the log was not ended.
   *
   * @throws LogEndedException if it was
   */
  public void requireNotEnded() throws KeyException, LedgerException {
    if (ledger.flatMap(Content::end).isEmpty()) {
      return;
    }
    try (StoredLedger open = data.engine().open()) {
      Optional<ChainRow> end = data.end(open);
      if (end.isPresent()) {
        throw new LogEndedException(data.engine().name(), end.get());
      }
    }
  }

  /**
   * Requires a ledger, unless the first row creates it.
   *
   * @throws LedgerException if the ledger's place can be read, and has none
   */
  void requireThere() throws LedgerException {
    if (isAbsent && unreadable.isPresent()) {
      throw unreadable.get();
    }
  }

  /** Returns the place at which there is no ledger, and what is there. */
  private String missing() {
    try {
      LedgerEngine engine = data.engine();
      Optional<Path> file = engine.files().stream().findFirst();
      return engine.name()
          + file.map(
                  found ->
                      Files.exists(found)
                          ? ": the file has no ledger in it"
                          : ": the database is missing")
              .orElse(": the database has no ledger in this schema");
    } catch (LedgerException e) {
      return e.getMessage();
    }
  }

  private Optional<ChainRow> first() {
    return ledger.flatMap(Content::first);
  }

  private Optional<ChainRow> last() {
    return ledger.flatMap(Content::last);
  }

  private List<KeyRotation> rotations() {
    return ledger.map(Content::rotations).orElse(List.of());
  }

  /**
   * Returns true if the rows of the ledger show that the policy with this digest came into force
   * last, with this signature, while its gate had contact with the ledger. May return false
   * wrongly, for example while rows wait in a journal: the policy is then recorded once more.
   */
  public boolean isInForce(String digest, Optional<Signature> signature) {
    return ledger
            .flatMap(Content::policy)
            .flatMap(ChainRow::payload)
            .filter(payload -> PolicyText.records(payload, digest))
            .isPresent()
        && !(data.isLedgerOutside() && lastRecorded().flatMap(Recorded::seen).isPresent())
        && (signature.isEmpty() || signature.equals(lastRecorded().flatMap(Recorded::signature)));
  }

  /**
   * Returns true if the rows of the ledger show that this was the last rejection, and that no
   * policy came into force since: processes that start one after another with bad rules do not each
   * record it.
   */
  public boolean isRejected(PolicyRejection rejection) {
    long loaded = ledger.flatMap(Content::policy).map(ChainRow::sequence).orElse(0L);
    if (ledger.isEmpty()) {
      return false;
    }
    try (StoredLedger open = data.engine().open()) {
      return open.lastRow(SystemEvent.POLICY_REJECTED)
          .filter(row -> row.sequence() > loaded)
          .flatMap(PolicyRejection::read)
          .filter(rejection::equals)
          .isPresent();
    } catch (LedgerException e) {
      return false;
    }
  }

  private Optional<Recorded> lastRecorded() {
    return ledger
        .flatMap(Content::policy)
        .flatMap(row -> row.details(SystemEvent.POLICY_LOADED, PolicyText::read));
  }

  /**
   * Returns the policy that the ledger records last; empty if there is none, or its text is not on
   * record or cannot be used.
   */
  public Optional<RulePolicy> lastPolicy() {
    try {
      Optional<PolicyText> text = lastRecorded().filter(Recorded::isProven).flatMap(Recorded::text);
      return text.isPresent() ? Optional.of(RulePolicy.of(text.get())) : Optional.empty();
    } catch (PolicyException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns true if the settings of redaction are those that the ledger records last; a ledger
   * without a record of them has the default ones.
   */
  public boolean isRedactedBy(Redactor redactor) {
    JsonValue before =
        ledger
            .flatMap(Content::redaction)
            .flatMap(row -> row.details(SystemEvent.REDACTION_SETTINGS, Redactor::settings))
            .orElseGet(() -> Redactor.ofDefaults().settings().details());
    return before.equals(redactor.settings().details());
  }

  /** Returns true if the ledger could be read and has rows. */
  public boolean hasRows() {
    return last().isPresent();
  }

  /** Requires a signing key in the data directory, and that it belongs to this log. */
  void requireKey() throws KeyException, LedgerException {
    VerificationKey key;
    try {
      Path keys = data.path().resolve("keys");
      if (Files.isDirectory(keys) && !(Files.isReadable(keys) && Files.isExecutable(keys))) {
        throw new KeyException(keys + ": cannot be read; check its owner and its permissions");
      }
      if (!data.keys().hasSigningKey() && !data.keys().isExternal()) {
        throw new KeyException(keys + ": there is no signing key");
      }
      key = data.keys().read().verificationKey();
    } catch (ExposedKeyException e) {
      // The key exists, and the message states what to do.
      throw e;
    } catch (KeyException e) {
      throw new KeyException(
          "%s; %s; %s"
              .formatted(
                  e.getMessage(), evidence(), remedy("restore the log's key, or, " + REPLACE)),
          e);
    }
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not a key of this log: %s; %s"
              .formatted(
                  data.path().resolve("keys"),
                  key.keyId(),
                  evidence(),
                  remedy("restore the right key, or, " + REPLACE)));
    }
    requireNotRotated(key);
  }

  private String remedy(String ofFile) throws LedgerException {
    return data.engine().files().isEmpty() ? COPY : ofFile;
  }

  /** Requires that no other host has rotated a key: the next key signs from then on. */
  private void requireNotRotated(VerificationKey key) throws KeyException {
    Optional<KeyRotation> last = Optional.empty();
    for (KeyRotation rotation : rotations()) {
      if (rotation.oldKey().equals(key)) {
        last = Optional.of(rotation);
      } else if (rotation.newKey().equals(key)) {
        last = Optional.empty();
      }
    }
    if (last.isPresent() && !data.keys().holds(last.get().newKey())) {
      throw new KeyException(
          "%s: key %s signs nothing here: %s"
              .formatted(data.path().resolve("keys"), key.keyId(), last.get().remedy()));
    }
  }

  /** Returns true if the ledger could be read. */
  public boolean isReadable() {
    return unreadable.isEmpty();
  }

  /** Requires a ledger that could be read. */
  public void requireReadable() throws LedgerException {
    if (unreadable.isPresent()) {
      throw unreadable.get();
    }
  }

  /** Requires that the key of an external signer belongs to the log. */
  void requireKey(Signer signer) throws KeyException, LedgerException {
    VerificationKey key = signer.verificationKey();
    if (!mayKnow(key)) {
      throw new KeyException(
          "%s: key %s is not a key of this log: %s; rotate from the log's key to it first (AuditLog.migrateKey, AuditLog.rotateSigner)"
              .formatted(data.path(), key.keyId(), evidence()));
    }
    requireNotRotated(key);
  }

  /** Requires rules: starter rules must not replace lost rules. */
  void requireRules() throws DirectoryException {
    if (!Files.exists(data.policy())) {
      throw new DirectoryException(
          "%s: the rules are missing, and %s; restore them from a copy, or create the directory and write new rules into it (docs/policy.md)"
              .formatted(data.policy(), evidence()));
    }
  }

  /** Returns the evidence that a log exists here. */
  String evidence() {
    if (unreadable.isPresent()) {
      return "the ledger cannot be read, so it may have rows (%s)"
          .formatted(unreadable.get().getMessage());
    }
    return last()
        .map(
            row ->
                "the ledger has rows, the last of them row %s%s"
                    .formatted(
                        row.sequence(),
                        row.keyId().map(key -> ", signed by key " + key).orElse("")))
        .orElse(data.lastCheckpoint() + " shows that a log exists here");
  }

  /** Returns the id of the key in the last row, or in the first row if the last has none. */
  Optional<String> lastSigner() {
    return last().flatMap(ChainRow::keyId).or(() -> first().flatMap(ChainRow::keyId));
  }

  /** Returns true if a key belongs to the log, or the log has no rows. */
  private boolean mayKnow(VerificationKey key) throws LedgerException {
    return last().isEmpty() || signs(key);
  }

  /**
   * Returns true if the chain shows that a key belongs to the log: the key signed a row or its own
   * rotation. A public key in the directory is no evidence.
   */
  boolean signs(VerificationKey key) throws LedgerException {
    if (rotations().stream().anyMatch(rotation -> rotation.newKey().equals(key))
        || isSignedBy(key, first())
        || isSignedBy(key, last())) {
      return true;
    }
    try (StoredLedger ledger = data.engine().open()) {
      return ledger.hasRowSignedBy(key);
    }
  }

  private static boolean isSignedBy(VerificationKey key, Optional<ChainRow> row) {
    RowCheck check = RowCheck.ofRecords(KeyRing.of(List.of(key)));
    return row.filter(found -> check.content(found).isEmpty()).isPresent();
  }

  /**
   * Returns the accepted keys and earlier keys: a signed rotation to an accepted key vouches for
   * the key before it, even if the earlier public key is missing here.
   */
  public KeyRing withEarlierKeys(KeyRing accepted) {
    return withEarlierKeys(accepted, rotations());
  }

  private static KeyRing withEarlierKeys(KeyRing accepted, List<KeyRotation> rotations) {
    KeyRing ring = accepted;
    for (int i = rotations.size() - 1; i >= 0; i--) {
      if (ring.find(rotations.get(i).newKey().keyId()).isPresent()) {
        ring = ring.and(KeyRing.of(List.of(rotations.get(i).oldKey())));
      }
    }
    return ring;
  }

  private static List<KeyRotation> rotations(StoredLedger ledger) throws LedgerException {
    List<KeyRotation> found = new ArrayList<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.KEY_ROTATED),
        row -> {
          KeyRotation.read(row)
              .filter(rotation -> rotation.holds(row))
              .filter(
                  rotation ->
                      new RowCheck(KeyRing.of(List.of(rotation.oldKey()))).content(row).isEmpty())
              .ifPresent(found::add);
          return true;
        });
    return found;
  }
}
