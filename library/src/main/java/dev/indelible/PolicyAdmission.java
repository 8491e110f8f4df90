// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.KeyException;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.ExistingLog;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.event.SystemEvent;
import dev.indelible.gate.Gate;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.OperatorHistory.Operator;
import dev.indelible.note.PolicyRejection;
import dev.indelible.note.PolicySignatureException;
import dev.indelible.policy.Policy;
import dev.indelible.policy.PolicyException;
import dev.indelible.policy.Redactor;
import dev.indelible.policy.RulePolicy;
import dev.indelible.queue.DeferredAuditQueue;
import dev.indelible.storage.StoredLedger;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Admits policies to an open log. If the log has an operator's key, only policies that the operator
 * signed for this log, with a number above all earlier ones, may come into force. A refusal is
 * recorded once, however often the policy is tried.
 *
 * <p>While a ledger outside of the data directory cannot be read, another host may have recorded an
 * operator's key in it that is not known here. Then only the policy that was admitted last is
 * admitted without a signature.
 *
 * <p>Each admission reads the operator's key from the chain, so a key that another process records
 * counts from the next admission on. No decision waits for that: a policy is admitted before it
 * comes into force. Safe for use by any number of threads.
 */
final class PolicyAdmission implements Gate.Admission {
  /**
   * Refusals that are remembered; more of them without a success are an attack, and are a row each.
   */
  private static final int MAX_REMEMBERED = 64;

  private final DataDirectory data;
  private final boolean isOutside;

  /** Refusals since the last admission. Guarded by this. */
  private final Set<PolicyRejection> refused = new HashSet<>();

  /**
   * The operator when a policy was last admitted or refused; empty if there is none. Guarded by
   * this.
   */
  private Optional<OperatorHistory> trust = Optional.empty();

  /** True if the chain could not be read then. Guarded by this. */
  private boolean unread;

  /**
   * The policy with the highest number that this process has read or admitted. Its row may still
   * wait, or the ledger may have lost it. Guarded by this.
   */
  private Optional<Admitted> highest = Optional.empty();

  /** The rows from which the operator's key and its policies were last read. Guarded by this. */
  private Position read = Position.UNKNOWN;

  /** The last contact with the chain; null if there was none yet. */
  private volatile @Nullable Contact contact;

  /** Takes the rows; null until the log is open. Guarded by this. */
  private @Nullable DeferredAuditQueue queue;

  /** The refusal at the start, until the log is open. Guarded by this. */
  private Optional<PolicyRejection> waiting = Optional.empty();

  /** The log as it was read at the start; null once an admission has used it. Guarded by this. */
  private @Nullable ExistingLog fresh;

  /**
   * The age of the last contact above which a gate has no contact: the time of three looks at the
   * chain, and well below the time within which every gate has to follow a policy.
   */
  private static final Duration CONTACT_AGE = ChainWatch.INTERVAL.multipliedBy(3);

  /**
   * The last rows about operators' keys and policies.
   *
   * @param operator the last row of a key; 0 if there is none
   * @param policy the last row of a policy; 0 if there is none
   */
  private record Position(long operator, long policy) {
    private static final Position UNKNOWN = new Position(-1, -1);

    static Position of(StoredLedger ledger) throws LedgerException {
      return new Position(
          sequence(ledger, SystemEvent.POLICY_OPERATOR),
          sequence(ledger, SystemEvent.POLICY_LOADED));
    }

    private static long sequence(StoredLedger ledger, String type) throws LedgerException {
      return ledger.lastRow(type).map(ChainRow::sequence).orElse(0L);
    }
  }

  /**
   * A moment at which the policies of the chain were read.
   *
   * @param time the time
   * @param nanos {@link System#nanoTime} at that moment
   */
  private record Contact(Instant time, long nanos) {
    static Contact now() {
      return new Contact(Instant.now(), System.nanoTime());
    }

    boolean isRecent() {
      return System.nanoTime() - nanos <= CONTACT_AGE.toNanos();
    }
  }

