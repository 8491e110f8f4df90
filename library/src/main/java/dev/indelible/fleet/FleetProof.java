// SPDX-License-Identifier: Apache-2.0
package dev.indelible.fleet;

import dev.indelible.AuditLog;
import dev.indelible.OpenException;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.crypto.KeyException;
import dev.indelible.crypto.KeyRing;
import dev.indelible.crypto.VerificationKey;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.EvidenceException;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.note.FleetHistory.Admitted;
import dev.indelible.note.FleetHistory.Shard;
import dev.indelible.note.KeyHistory;
import dev.indelible.note.ShardException;
import dev.indelible.proof.ProvenRow;
import dev.indelible.publish.SignedTree;
import dev.indelible.storage.StoredTiles;
import java.util.List;
import java.util.Optional;

/**
 * Row of a shard, proven under the shard's last admitted checkpoint, and the row that admits this
 * checkpoint, proven under the last checkpoint of the log of logs.
 *
 * @param shard the name of the shard in the fleet
 * @param event the row of the shard
 * @param admission the row of the log of logs, with the cosignatures of the fleet's witnesses
 */
public record FleetProof(String shard, ProvenRow event, ProvenRow admission) {
  /**
   * Finds an event in the shards and proves it.
   *
   * @param log the log of logs
   * @throws EvidenceException if no shard has the event, no admitted checkpoint covers it yet, or a
   *     ledger contradicts its checkpoint
   * @throws OpenException if the file of the witnesses cannot be read
   */
  public static FleetProof of(Fleet fleet, AuditLog log, String eventId)
      throws LedgerException, KeyException, OpenException, ShardException {
    for (Shard shard : fleet.history().shards()) {
      try (LedgerReader ledger = fleet.shard(shard.name()).engine().open()) {
        Optional<ChainRow> row = ledger.row(eventId);
        if (row.isPresent()) {
          Admitted newest = covering(shard, row.get());
          ProvenRow event = event(ledger, shard, newest.content().signed(), row.get());
          return new FleetProof(shard.name(), event, log.prove(admissionId(log, newest)));
        }
      }
    }
    throw EvidenceException.absent("%s: no event of this id in any shard", eventId);
  }

  private static Admitted covering(Shard shard, ChainRow row) throws EvidenceException {
    long size = shard.checkpoint().map(checkpoint -> checkpoint.size()).orElse(0L);
    if (row.sequence() > size) {
      throw EvidenceException.absent(
          "row %s of shard %s: the log of logs has admitted its checkpoint over %s rows, which does not cover this one; 'indelible fleet admit' admits the next",
          row.sequence(), shard.name(), size);
    }
    return shard.newest().orElseThrow();
  }

  private static ProvenRow event(
      LedgerReader ledger, Shard shard, SignedCheckpoint signed, ChainRow row)
      throws LedgerException {
    VerificationKey first = (VerificationKey) shard.opening().key().key();
    KeyRing keys = KeyHistory.read(ledger, Fleet.ring(first), true).keys();
    SignedTree tree = new SignedTree(signed, signed.unverified(), new StoredTiles(ledger));
    return ProvenRow.under(tree, ledger, keys, List.of(), row);
  }

  private static String admissionId(AuditLog log, Admitted newest) throws LedgerException {
    try (LedgerReader ledger = log.reader()) {
      return ledger
          .row(newest.sequence())
          .orElseThrow(
              () -> EvidenceException.contradicted("row %s is no longer there", newest.sequence()))
          .id();
    }
  }
}
