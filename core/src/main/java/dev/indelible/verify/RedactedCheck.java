// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.crypto.VerificationKey;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.KeyHistory;
import dev.indelible.ledger.RowCheck;
import java.util.stream.Collectors;

/**
 * Names what cannot be told from a copy that has the records alone, so that it does not seem to
 * hold. Takes the place of the checks that need more.
 */
final class RedactedCheck implements Check {
  private static final String NOT_HERE = "not in this copy, which has the records alone";

  private final Findings findings;
  private final KeyHistory history;
  private long rows;
  private long keyEvents;
  private long firstKeyEvent;

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
  }

  @Override
  public void end() {
    findings.absent(
        RowCheck.PAYLOAD,
        "the payloads of %s rows are %s; their hashes are under the signatures"
            .formatted(rows, NOT_HERE));
    if (keyEvents == 0) {
      findings.holds(
          KeyCheck.KEYS,
          "none of the rows looked at introduces or gives up a key; accepted are " + accepted());
    } else {
      findings.absent(
          KeyCheck.KEYS,
          "%s rows, row %s the first, introduce a key or give one up; which is %s. Accepted everywhere are %s"
              .formatted(keyEvents, firstKeyEvent, NOT_HERE, accepted()));
    }
    findings.absent(DeadLetterCheck.DEAD_LETTERS, "they are " + NOT_HERE);
    findings.absent(CompletenessCheck.COMPLETENESS, "what the tallies say is " + NOT_HERE);
  }

  private String accepted() {
    return history.keys().keys().stream()
        .map(VerificationKey::keyId)
        .collect(Collectors.joining(", "));
  }
}