  /**
   * Creates the admission to the log of a data directory.
   *
   * @throws KeyException if it is unknown whether the log has an operator's key, or which policy
   *     this host admitted last
   */
  PolicyAdmission(DataDirectory data) throws KeyException {
    this(data, ExistingLog.read(data));
  }

  /**
   * Creates the admission to a log.
   *
   * @param log the log as it was read just now
   * @throws KeyException if it is unknown whether the log has an operator's key, or which policy
   *     this host admitted last
   */
  PolicyAdmission(DataDirectory data, ExistingLog log) throws KeyException {
    this.data = data;
    this.fresh = log;
    this.isOutside = data.isLedgerOutside();
    readTrust(log);
    if (log.isReadable()) {
      contact = Contact.now();
    }
  }

  @Override
  public Optional<String> policySeen() {
    if (!isOutside) {
      return Optional.empty();
    }
    Contact last = contact;
    if (last == null) {
      return Optional.of(PolicySeen.NEVER);
    }
    return last.isRecent() ? Optional.empty() : Optional.of(PolicySeen.at(last.time()));
  }

  /** Records that the policies of the chain were just read, and that events reach the chain. */
  void inContact() {
    contact = Contact.now();
  }

  /**
   * Reads the operator's key and its policies, if another row about them was appended.
   *
   * @return the newest policy that the operator admitted; empty without an operator's key
   * @throws LedgerException if the chain cannot be read now
   * @throws KeyException if it is unknown which policies the operator admits
   */
  synchronized Optional<Admitted> follow(StoredLedger ledger) throws LedgerException, KeyException {
    Position now = Position.of(ledger);
    if (!now.equals(read)) {
      ExistingLog log = ExistingLog.read(data);
      log.requireReadable();
      // Rules that were admitted without the chain are admitted again by the next load.
      boolean wasUnread = unread;
      readTrust(log);
      unread = wasUnread;
      read = now;
    }
    return trust.flatMap(OperatorHistory::newest);
  }

  @Override
  public synchronized Optional<Signature> admit(Policy policy) throws PolicyException {
    try {
      readTrust(fresh == null ? ExistingLog.read(data) : fresh);
      fresh = null;
    } catch (KeyException e) {
      throw notAdmitted(e);
    }
    if (trust.isEmpty()) {
      if (isOutside) {
        admitUnsigned(policy);
      }
      return Optional.empty();
    }
    String digest = policy.digest();
    try {
      Optional<Signature> signature = verify(policy, digest);
      refused.clear();
      return signature;
    } catch (PolicySignatureException e) {
      String reason = describe(digest, e);
      record(new PolicyRejection(reason, Optional.of(digest), e.number()));
      throw new PolicyException(reason);
    } catch (KeyException e) {
      throw notAdmitted(e);
    } catch (RuntimeException | Error e) {
      // Without an operator's key, the gate refuses the actions of this policy.
      throw new PolicyException(
          "policy %s is refused: it did not return its text: %s"
              .formatted(digest, Redactor.scrub(e.toString())));
    }
  }

  private static PolicyException notAdmitted(KeyException e) {
    return new PolicyException(
        "no policy is admitted, because it is unknown which the operator admits: "
            + e.getMessage());
  }

  /**
   * Admits a policy to a log without a known operator's key, whose ledger is outside of the data
   * directory.
   */
  private void admitUnsigned(Policy policy) throws PolicyException {
    String digest;
    try {
      digest = policy.digest();
    } catch (RuntimeException | Error e) {
      // The gate refuses the actions of this policy.
      return;
    }
    if (highest.isPresent()) {
      throw new PolicyException(
          "policy %s is not admitted without a signature: this process has seen the log's operator's key, which the ledger and keys/operator.vkey lack now; restore them, or repeat 'indelible policy trust'"
              .formatted(digest));
    }
    try {
      if (!unread) {
        write(digest);
      } else if (!data.lastPolicy().names(digest)) {
        throw new PolicyException(
            "policy %s is not admitted while the ledger cannot be read, because the ledger may have an operator's key that is not known here; only the policy that was admitted last is (%s)"
                .formatted(digest, data.lastPolicy().path()));
      }
    } catch (KeyException e) {
      throw notAdmitted(e);
    }
  }

