// SPDX-License-Identifier: Apache-2.0
package dev.indelible.proof;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.TlogProof;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.Sha256;
import dev.indelible.crypto.Signer;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.DeadLetter;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InclusionProof;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.publish.SignedTree;
import dev.indelible.receipt.CoseReceipt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Row of a ledger with the proof that it is in the tree under the last checkpoint. The proof is
 * verified against the signed root first, so every receipt made from it verifies. Immutable.
 */
public final class ProvenRow {
  private final ChainRow row;
  private final InclusionProof proof;
  private final SignedCheckpoint signed;

  /** The number of stored signature lines that {@link #signed} leaves out. */
  private final int leftOut;

  private ProvenRow(ChainRow row, InclusionProof proof, SignedCheckpoint signed, int leftOut) {
    this.row = row;
    this.proof = proof;
    this.signed = signed;
    this.leftOut = leftOut;
  }

  /**
   * Finds an event's row and proves it. Reads at most two tiles of each level of the tree.
   *
   * @param keys the log's own public keys
   * @param witnesses the log's witnesses; receipts contain their cosignatures and no others
   * @param eventId the event
   * @throws EvidenceException if the ledger has no such row, has no checkpoint over it, or
   *     contradicts its checkpoint
   */
  public static ProvenRow of(
      LedgerReader ledger, KeyRing keys, Collection<VerifierKey> witnesses, String eventId)
      throws LedgerException {
    Optional<ChainRow> found = ledger.row(eventId);
    if (found.isEmpty()) {
      throw EvidenceException.absent("%s", whyNotInTheChain(ledger, eventId));
    }
    SignedTree last = SignedTree.last(ledger, keys);
    long size = last.checkpoint().size();
    if (found.get().sequence() > size) {
      throw EvidenceException.absent(
          "row %s: the last checkpoint is over %s rows and does not cover this one; the log signs a"
              + " checkpoint once a second while it records, and when it is closed",
          found.get().sequence(), size);
    }
    return under(last, ledger, keys, witnesses, found.get());
  }

  /**
   * Proves a row under a checkpoint, as {@link #of} does under the last one.
   *
   * @param last a checkpoint of the ledger, which covers the row; a key of the log signed it
   */
  public static ProvenRow under(
      SignedTree last,
      LedgerReader ledger,
      KeyRing keys,
      Collection<VerifierKey> witnesses,
      ChainRow row)
      throws LedgerException {
    if (row.sequence() < 1) {
      throw EvidenceException.contradicted("a row has the number %s", row.sequence());
    }
    InclusionProof proof = last.tree().inclusionProof(row.sequence() - 1);
    try {
      proof.verify(Hash.ofLeaf(row.record()), last.checkpoint().root());
    } catch (InvalidProofException e) {
      throw EvidenceException.contradicted(
          "row %s is not the one that was signed, or the stored tree is not: %s",
          row.sequence(), e.getMessage());
    }
    List<VerifierKey> others = new ArrayList<>(witnesses);
    last.secondKey(ledger, keys).ifPresent(others::add);
    SignedCheckpoint known = last.signedBy(keys, others);
    int leftOut = last.signed().note().signatures().size() - known.note().signatures().size();
    return new ProvenRow(row, proof, known, leftOut);
  }

  private static String whyNotInTheChain(LedgerReader ledger, String eventId)
      throws LedgerException {
    DeadLetter[] found = new DeadLetter[1];
    ledger.forEachDeadLetter(
        each -> {
          if (each.id().equals(eventId)) {
            found[0] = each;
          }
          return found[0] == null;
        });
    if (found[0] == null) {
      return "%s: no event of this id in the chain; 'log list' shows the events".formatted(eventId);
    }
    return "%s: not in the chain but among the dead letters, which no checkpoint covers; 'dlq show %s' shows the reason"
        .formatted(eventId, found[0].number());
  }

  /** Returns the row. */
  public ChainRow row() {
    return row;
  }

  /** Returns the checkpoint that the row is proven under. */
  public Checkpoint checkpoint() {
    return signed.unverified();
  }

  /**
   * Returns the number of signature lines in the ledger that receipts leave out, because no key of
   * the log or of its witnesses made them.
   */
  public int leftOut() {
    return leftOut;
  }

  /** Returns the record, to disclose with a receipt. */
  public Disclosure record() {
    return Disclosure.of(row);
  }

  /**
   * Returns the record and its payload, to disclose with a receipt.
   *
   * @throws EvidenceException if the payload is missing, or differs from the signed hash
   */
  public Disclosure recordAndPayload() throws EvidenceException {
    byte[] payload =
        row.payload()
            .orElseThrow(
                () ->
                    EvidenceException.absent(
                        "row %s: its payload is no longer in the ledger; without --payload the receipt"
                            + " still proves that the event was there",
                        row.sequence()));
    if (!Arrays.equals(Sha256.hash(payload), row.payloadHash())) {
      throw EvidenceException.contradicted(
          "row %s: its payload is not the one that was signed", row.sequence());
    }
    return Disclosure.of(row, payload);
  }

  /** Returns the receipt as C2SP tlog-proof, with a disclosure as its extra data. */
  public TlogProof tlogProof(Disclosure beside) {
    return TlogProof.of(proof, signed).withExtra(beside.bytes());
  }

  /**
   * Returns the receipt as COSE, which does not contain the record; the record must be passed on
   * with it.
   *
   * @param signer the log's signer, which signs the root in the checkpoint
   */
  public CoseReceipt coseReceipt(Signer signer) {
    return CoseReceipt.sign(proof, signed.unverified().root(), signer);
  }
}
