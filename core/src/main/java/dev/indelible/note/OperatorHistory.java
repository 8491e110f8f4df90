// SPDX-License-Identifier: Apache-2.0
package dev.indelible.note;

import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.encoding.PolicySeen;
import dev.indelible.encoding.Timestamps;
import dev.indelible.event.PolicyText;
import dev.indelible.event.PolicyText.Recorded;
import dev.indelible.event.PolicyText.Signature;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.RowQuery;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The operator's key of a log and the policies that it admitted, read from the chain's own events.
 * The gate, the commands and the verifier all decide by this class which policy may be in force.
 *
 * <p>The first {@code policy.operator} row counts if a valid key of the log signed it. A later one
 * counts only if, in addition, the operator before it signed the new key. After that row, a {@code
 * policy.loaded} row counts if the operator's signature in it is valid, whoever wrote the row.
 *
 * <p>A gate whose ledger is on a server can lose contact with it, and then cannot know of an
 * operator's key that is recorded meanwhile. The rows of that gate state that it had no contact
 * ({@link PolicySeen}).
 *
 * <p>Used by one thread.
 */
public final class OperatorHistory {
  /**
   * The longest time for which a process may go on with an earlier policy: it looks for a changed
   * policy once a second, and a machine can be busy. Within this time, a row about an earlier
   * policy that waited in the journal of another process is no fault either.
   */
  public static final Duration CHANGEOVER = Duration.ofMinutes(1);

  private static final long CHANGEOVER_MICROS = TimeUnit.MICROSECONDS.convert(CHANGEOVER);

  private final KeyHistory keys;
  private final RowCheck check;
  private final List<Fault> faults = new ArrayList<>();
  private Optional<Operator> operator = Optional.empty();

  /** The admitted policy with the highest number. */
  private Optional<Admitted> newest = Optional.empty();

  /** The last policy on record before the first operator's key. */
  private Optional<Recorded> lastLoaded = Optional.empty();

  /** Creates a history without events. */
  public OperatorHistory(KeyHistory keys) {
    this.keys = keys;
    this.check = new RowCheck(keys.keys());
  }

  /**
   * The operator's key in force.
   *
   * @param key the key
   * @param origin the log's name, which each signed policy must name
   * @param sequence the row that records the key; 0 if the chain could not be read
   * @param timestamp the time of that row, as the row states it
   */
  public record Operator(VerifierKey key, String origin, long sequence, String timestamp) {}

  /**
   * An admitted policy.
   *
   * @param number the number; 0 for the policy in force when the first operator's key was recorded
   * @param digest the digest
   * @param text the text; empty if it is not recorded
   * @param isBase true if the row of the operator's key admits the policy, without a signature
   */
  public record Admitted(long number, String digest, Optional<PolicyText> text, boolean isBase) {}

  /**
   * A fault of an event.
   *
   * @param sequence the row of the event
   * @param message the fault
   */
  public record Fault(long sequence, String message) {}

  /**
   * Reads the history of a ledger. Reads the policies only if there is a row of an operator's key.
   *
   * @param keys the keys of the log
   */
  public static OperatorHistory read(LedgerReader ledger, KeyHistory keys) throws LedgerException {
    OperatorHistory history = new OperatorHistory(keys);
    Deque<ChainRow> operators = operators(ledger, Long.MAX_VALUE);
    if (!operators.isEmpty()) {
      forEachRow(ledger, Long.MAX_VALUE, operators, history::take);
    }
    return history;
  }

  /**
   * Passes the rows about operators' keys and policies, in the order of the chain, one at a time:
   * each has a policy's whole text.
   *
   * @param end the first row that is not passed
   */
  public static void forEachRow(LedgerReader ledger, long end, Consumer<ChainRow> rows)
      throws LedgerException {
    forEachRow(ledger, end, operators(ledger, end), rows);
  }