  private void write(String digest) throws KeyException {
    try {
      data.lastPolicy().write(digest);
    } catch (IOException e) {
      // While the ledger cannot be read, this policy is then not admitted.
    }
  }

  private void readTrust(ExistingLog log) throws KeyException {
    unread = !log.isReadable();
    if (log.operator().isPresent()) {
      trust = log.operator();
      store(trust.get().operator().orElseThrow());
    } else if (!unread || trust.isEmpty()) {
      trust = data.operatorOfFile();
    }
    if (trust.isEmpty() && log.hasOnlyInvalidOperators()) {
      throw new KeyException(
          "%s: the chain has an operator's key, but its row does not verify, and keys/operator.vkey is missing; restore that file or the public keys of this log"
              .formatted(data.path()));
    }
    if (trust.isPresent()) {
      raise(trust.get());
    }
  }

  /** Stores the operator's key of a ledger on a server, which another host may have recorded. */
  private void store(Operator operator) {
    if (isOutside) {
      try {
        data.storeOperator(operator);
      } catch (KeyException e) {
        // At a start while the ledger cannot be read, at most the last policy that was admitted
        // without a signature, or one that the operator before signed, is admitted then.
      }
    }
  }

  /**
   * Raises a history to the policy with the highest number that this host knows, and stores that
   * policy. A ledger on a server can go back to an earlier state, or be out of reach; neither
   * lowers the number.
   */
  private void raise(OperatorHistory history) throws KeyException {
    highest.ifPresent(history::raise);
    if (isOutside) {
      data.lastPolicy().raise(history);
    }
    highest = history.newest();
  }

  private Optional<Signature> verify(Policy policy, String digest)
      throws PolicySignatureException, KeyException {
    OperatorHistory history = trust.orElseThrow();
    Optional<PolicyText> text = policy.text();
    Optional<Signature> signature = history.verify(digest, text, policy.signature());
    if (signature.isPresent()) {
      history.raise(new Admitted(signature.get().number(), digest, text, false));
      raise(history);
    }
    return signature;
  }

  private String describe(String digest, PolicySignatureException e) {
    OperatorHistory history = trust.orElseThrow();
    return "policy %s is refused: %s; the operator admits it with 'indelible policy sign DIR --key FILE --origin %s --number %s'"
        .formatted(
            digest,
            e.getMessage(),
            history.operator().map(Operator::origin).orElseThrow(),
            history.nextNumber());
  }

  /**
   * Records that rules did not load, if the log has an operator's key.
   *
   * @param reason the reason, in words
   */
  synchronized void refuse(String reason) {
    if (trust.isPresent()) {
      record(new PolicyRejection(Redactor.scrub(reason), Optional.empty(), OptionalLong.empty()));
    }
  }

  private void record(PolicyRejection rejection) {
    if (queue == null) {
      waiting = Optional.of(rejection);
    } else if (refused.isEmpty() && ExistingLog.read(data).isRejected(rejection)) {
      refused.add(rejection);
    } else if (refused.add(rejection)) {
      queue.submit(rejection.toEvent());
      if (refused.size() > MAX_REMEMBERED) {
        refused.clear();
      }
    }
  }

  /** Returns the newest policy of the chain that the operator admitted and that can be used. */
  synchronized Optional<RulePolicy> newest() {
    Optional<PolicyText> text = trust.flatMap(OperatorHistory::newest).flatMap(Admitted::text);
    try {
      return text.isPresent() ? Optional.of(RulePolicy.of(text.get())) : Optional.empty();
    } catch (PolicyException e) {
      // A release before this one wrote it, in a form that this one does not read.
      return Optional.empty();
    }
  }

  /**
   * Returns true if the last policy was admitted without the chain, which could not be read: it is
   * to be admitted again.
   */
  synchronized boolean isUnread() {
    return unread;
  }

  /** Records refusals through a queue from now on, and those before. */
  synchronized void recordIn(DeferredAuditQueue open) {
    queue = Objects.requireNonNull(open, "open is null");
    waiting.ifPresent(this::record);
    waiting = Optional.empty();
  }
}
