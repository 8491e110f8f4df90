// SPDX-License-Identifier: Apache-2.0
package dev.indelible.verify;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.checkpoint.WitnessPolicy;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.ledger.StoredTiles;
import dev.indelible.merkle.TiledNodes;
import java.util.ArrayList;
import java.util.List;

/**
 * Holds the cosignatures of the checkpoints against the keys of the witnesses. What a witness
 * cosigned can only be relied on as far as the checkpoint itself holds, so this is for behind
 * {@link TreeCheck}. Used by one thread.
 */
final class WitnessCheck implements Check {
  static final String WITNESSES = "witnesses";

  /** Cosigned checkpoints, from the last, among which one of this log is looked for. */
  private static final int MOST_LOOKED_AT = 1_000;

  private final Findings findings;
  private final LedgerReader ledger;
  private final CheckpointKeys keys;
  private final WitnessPolicy policy;

  private long rows;
  private long cosigned;
  private long quorum = -1;

  /**
   * A check of the cosignatures under that policy.
   *
   * @param before how many rows there are before the first that is looked at
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
    // A planted row can have any number; one that is not signed counts as the next.
    rows = row.isSigned() ? row.sequence() : Math.min(row.sequence(), rows + 1);
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
    if (quorum < 0 && policy.asksForNone() && !findings.hasFault(WITNESSES)) {
      findings.ok(WITNESSES, "the policy asks for no cosignature");
    } else if (quorum < 0) {
      findings.unknown(
          WITNESSES,
          "no checkpoint is cosigned by a quorum of the %s witnesses; %s have a cosignature"
              .formatted(policy.witnesses().size(), cosigned));
    } else if (findings.hasFault(TreeCheck.CHECKPOINTS) || findings.hasFault(TreeCheck.TREE)) {
      findings.unknown(
          WITNESSES,
          "a quorum cosigned a checkpoint over %s rows, and it cannot be told whether of this tree"
              .formatted(quorum));
    } else if (!findings.hasFault(WITNESSES)) {
      findings.ok(
          WITNESSES,
          "a quorum cosigned the checkpoint over %s rows; %s rows are behind it"
              .formatted(quorum, Math.max(0, rows - quorum)));
    }
  }

  /**
   * Whether the log signed it, and over these rows: a note of another log, cosigned by the same
   * witnesses, may have been put in its place.
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
      // The tree does not reach so far: whatever was cosigned, it is not these rows.
      return false;
    }
  }

  /** Whether a quorum cosigned it, whatever it is; one that is forged is named. */
  private boolean hasQuorum(StoredCheckpoint stored) {
    cosigned++;
    try {
      policy.cosigned(SignedCheckpoint.parse(stored.note()));
      return true;
    } catch (VerificationException e) {
      if (e.reason() != Reason.NO_QUORUM) {
        findings.broken(
            WITNESSES,
            "a cosignature of the checkpoint over %s rows is forged: %s"
                .formatted(stored.size(), e.getMessage()));
      }
    } catch (CheckpointParseException e) {
      findings.broken(
          WITNESSES,
          "the checkpoint over %s rows cannot be read: %s"
              .formatted(stored.size(), e.getMessage()));
    }
    return false;
  }
}
