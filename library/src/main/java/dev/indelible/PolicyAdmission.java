// SPDX-License-Identifier: Apache-2.0
package dev.indelible;

import dev.indelible.crypto.KeyException;
import dev.indelible.directory.DataDirectory;
import dev.indelible.directory.ExistingLog;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.gate.Gate;
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
import java.io.IOException;
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
   * The policy with the highest number of this process, whose row may still wait. Guarded by this.
   */
  private Optional<Admitted> own = Optional.empty();

  /** Takes the rows; null until the log is open. Guarded by this. */
  private @Nullable DeferredAuditQueue queue;

  /** The refusal at the start, until the log is open. Guarded by this. */
  private Optional<PolicyRejection> waiting = Optional.empty();

  /** The log as it was read at the start; null once an admission has used it. Guarded by this. */
  private @Nullable ExistingLog fresh;

  /**
   * Creates the admission to the log of a data directory.
   *
   * @throws KeyException if it is unknown whether the log has an operator's key
   */
  PolicyAdmission(DataDirectory data) throws KeyException {
    this(data, ExistingLog.read(data));
  }

  /**
   * Creates the admission to a log.
   *
   * @param log the log as it was read just now
   * @throws KeyException if it is unknown whether the log has an operator's key
   */
  PolicyAdmission(DataDirectory data, ExistingLog log) throws KeyException {
    this.data = data;
    this.fresh = log;
    readTrust(log);
  }

  @Override
  public synchronized Optional<Signature> admit(Policy policy) throws PolicyException {
    try {
      readTrust(fresh == null ? ExistingLog.read(data) : fresh);
      fresh = null;
    } catch (KeyException e) {
      throw new PolicyException(
          "no policy is admitted, because the operator's key is unknown: " + e.getMessage());
    }
    if (trust.isEmpty()) {
      if (data.isLedgerOutside()) {
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
    } catch (RuntimeException | Error e) {
      // Without an operator's key, the gate refuses the actions of this policy.
      throw new PolicyException(
          "policy %s is refused: it did not return its text: %s"
              .formatted(digest, Redactor.scrub(e.toString())));
    }
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
    if (!unread) {
      try {
        data.lastPolicy().write(digest);
      } catch (IOException e) {
        // While the ledger cannot be read, this policy is then not admitted.
      }
    } else if (!data.lastPolicy().names(digest)) {
      throw new PolicyException(
          "policy %s is not admitted while the ledger cannot be read, because the ledger may have an operator's key that is not known here; only the policy that was admitted last is (%s)"
              .formatted(digest, data.lastPolicy().path()));
    }
  }

  private void readTrust(ExistingLog log) throws KeyException {
    unread = !log.isReadable();
    if (log.operator().isPresent()) {
      trust = log.operator();
      store(trust.flatMap(OperatorHistory::operator).orElseThrow());
    } else if (!unread || trust.isEmpty()) {
      trust = data.operatorOfFile();
    }
    if (trust.isEmpty() && log.hasOnlyInvalidOperators()) {
      throw new KeyException(
          "%s: the chain has an operator's key, but its row does not verify, and keys/operator.vkey is missing; restore that file or the public keys of this log"
              .formatted(data.path()));
    }
    trust.ifPresent(history -> own.ifPresent(history::raise));
  }

  /** Stores the operator's key of a ledger on a server, which another host may have recorded. */
  private void store(Operator operator) {
    if (!data.isLedgerOutside()) {
      return;
    }
    try {
      data.storeOperator(operator);
    } catch (KeyException e) {
      // At a start while the ledger cannot be read, at most the last policy that was admitted
      // without a signature is admitted then.
    }
  }

  private Optional<Signature> verify(Policy policy, String digest) throws PolicySignatureException {
    Optional<PolicyText> text = policy.text();
    Optional<Signature> signature = trust.orElseThrow().verify(digest, text, policy.signature());
    signature.ifPresent(
        given -> own = Optional.of(new Admitted(given.number(), digest, text, false)));
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
