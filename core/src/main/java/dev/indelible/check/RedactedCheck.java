// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.MlDsa44Key;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reports the properties that a copy without payloads does not prove. Replaces the checks that need
 * payloads. Checks the ML-DSA-44 signature of the copy's checkpoint with given keys, because the
 * payload that names the key is not in the copy.
 */
final class RedactedCheck implements Check {
  private static final String NOT_HERE = "not in this copy, which has records only";

  private final Findings findings;
  private final KeyHistory history;
  private final LedgerReader ledger;
  private final Set<MlDsa44Key> secondKeys;
  private long rows;
  private long keyEvents;
  private long firstKeyEvent;
  private long answers;

  /** The first row that adds an ML-DSA-44 key; 0 if there is none. */
  private long secondKeySince;

  /**
   * Creates a check.
   *
   * @param secondKeys the given ML-DSA-44 keys
   */
  RedactedCheck(
      Findings findings, KeyHistory history, LedgerReader ledger, Set<MlDsa44Key> secondKeys) {
    this.findings = findings;
    this.history = history;
    this.ledger = ledger;
    this.secondKeys = secondKeys;
  }

  @Override
  public void row(CheckedRow row) {
    rows++;
    if (row.isSigned() && SystemEvent.KEY_EVENTS.stream().anyMatch(row::is)) {
      firstKeyEvent = keyEvents++ == 0 ? row.sequence() : firstKeyEvent;
      if (secondKeySince == 0 && row.is(SystemEvent.KEY_ML_DSA_44_ADDED)) {
        secondKeySince = row.sequence();
      }
    }
    if (ApprovalNote.TYPES.stream().anyMatch(row::is)) {
      answers++;
    }
  }

  @Override
  public void end() throws LedgerException {
    if (secondKeySince > 0 || !secondKeys.isEmpty()) {
      checkSecondSignature();
    }
    findings.absent(
        RowCheck.PAYLOAD,
        "the payloads of %s rows are %s; the signatures cover their hashes"
            .formatted(rows, NOT_HERE));
    if (keyEvents == 0) {
      findings.holds(
          Finding.KEYS,
          "none of the checked rows introduces or revokes a key; the accepted keys are "
              + accepted());
    } else {
      findings.absent(
          Finding.KEYS,
          "%s rows from row %s on introduce or revoke keys, but the ids of these keys are %s. The keys accepted in every row are %s"
              .formatted(keyEvents, firstKeyEvent, NOT_HERE, accepted()));
    }
    if (answers > 0) {
      findings.absent(
          Finding.APPROVALS,
          "the content of %s to escalations is %s"
              .formatted(Findings.count(answers, "answer", "answers"), NOT_HERE));
    }
    findings.absent(Finding.DEAD_LETTERS, "they are " + NOT_HERE);
    findings.absent(Finding.COMPLETENESS, "the content of the tallies is " + NOT_HERE);
    findings.absent(Finding.POLICY, "the policies of the decisions are " + NOT_HERE);
  }

  private void checkSecondSignature() throws LedgerException {
    Optional<StoredCheckpoint> last = ledger.lastCheckpoint();
    if (last.isEmpty()) {
      return;
    }
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(last.get().note());
      String origin = signed.unverified().origin();
      if (secondKeys.isEmpty()
          && signed.note().signatures().stream()
              .anyMatch(
                  line ->
                      line.name().equals(origin)
                          && line.signature().length == Long.BYTES + MlDsa44Key.SIGNATURE_BYTES)) {
        findings.absent(
            Finding.CHECKPOINTS,
            "row %s requires an ML-DSA-44 signature, and the copy does not have the key: give the key's vkey to check it"
                .formatted(secondKeySince));
        return;
      }
      List<VerifierKey> named = new ArrayList<>();
      for (MlDsa44Key key : secondKeys) {
        named.add(CheckpointKeys.second(origin, key));
      }
      signed.note().verify(named);
    } catch (CheckpointParseException e) {
      // The tree check reports it.
    } catch (VerificationException e) {
      boolean missing = e.reason() == Reason.NO_KNOWN_SIGNATURE;
      String message =
          "the checkpoint over %s rows: %s"
              .formatted(
                  last.get().size(),
                  missing ? "it has no ML-DSA-44 signature of the log" : e.getMessage());
      findings.fault(
          missing && secondKeySince == 0
              ? Finding.unknown(Finding.CHECKPOINTS, message + " by the given key")
              : Finding.broken(Finding.CHECKPOINTS, message));
    }
  }

  private String accepted() {
    return history.keys().keys().stream()
        .map(VerificationKey::keyId)
        .collect(Collectors.joining(", "));
  }
}