  private static Deque<ChainRow> operators(LedgerReader ledger, long end) throws LedgerException {
    Deque<ChainRow> operators = new ArrayDeque<>();
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.POLICY_OPERATOR),
        row -> row.sequence() < end && operators.add(row));
    return operators;
  }

  private static void forEachRow(
      LedgerReader ledger, long end, Deque<ChainRow> operators, Consumer<ChainRow> rows)
      throws LedgerException {
    ledger.forEachRow(
        RowQuery.ofType(SystemEvent.POLICY_LOADED),
        row -> {
          if (row.sequence() >= end) {
            return false;
          }
          while (!operators.isEmpty() && operators.peek().sequence() < row.sequence()) {
            rows.accept(operators.remove());
          }
          rows.accept(row);
          return true;
        });
    operators.forEach(rows);
  }

  /** Creates the history from all rows about operators' keys and policies. */
  public static OperatorHistory of(List<ChainRow> rows, KeyHistory keys) {
    OperatorHistory history = new OperatorHistory(keys);
    rows.stream().sorted(Comparator.comparingLong(ChainRow::sequence)).forEach(history::take);
    return history;
  }

  /** Returns the history of a log whose chain cannot be read: any number is admitted. */
  public static OperatorHistory unread(VerifierKey key, String origin) {
    OperatorHistory history = new OperatorHistory(KeyHistory.none(KeyRing.of(List.of())));
    history.operator = Optional.of(new Operator(key, origin, 0, ""));
    return history;
  }

  /**
   * A policy that a row puts on record.
   *
   * @param recorded the policy
   * @param number its number if the operator admitted it, 0 for a policy that the row of the
   *     operator's key admits; empty without an operator, or if the operator did not admit it
   */
  public record Loaded(Recorded recorded, OptionalLong number) {}

  /**
   * Adds the next row; a row of another type has no effect.
   *
   * @return the policy that the row puts on record; empty if it puts none on record
   */
  public Optional<Loaded> take(ChainRow row) {
    if (row.is(SystemEvent.POLICY_OPERATOR)) {
      takeOperator(row);
    }
    if (!row.is(SystemEvent.POLICY_LOADED)) {
      return Optional.empty();
    }
    Optional<Recorded> recorded = row.details(SystemEvent.POLICY_LOADED, PolicyText::read);
    if (recorded.isEmpty()) {
      fault(row, "it states that a policy came into force, but cannot be read");
    }
    return recorded.map(policy -> new Loaded(policy, takeLoaded(row, policy)));
  }

  private void takeOperator(ChainRow row) {
    Optional<OperatorKey> read = OperatorKey.read(row);
    if (!isSignedInItsTime(row) || read.isEmpty()) {
      fault(
          row,
          read.isEmpty()
              ? "it records an operator's key, but cannot be read, and is ignored"
              : "it records an operator's key, but no valid key of this log signed it, and it is"
                  + " ignored");
      return;
    }
    OperatorKey content = read.get();
    if (operator.isPresent()) {
      try {
        requireIntroduced(content);
      } catch (PolicySignatureException e) {
        fault(
            row,
            "it records another operator's key, %s, and is ignored: %s"
                .formatted(content.key(), e.getMessage()));
        return;
      }
    }
    Optional<PolicyText> text =
        newest
            .flatMap(Admitted::text)
            .or(() -> lastLoaded.filter(Recorded::isProven).flatMap(Recorded::text))
            .filter(found -> found.digest().equals(content.policy()));
    operator =
        Optional.of(new Operator(content.key(), content.origin(), row.sequence(), row.timestamp()));
    newest = Optional.of(new Admitted(content.number(), content.policy(), text, true));
  }

  /** Requires that the operator in force introduced the next key, and that the policy stays. */
  private void requireIntroduced(OperatorKey next) throws PolicySignatureException {
    Operator before = operator.orElseThrow();
    if (!next.origin().equals(before.origin())) {
      throw new PolicySignatureException("it names another log: " + next.origin());
    }
    introduced(next.key(), next.signed());
    Admitted policy = newest.orElseThrow();
    if (!next.policy().equals(policy.digest()) || next.number() != policy.number()) {
      throw new PolicySignatureException(
          "it accepts policy %s with number %s, but policy %s with number %s is in force"
              .formatted(next.policy(), next.number(), policy.digest(), policy.number()));
    }
  }

  /**
   * Verifies that the operator in force introduced another key.
   *
   * @param signed the signed note that introduces it
   * @return the note with the operator's signature only
   * @throws PolicySignatureException if it did not
   */
  public String introduced(VerifierKey next, Optional<String> signed)
      throws PolicySignatureException {
    Operator before = operator.orElseThrow();
    if (signed.isEmpty()) {
      throw new PolicySignatureException(
          "the operator's key %s of row %s did not sign it"
              .formatted(before.key(), before.sequence()));
    }
    return new OperatorNote(before.origin(), next).verify(signed.get(), before.key()).toString();
  }

  private boolean isSignedInItsTime(ChainRow row) {
    return check.content(row).isEmpty() && keys.isTrustedFor(row);
  }

  /** Returns the number of a policy that the operator admitted; empty for any other policy. */
  private OptionalLong takeLoaded(ChainRow row, Recorded recorded) {
    if (operator.isEmpty()) {
      lastLoaded = Optional.of(recorded);
      return OptionalLong.empty();
    }
    try {
      Optional<String> note = recorded.signature().map(Signature::note);
      Optional<Signature> signature = admit(recorded.digest(), note, true);
      if (signature.isEmpty()) {
        return OptionalLong.of(newest.orElseThrow().number());
      }
      long number = signature.get().number();
      if (newest.isEmpty() || number > newest.get().number()) {
        Optional<PolicyText> text = recorded.text().filter(any -> recorded.isProven());
        newest = Optional.of(new Admitted(number, recorded.digest(), text, false));
      }
      return OptionalLong.of(number);
    } catch (PolicySignatureException e) {
      if (!isWithinChangeover(operator.get().timestamp(), row.timestamp())
          && !isUnknown(recorded, operator.get().timestamp())) {
        fault(
            row,
            "it puts policy %s into force, which the operator did not admit: %s"
                .formatted(recorded.digest(), e.getMessage()));
      }
      return OptionalLong.empty();
    }
  }

  /** Returns true if a gate put a policy into force without contact since an event. */
  private static boolean isUnknown(Recorded recorded, String event) {
    return PolicySeen.isBefore(recorded.seen(), Timestamps.micros(event), CHANGEOVER);
  }

  /**
   * Returns true if a row may be about the time before an event: it is not more than {@link
   * #CHANGEOVER} later.
   */
  public static boolean isWithinChangeover(String event, String row) {
    return Timestamps.micros(row) - Timestamps.micros(event) <= CHANGEOVER_MICROS;
  }

  /**
   * Verifies that a policy may come into force.
   *
   * @param digest the digest of the policy
   * @param text the text, from which the digest must follow
   * @param note the signed note beside it; empty if there is none
   * @return the signature to record; empty for the policy that the row of the operator's key admits
   * @throws PolicySignatureException if the policy may not come into force
   */
  public Optional<Signature> verify(String digest, Optional<PolicyText> text, Optional<String> note)
      throws PolicySignatureException {
    if (text.isEmpty() || !text.get().digest().equals(digest)) {
      throw new PolicySignatureException(
          "it does not state its text, so nobody can tell what the operator signed");
    }
    return admit(digest, note, false);
  }

  /**
   * Adds a policy that was admitted here and whose row may still wait in a journal.
   *
   * @param policy the policy; has no effect if a later one is known
   */
  public void raise(Admitted policy) {
    if (newest.isEmpty() || policy.number() > newest.get().number()) {
      newest = Optional.of(policy);
    }
  }

  private Optional<Signature> admit(String digest, Optional<String> note, boolean mayBeOlder)
      throws PolicySignatureException {
    Operator signer = operator.orElseThrow();
    // Beside the policy in force may still be the signature of the operator before.
    if (newest.filter(base -> base.isBase() && base.digest().equals(digest)).isPresent()
        && note.filter(given -> isSigned(given, signer.key())).isEmpty()) {
      return Optional.empty();
    }
    if (note.isEmpty()) {
      throw new PolicySignatureException(
          "it has no signature of the operator's key " + signer.key());
    }
    PolicyNote.Verified verified = PolicyNote.verify(note.get(), signer.key());
    long number = verified.content().number();
    if (!verified.content().origin().equals(signer.origin())) {
      throw new PolicySignatureException(
          "it is signed for the log %s, and this log is %s"
              .formatted(verified.content().origin(), signer.origin()),
          number);
    }
    if (!verified.content().digest().equals(digest)) {
      throw new PolicySignatureException(
          "the rules were changed after they were signed: the signature is about policy %s, and"
                  .formatted(verified.content().digest())
              + " these rules are policy "
              + digest,
          number);
    }
    if (newest.isPresent()) {
      requireNewer(newest.get(), verified.content(), mayBeOlder);
    }
    return Optional.of(verified.signature());
  }

  private static boolean isSigned(String note, VerifierKey key) {
    try {
      PolicyNote.verified(note, key);
      return true;
    } catch (PolicySignatureException e) {
      return false;
    }
  }

  private static void requireNewer(Admitted newest, PolicyNote policy, boolean mayBeOlder)
      throws PolicySignatureException {
    if (policy.number() < newest.number() && !mayBeOlder) {
      throw new PolicySignatureException(
          "it is older than the policy in force: its number is %s, and number %s was in force"
              .formatted(policy.number(), newest.number()),
          policy.number());
    }
    if (policy.number() == newest.number() && !policy.digest().equals(newest.digest())) {
      throw new PolicySignatureException(
          "its number %s is already that of policy %s".formatted(policy.number(), newest.digest()),
          policy.number());
    }
  }

  private void fault(ChainRow row, String message) {
    faults.add(new Fault(row.sequence(), message));
  }

  /** Returns the operator's key in force; empty if there is none. */
  public Optional<Operator> operator() {
    return operator;
  }

  /** Returns the admitted policy with the highest number; empty if none is known. */
  public Optional<Admitted> newest() {
    return newest;
  }

  /** Returns the lowest number that the next policy can have. */
  public long nextNumber() {
    return newest.map(Admitted::number).orElse(0L) + 1;
  }

  /** Returns the digest of the last policy on record before the first operator's key. */
  public Optional<String> lastLoaded() {
    return lastLoaded.map(Recorded::digest);
  }

  /** Returns the faults of the events. */
  public List<Fault> faults() {
    return List.copyOf(faults);
  }
}
