// SPDX-License-Identifier: Apache-2.0
package dev.indelible.publish;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.CheckpointParseException;
import dev.indelible.checkpoint.SignatureType;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyRing;
import dev.indelible.event.SystemEvent;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.ledger.StoredCheckpoint;
import dev.indelible.merkle.MerkleTree;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.KeyHistory.SecondKey;
import dev.indelible.storage.StoredTiles;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Tree under the last checkpoint of a ledger; a key of the log signed the checkpoint.
 *
 * @param signed the stored checkpoint
 * @param checkpoint its content
 * @param tiles the stored tiles, unchecked
 */
public record SignedTree(SignedCheckpoint signed, Checkpoint checkpoint, StoredTiles tiles) {
  /**
   * Reads the last checkpoint, and verifies its signature.
   *
   * @param keys the log's own public keys
   * @throws EvidenceException if there is no checkpoint, or it is not of this log
   */
  public static SignedTree last(LedgerReader ledger, KeyRing keys) throws LedgerException {
    StoredCheckpoint stored =
        ledger
            .lastCheckpoint()
            .orElseThrow(
                () ->
                    EvidenceException.absent(
                        "the log has no checkpoint yet; one is signed once a second while it"
                            + " records, and when it is closed: record something first"));
    try {
      SignedCheckpoint signed = SignedCheckpoint.parse(stored.note());
      Checkpoint checkpoint = verify(signed, keys);
      if (checkpoint.size() != stored.size()) {
        throw EvidenceException.contradicted(
            "the checkpoint is stored with size %s, but its signed text states size %s",
            stored.size(), checkpoint.size());
      }
      return new SignedTree(signed, checkpoint, new StoredTiles(ledger));
    } catch (CheckpointParseException | VerificationException e) {
      throw EvidenceException.contradicted("the last checkpoint: %s", e.getMessage());
    }
  }

  /**
   * Returns the content of the checkpoint, if one of these keys signed it. The key name is the
   * checkpoint's origin.
   *
   * @throws VerificationException if none of them signed it
   */
  private static Checkpoint verify(SignedCheckpoint signed, KeyRing keys)
      throws VerificationException {
    String origin = signed.unverified().origin();
    try {
      return signed.verify(origin, VerifierKey.ofLog(origin, keys.keys()));
    } catch (IllegalArgumentException e) {
      // The origin is not a valid key name, so no key can have signed the checkpoint.
      throw new VerificationException(
          VerificationException.Reason.UNKNOWN_ORIGIN, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Returns the ML-DSA-44 key that the chain names for the checkpoint, and that signed it; empty if
   * the chain names none.
   *
   * @param ledger the ledger of this tree
   * @param keys the log's own public keys
   * @throws EvidenceException if the chain names a key, and that key did not sign the checkpoint
   */
  public Optional<VerifierKey> secondKey(LedgerReader ledger, KeyRing keys) throws LedgerException {
    // The count is read first, because most logs have no such row.
    Optional<SecondKey> named =
        ledger.size(SystemEvent.KEY_ML_DSA_44_ADDED) == 0
            ? Optional.empty()
            : KeyHistory.read(ledger, keys, true).secondAt(checkpoint.size());
    if (named.isEmpty()) {
      return Optional.empty();
    }
    VerifierKey key =
        new VerifierKey(
            checkpoint.origin(), SignatureType.ML_DSA_44_COSIGNATURE, named.get().key());
    try {
      signed.note().verify(List.of(key));
      return Optional.of(key);
    } catch (VerificationException e) {
      throw EvidenceException.contradicted(
          "the last checkpoint has no valid signature of %s, which row %s requires",
          named.get().key(), named.get().sequence());
    }
  }

  /**
   * Returns the checkpoint with the valid signatures of these keys only.
   *
   * @param keys the log's own public keys
   * @param others the log's ML-DSA-44 key, and the keys of witnesses
   */
  public SignedCheckpoint signedBy(KeyRing keys, Collection<VerifierKey> others) {
    List<VerifierKey> known = new ArrayList<>(VerifierKey.ofLog(checkpoint.origin(), keys.keys()));
    known.addAll(others);
    String text = signed.note().text();
    return signed.withOnly(
        signed.note().signatures().stream()
            .filter(line -> known.stream().anyMatch(key -> key.verifies(text, line)))
            .toList());
  }

  /** Returns the tree, from which proofs are made. */
  public MerkleTree<LedgerException> tree() {
    return TiledNodes.tree(tiles, checkpoint.size());
  }
}
