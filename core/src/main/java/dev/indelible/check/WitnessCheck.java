// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks the cosignatures of checkpoints with the keys of the witnesses. A cosignature of an
 * invalid checkpoint proves nothing, so this check runs after {@link TreeCheck}. Used by one
 * thread.
 */
final class WitnessCheck implements Check {
  /**
   * Maximum number of checkpoints with a quorum, latest first, that are checked to belong to this
   * log.
   */
  private static final int MOST_LOOKED_AT = 1_000;

  private final Findings findings;
  private final LedgerReader ledger;
  private final CheckpointKeys keys;
  private final WitnessPolicy policy;

  private long rows;
  private long cosigned;
  private long quorum = -1;

  /**
   * Creates a check.
   *
   * @param before the number of rows before the first row checked
   */
  WitnessCheck(
      Findings findings,
      LedgerReader ledger,
      CheckpointKeys keys,
      WitnessPolicy policy,
      long before) {
    this.findings = findings;
    this.ledger = ledger;
    this.keys = keys;
    this.policy = policy;
    this.rows = before;
  }

  @Override
  public void row(CheckedRow row) {
    rows = row.count(rows);
  }

  @Override
  public void end() throws LedgerException {
    List<StoredCheckpoint> quorums = new ArrayList<>();
    ledger.forEachCosigned(
        stored -> {
          if (hasQuorum(stored) && quorums.size() < MOST_LOOKED_AT) {
            quorums.add(stored);
          }
          return true;
        });
    for (StoredCheckpoint stored : quorums) {
      quorum = quorum < 0 && isOfThisLog(stored) ? stored.size() : quorum;
    }
    if (quorum < 0 && policy.asksForNone() && !findings.hasFault(Finding.WITNESSES)) {
      findings.ok(Finding.WITNESSES, "the policy asks for no cosignature");
    } else if (quorum < 0) {
      findings.unknown(
          Finding.WITNESSES,
          "no checkpoint is cosigned by a quorum of the %s witnesses; %s have a cosignature"
              .formatted(policy.witnesses().size(), cosigned));
    } else if (findings.hasFault(Finding.CHECKPOINTS) || findings.hasFault(Finding.TREE)) {
      findings.unknown(
          Finding.WITNESSES,
          "a quorum cosigned a checkpoint over %s rows, but because of the faults of the tree or its checkpoints it is unknown whether that checkpoint is of this tree"
              .formatted(quorum));
    } else if (!findings.hasFault(Finding.WITNESSES)) {
      findings.ok(
          Finding.WITNESSES,
          "a quorum cosigned the checkpoint over %s rows; %s rows are after it"
              .formatted(quorum, Math.max(0, rows - quorum)));
    }
  }

  /**
   * Returns true if the log signed this checkpoint over these rows. An attacker may have stored
   * another log's checkpoint, cosigned by the same witnesses.
   */
  private boolean isOfThisLog(StoredCheckpoint stored) throws LedgerException {
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(stored.note());
      Checkpoint checkpoint = signed.unverified();
      keys.verify(signed, checkpoint.origin(), checkpoint.size());
      return checkpoint.size() == stored.size()
          && TiledNodes.tree(new StoredTiles(ledger), checkpoint.size())
              .root()
              .equals(checkpoint.root());
    } catch (CheckpointParseException | VerificationException | IllegalArgumentException e) {
      return false;
    } catch (LedgerException e) {
      if (e.isDamaged()) {
        throw e;
      }
      // The tree has fewer rows than the checkpoint.
      return false;
    }
  }

  /** Returns true if a quorum cosigned a checkpoint; reports a forged cosignature. */
  private boolean hasQuorum(StoredCheckpoint stored) {
    cosigned++;
    try {
      policy.cosigned(SignedCheckpoint.parse(stored.note()));
      return true;
    } catch (VerificationException e) {
      if (e.reason() != Reason.NO_QUORUM) {
        findings.broken(
            Finding.WITNESSES,
            "a cosignature of the checkpoint over %s rows is forged: %s"
                .formatted(stored.size(), e.getMessage()));
      }
    } catch (CheckpointParseException e) {
      findings.broken(
          Finding.WITNESSES,
          "the checkpoint over %s rows cannot be read: %s"
              .formatted(stored.size(), e.getMessage()));
    }
    return false;
  }
}
