// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.verify.Finding.Status;
import java.util.OptionalLong;

/**
 * Holds the cosignatures of the checkpoints against the keys of the witnesses. What a witness
 * cosigned can only be relied on as far as the checkpoint itself holds, so this is for behind
 * {@link TreeCheck}. Used by one thread.
 */
final class WitnessCheck implements Check {
  private static final String WITNESSES = "witnesses";

  private final Findings findings;
  private final LedgerReader ledger;
  private final WitnessPolicy policy;

  private long rows;
  private long cosigned;
  private long quorum = -1;

  WitnessCheck(Findings findings, LedgerReader ledger, WitnessPolicy policy) {
    this.findings = findings;
    this.ledger = ledger;
    this.policy = policy;
  }

  @Override
  public void row(JudgedRow row) {
    rows = row.sequence();
  }

  @Override
  public void end() throws LedgerException {
    ledger.forEachCosigned(
        stored -> {
          check(stored);
          return true;
        });
    if (quorum < 0) {
      findings.fault(
          new Finding(
              WITNESSES,
              Status.UNKNOWN,
              OptionalLong.empty(),
              "no checkpoint is cosigned by a quorum of the %d witnesses; %d have a cosignature"
                  .formatted(policy.witnesses().size(), cosigned)));
    } else if (findings.hasFault(TreeCheck.CHECKPOINTS) || findings.hasFault(TreeCheck.TREE)) {
      findings.fault(
          new Finding(
              WITNESSES,
              Status.UNKNOWN,
              OptionalLong.empty(),
              "a quorum cosigned a checkpoint over %d rows, and it cannot be told whether of this tree"
                  .formatted(quorum)));
    } else if (!findings.hasFault(WITNESSES)) {
      findings.note(
          new Finding(
              WITNESSES,
              Status.OK,
              OptionalLong.empty(),
              "a quorum cosigned the checkpoint over %d rows; %d rows are behind it"
                  .formatted(quorum, Math.max(0, rows - quorum))));
    }
  }

  private void check(StoredCheckpoint stored) {
    cosigned++;
    try {
      policy.cosigned(SignedCheckpoint.parse(stored.note()));
      quorum = Math.max(quorum, stored.size());
    } catch (VerificationException e) {
      if (e.reason() != Reason.NO_QUORUM) {
        findings.broken(
            WITNESSES,
            OptionalLong.empty(),
            "a cosignature of the checkpoint over %d rows is forged: %s"
                .formatted(stored.size(), e.getMessage()));
      }
    } catch (CheckpointParseException e) {
      findings.broken(
          WITNESSES,
          OptionalLong.empty(),
          "the checkpoint over %d rows cannot be read: %s"
              .formatted(stored.size(), e.getMessage()));
    }
  }
}
