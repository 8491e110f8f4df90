// SPDX-License-Identifier: Apache-2.0
package dev.indelible.append;

import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Signer;
import dev.indelible.event.PolicyText;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.LedgerException;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.OperatorHistory.Admitted;
import dev.indelible.note.OperatorHistory.Operator;
import dev.indelible.note.OperatorKey;
import dev.indelible.note.PolicyRejection;
import dev.indelible.note.PolicySignatureException;
import dev.indelible.note.RowCheck;
import dev.indelible.storage.LedgerWriter;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Appends operators' keys. The chain is read and the rows are appended in one transaction, so of
 * two commands that run at once, the second sees the key of the first. A checkpoint is signed
 * afterwards. Other writers may append at the same time. Used by one thread.
 */
public final class OperatorEvents implements AutoCloseable {
  private final LedgerWriter writer;
  private final Signer signer;
  private final KeyRing accepted;
  private final CommandRows command;

  /**
   * Takes over an open ledger.
   *
   * @param file the file that keeps the last checkpoint
   * @param signer the log's key, which signs the rows
   * @param accepted the public keys accepted on existing rows
   */
  public OperatorEvents(LedgerWriter writer, CheckpointFile file, Signer signer, KeyRing accepted) {
    this.writer = writer;
    this.signer = signer;
    this.accepted = accepted;
    this.command =
        new CommandRows(new ChainEnd(writer, new HeadGuard(new RowCheck(accepted))), file);
  }

  /**
   * The result of {@link #trust}.
   *
   * @param origin the log's name, which each signed policy must name
   * @param next the lowest number of the next policy
   * @param recorded true if the key was recorded, false if it is the operator's key already
   */
  public record Trusted(String origin, long next, boolean recorded) {}

  /**
   * Records an operator's key, and in front of it the policy in force unless that is the last one
   * on record. From then on a policy comes into force only with a signature of that key.
   *
   * @param policy the policy in force; the first operator accepts it without a signature
   * @param signed the note with which the operator before introduces the key; empty for the first
   *     operator
   * @throws PolicySignatureException if another operator's key is in force and did not sign this
   *     one; the refusal is recorded
   * @throws LedgerException if the ledger cannot be written to now
   */
  public Trusted trust(VerifierKey key, PolicyText policy, Optional<String> signed)
      throws LedgerException, PolicySignatureException {
    try {
      // Nothing is left of a transaction that throws, so no row states a key without its policy.
      Trusted[] trusted = {null};
      append(
          () -> {
            Settled settled = inTransaction(key, policy, signed);
            trusted[0] = settled.trusted();
            return settled.events();
          });
      return trusted[0];
    } catch (PolicySignatureException e) {
      String reason = "key %s does not become the operator's: %s".formatted(key, e.getMessage());
      SystemEvent rejection =
          new PolicyRejection(reason, Optional.empty(), OptionalLong.empty()).toEvent();
      append(() -> List.of(rejection));
      throw e;
    }
  }

  /**
   * The result, and the events to append for it.
   *
   * @param events empty if there is nothing to append
   */
  private record Settled(Trusted trusted, List<SystemEvent> events) {}

  private Settled inTransaction(VerifierKey key, PolicyText policy, Optional<String> signed)
      throws LedgerException, PolicySignatureException {
    OperatorHistory history = history();
    Optional<Operator> before = history.operator();
    if (before.isPresent()) {
      String origin = before.get().origin();
      if (before.get().key().equals(key)) {
        return new Settled(new Trusted(origin, history.nextNumber(), false), List.of());
      }
      String introduction = history.introduced(key, signed);
      Admitted inForce = history.newest().orElseThrow();
      OperatorKey next =
          new OperatorKey(
              key, origin, inForce.digest(), inForce.number(), Optional.of(introduction));
      return new Settled(new Trusted(origin, history.nextNumber(), true), List.of(next.toEvent()));
    }
    String origin = command.originOf(signer);
    String digest = policy.digest();
    List<SystemEvent> events = new ArrayList<>();
    if (!history.lastLoaded().equals(Optional.of(digest))) {
      events.add(policy.toEvent(Clock.systemUTC()));
    }
    events.add(new OperatorKey(key, origin, digest, 0, Optional.empty()).toEvent());
    return new Settled(new Trusted(origin, 1, true), events);
  }

  private OperatorHistory history() throws LedgerException {
    List<ChainRow> keys = new ArrayList<>();
    for (String type : SystemEvent.KEY_EVENTS) {
      keys.addAll(writer.rowsOfType(type));
    }
    List<ChainRow> rows = new ArrayList<>(writer.rowsOfType(SystemEvent.POLICY_OPERATOR));
    rows.addAll(writer.rowsOfType(SystemEvent.POLICY_LOADED));
    return OperatorHistory.of(rows, KeyHistory.of(writer.ledger(), keys, accepted));
  }

  private <X extends Exception> void append(CommandRows.Events<X> events)
      throws LedgerException, X {
    if (command.append(signer, "the operator's key", events)) {
      command.sign(signer);
    }
  }

  @Override
  public void close() {
    writer.close();
  }
}
