// SPDX-License-Identifier: Apache-2.0
package dev.indelible.directory;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.crypto.KeyRing;
import dev.indelible.health.AuditHealth;
import dev.indelible.journal.WaitingEvents;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.OperatorHistory;
import dev.indelible.note.TamperNotes;
import dev.indelible.policy.RulePolicy;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Result of a {@link HealthCheck}. A value that could not be read is empty, and {@code health} has
 * an entry for it.
 *
 * @param health the health of the log
 * @param accepted the keys with which rows are verified
 * @param keys the accepted keys; empty unless the signing key is usable
 * @param policy the rules in force at the next start: those of the directory, or those of the chain
 * @param operator the operator's key and its policies; also empty if there is no such key
 * @param witnesses the witnesses; also empty if there are none
 * @param waiting the events that wait in journals
 * @param deadLetters the number of waiting dead letters
 * @param history the history of the keys in the chain
 * @param tamperNotes the rows that report tampering, each with the row that answers it, if there is
 *     one
 * @param isTampered true if a row reports tampering without an answer, or these rows cannot be read
 * @param checkpoint the last checkpoint, verified if a public key is known; also empty if there is
 *     none
 * @param anchored the size of the last checkpoint in the anchor file
 */
public record HealthReport(
    AuditHealth health,
    Optional<KeyRing> accepted,
    Optional<KeyRing> keys,
    Optional<RulePolicy> policy,
    Optional<OperatorHistory> operator,
    Optional<WitnessPolicy> witnesses,
    Optional<WaitingEvents> waiting,
    OptionalLong deadLetters,
    Optional<KeyHistory> history,
    List<TamperNotes.Noted> tamperNotes,
    boolean isTampered,
    Optional<Checkpoint> checkpoint,
    OptionalLong anchored) {
  public HealthReport {
    tamperNotes = List.copyOf(tamperNotes);
  }
}
