// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.append.FleetEvents.Candidate;
import dev.indelible.checkpoint.AddCheckpointRequest;
import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerifierKey;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.directory.DataDirectory;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardException;
import dev.indelible.publish.SignedTree;
import dev.indelible.storage.StoredLedger;
import java.util.List;
import java.util.Optional;

/**
 * The log of a shard, of which the checkpoints are read that a log of logs admits.
 *
 * @param name the name of the shard in the fleet
 * @param data its data directory
 */
record ShardLog(String name, DataDirectory data) {
  /** Returns true if the log in a directory has rows. */
  static boolean isBegun(DataDirectory data) throws LedgerException {
    Optional<StoredLedger> found = data.engine().openIfThere();
    if (found.isEmpty()) {
      return false;
    }
    try (LedgerReader ledger = found.get()) {
      return ledger.lastRow().isPresent();
    }
  }

  /** Opens the ledger for reading. */
  LedgerReader reader() throws LedgerException {
    return data.engine().open();
  }

  /**
   * Returns the key that signed the first row, in which the keys of all later rows are rooted.
   *
   * @throws EvidenceException if none of the public keys in the data directory signed the row
   */
  VerificationKey firstKey() throws LedgerException, KeyException {
    KeyRing accepted = data.keys().accepted();
    try (LedgerReader ledger = reader()) {
      Optional<VerificationKey> key =
          ledger.row(1).flatMap(ChainRow::keyId).flatMap(accepted::find);
      return key.orElseThrow(
          () ->
              EvidenceException.absent(
                  "%s: none of the public keys in keys/ signed the first row of shard %s",
                  data.path(), name));
    }
  }

  /**
   * Returns the last checkpoint of the log, with the proof that it continues an earlier one.
   *
   * @param first the key that signed the first row
   * @param admitted the earlier checkpoint; its size 0 if there is none
   * @throws EvidenceException if the log has no checkpoint that one of its keys signed in its time
   * @throws ShardException if the log is smaller than it was
   */
  Candidate candidate(VerificationKey first, long admitted) throws LedgerException, ShardException {
    try (LedgerReader ledger = reader()) {
      KeyHistory keys = KeyHistory.read(ledger, Fleet.ring(first), true);
      SignedTree last = SignedTree.last(ledger, keys.keys());
      Checkpoint checkpoint = last.checkpoint();
      VerifierKey signer = signer(last.signed(), keys);
      SignedCheckpoint own =
          last.signedBy(
              KeyRing.of(List.of((VerificationKey) signer.key())),
              last.secondKey(ledger, keys.keys()).stream().toList());
      if (checkpoint.size() < admitted) {
        throw new ShardException(
            "the shard was rolled back: its last checkpoint is over %s rows, and one over %s was admitted"
                .formatted(checkpoint.size(), admitted));
      }
      List<Hash> proof =
          admitted == 0 || admitted == checkpoint.size()
              ? List.of()
              : last.tree().consistencyProof(admitted).path();
      return new Candidate(name, signer, new AddCheckpointRequest(admitted, proof, own));
    }
  }

  /** Returns the key, valid at the checkpoint's size, that signed it. */
  private static VerifierKey signer(SignedCheckpoint signed, KeyHistory keys)
      throws EvidenceException {
    Checkpoint checkpoint = signed.unverified();
    String text = signed.note().text();
    return VerifierKey.ofLog(checkpoint.origin(), keys.signingAt(checkpoint.size())).stream()
        .filter(
            key -> signed.note().signatures().stream().anyMatch(line -> key.verifies(text, line)))
        .findFirst()
        .orElseThrow(
            () ->
                EvidenceException.contradicted(
                    "the last checkpoint is signed by a key that is not valid at its size"));
  }

  /** Returns true if the log was ended. */
  boolean isEnded() throws LedgerException, KeyException {
    try (StoredLedger ledger = data.engine().open()) {
      return data.end(ledger).isPresent();
    }
  }

  /** Returns the number of rows that no checkpoint covers. */
  long uncovered() throws LedgerException {
    try (LedgerReader ledger = reader()) {
      long rows = ledger.lastRow().map(ChainRow::sequence).orElse(0L);
      return rows - ledger.lastCheckpoint().map(last -> last.size()).orElse(0L);
    }
  }
}
