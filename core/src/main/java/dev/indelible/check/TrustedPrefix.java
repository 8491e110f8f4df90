// SPDX-License-Identifier: Apache-2.0
package dev.indelible.check;

import dev.indelible.checkpoint.Checkpoint;
import dev.indelible.checkpoint.SignedCheckpoint;
import dev.indelible.checkpoint.VerificationException;
import dev.indelible.checkpoint.VerificationException.Reason;
import dev.indelible.ledger.ChainRow;
import dev.indelible.ledger.Head;
import dev.indelible.ledger.LedgerException;
import dev.indelible.ledger.LedgerReader;
import dev.indelible.merkle.Hash;
import dev.indelible.merkle.InvalidProofException;
import dev.indelible.merkle.TileEdge;
import dev.indelible.merkle.TiledNodes;
import dev.indelible.note.KeyHistory;
import dev.indelible.storage.StoredTiles;
import dev.indelible.verify.Finding;
import dev.indelible.verify.Finding.Status;
import dev.indelible.verify.VerificationOptions;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Rows before the first row to check; they are trusted.
 *
 * @param head the last of these rows
 * @param edge the right edge of their tree
 */
record TrustedPrefix(Head head, TileEdge edge) {
  private static final TrustedPrefix BEGINNING = new TrustedPrefix(Head.EMPTY, TileEdge.EMPTY);

  /**
   * Reads the prefix. Reports which rows are trusted, and the faults of the prefix.
   *
   * @throws LedgerException if the ledger does not have these rows
   */
  static TrustedPrefix read(
      LedgerReader ledger, VerificationOptions options, KeyHistory history, Findings findings)
      throws LedgerException {
    long size =
        options
            .verified()
            .map(checkpoint -> checkpoint.unverified().size())
            .orElse(Math.max(options.since(), 1) - 1);
    if (size == 0) {
      return BEGINNING;
    }
    return new Reading(ledger, options, history, findings, size).start();
  }

  /** Reading of the rows up to {@code size}. */
  private record Reading(
      LedgerReader ledger,
      VerificationOptions options,
      KeyHistory history,
      Findings findings,
      long size) {
    TrustedPrefix start() throws LedgerException {
      Optional<SignedCheckpoint> verified = options.verified();
      Optional<Checkpoint> signed =
          verified.isPresent() && isSigned(verified.get())
              ? Optional.of(verified.get().unverified())
              : Optional.empty();
      Optional<ChainRow> last = ledger.row(size);
      if (last.isEmpty()) {
        if (signed.isPresent() && !options.copy()) {
          findings.broken(
              Finding.ROLLBACK,
              "the log was rolled back: it signed the checkpoint to start after, over %s rows, but has fewer rows now"
                  .formatted(size));
        }
        throw new LedgerException(
            "there is no row %s to start after; the chain has fewer rows than that"
                .formatted(size));
      }
      Head head = last.get().head();
      TileEdge edge = edge();
      if (edge.size() == size && !isInTree(head, edge)) {
        findings.broken(Finding.TREE, size, "the tree has another row in this place");
      }
      signed.ifPresent(checkpoint -> compare(edge, checkpoint));
      findings.ok(
          Finding.TRUSTED,
          size,
          "rows 1 to %s were not checked; row %s is trusted with record hash %s"
              .formatted(size, size, head.hex()));
      return new TrustedPrefix(head, edge);
    }

    /** Returns true if this log signed the checkpoint to start after; if not, reports the fault. */
    private boolean isSigned(SignedCheckpoint checkpoint) throws LedgerException {
      String origin = checkpoint.unverified().origin();
      try {
        Optional<String> own = CheckpointKeys.origin(ledger, history);
        if (!own.orElse(origin).equals(origin)) {
          throw new VerificationException(
              Reason.UNKNOWN_ORIGIN,
              "it is a checkpoint of log %s, but this log is %s".formatted(origin, own.get()));
        }
        CheckpointKeys.of(history, options).verify(checkpoint, origin, size);
        return true;
      } catch (VerificationException e) {
        boolean broken = e.reason() == Reason.BAD_SIGNATURE;
        findings.fault(
            new Finding(
                Finding.TRUSTED,
                broken ? Status.BROKEN : Status.UNKNOWN,
                OptionalLong.of(size),
                "the checkpoint to start after: " + e.getMessage()));
        return false;
      }
    }

    private void compare(TileEdge edge, Checkpoint checkpoint) {
      if (edge.size() != size) {
        findings.unknown(
            Finding.TRUSTED,
            size,
            "there is no tree to compare with the checkpoint to start after");
      } else if (!edge.root().equals(checkpoint.root())) {
        findings.broken(
            Finding.FORK,
            "the log was forked: the checkpoint to start after is over %s rows that differ from these"
                .formatted(size));
      }
    }

    /** Returns the tree of the trusted rows from the stored tiles; empty if the ledger has none. */
    private TileEdge edge() throws LedgerException {
      if (ledger.treeSize().isEmpty()) {
        return TileEdge.EMPTY;
      }
      if (ledger.treeSize().getAsLong() < size) {
        throw new LedgerException(
            "the tree has no leaf for row %s; verify the whole chain instead".formatted(size));
      }
      return TileEdge.read(size, new StoredTiles(ledger));
    }

    /** Returns true if an inclusion proof from the stored tiles verifies for the row. */
    private boolean isInTree(Head head, TileEdge edge) throws LedgerException {
      try {
        TiledNodes.tree(new StoredTiles(ledger), size)
            .inclusionProof(size - 1)
            .verify(Hash.of(head.hash()), edge.root());
        return true;
      } catch (InvalidProofException e) {
        return false;
      }
    }
  }
}
