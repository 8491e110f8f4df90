// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.note.ApprovalNote;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.RowCheck;
import dev.indelible.verify.Finding;
import java.util.stream.Collectors;

/**
 * Reports the properties that a copy without payloads does not prove. Replaces the checks that need
 * payloads.
 */
final class RedactedCheck implements Check {
  private static final String NOT_HERE = "not in this copy, which has records only";

  private final Findings findings;
  private final KeyHistory history;
  private long rows;
  private long keyEvents;
  private long firstKeyEvent;
  private long answers;

  RedactedCheck(Findings findings, KeyHistory history) {
    this.findings = findings;
    this.history = history;
  }

  @Override
  public void row(CheckedRow row) {
    rows++;
    if (row.isSigned() && SystemEvent.KEY_EVENTS.stream().anyMatch(row::is)) {
      firstKeyEvent = keyEvents++ == 0 ? row.sequence() : firstKeyEvent;
    }
    if (ApprovalNote.TYPES.stream().anyMatch(row::is)) {
      answers++;
    }
  }

  @Override
  public void end() {
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
  }

  private String accepted() {
    return history.keys().keys().stream()
        .map(VerificationKey::keyId)
        .collect(Collectors.joining(", "));
  }
}
